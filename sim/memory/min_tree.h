#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace unna {

/// Times of a fixed number of event sources, and which is next: the smallest time, of equal ones
/// that of the smallest index. A tournament; O(log n) a change, O(1) a question.
class MinTree {
 public:
  /// Later than all other times, which are not negative.
  static constexpr std::int64_t kNever = (std::int64_t{1} << 54) - 1;

  /// At most 256.
  explicit MinTree(std::size_t sources) {
    invariant(sources <= kMask + 1, "{} event sources, at most {} can be told apart", sources,
              kMask + 1);
    while (leaves_ < sources) leaves_ *= 2;
    keys_.resize(2 * leaves_);
    for (std::size_t i = 0; i < leaves_; ++i) keys_[leaves_ + i] = key(i, kNever);
    for (std::size_t n = leaves_ - 1; n > 0; --n)
      keys_[n] = std::min(keys_[2 * n], keys_[2 * n + 1]);
  }

  void set(std::size_t source, std::int64_t time) {
    std::size_t n = leaves_ + source;
    const std::uint64_t changed = key(source, time);
    if (keys_[n] == changed) return;
    keys_[n] = changed;
    while (n > 1) {
      const std::uint64_t least = std::min(keys_[n], keys_[n ^ 1]);
      n /= 2;
      if (keys_[n] == least) return;
      keys_[n] = least;
    }
  }
  std::int64_t time(std::size_t source) const { return time_of(keys_[leaves_ + source]); }
  std::size_t next() const { return keys_[1] & kMask; }
  std::int64_t next_time() const { return time_of(keys_[1]); }

 private:
  static constexpr unsigned kBits = 8;
  static constexpr std::uint64_t kMask = (1U << kBits) - 1;
  /// Ordered as the sources are.
  static std::uint64_t key(std::size_t source, std::int64_t time) {
    return static_cast<std::uint64_t>(time) << kBits | source;
  }
  static std::int64_t time_of(std::uint64_t key) { return static_cast<std::int64_t>(key >> kBits); }

  std::size_t leaves_ = 2;
  std::vector<std::uint64_t> keys_;  ///< node n is the less of its children 2n and 2n + 1
};

}  // namespace unna
