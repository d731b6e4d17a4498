#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace unna {

/// Calls body(i) once for every i in [0, n), on up to `threads` threads (the caller's among them).
/// The order is unspecified: a body writes only to its own slot, so that results do not depend on
/// it. The exception of the lowest failing i is rethrown after all have ended.
template <class Body>
void parallel_for(std::size_t n, int threads, Body&& body) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  std::size_t failed_at = n;
  const auto work = [&] {
    for (std::size_t i = next++; i < n; i = next++) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < failed_at) {
          failed_at = i;
          failure = std::current_exception();
        }
      }
    }
  };
  {
    const auto want = std::min(n, static_cast<std::size_t>(std::max(threads, 1)));
    std::vector<std::jthread> helpers;
    for (std::size_t t = 1; t < want; ++t) helpers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace unna
