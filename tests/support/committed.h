#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace unna {

/// A committed file has to be what the program generates; with UNNA_REBASE=1 it is rewritten.
/// `path` is relative to the source directory.
inline void expect_committed(const std::string& path, const std::string& generated) {
  const std::string full = std::string(UNNASIM_SOURCE_DIR) + "/" + path;
  const char* rebase = std::getenv("UNNA_REBASE");  // NOLINT(concurrency-mt-unsafe)
  if (rebase != nullptr && std::string(rebase) == "1") write_file(full, generated);
  EXPECT_TRUE(read_file(full) == generated)
      << path << " is not what the program generates; UNNA_REBASE=1 rewrites it";
}

/// what() of the InputError that `f` throws; "" where it throws none.
template <class F>
std::string input_error(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

}  // namespace unna
