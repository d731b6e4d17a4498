// Any bytes as a CSV of buffers: a problem that can be planned and checked, or an InputError.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "memmgr/problem_files.h"
#include "tests/fuzz/plan_and_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    unna::fuzz::plan_and_check(unna::parse_problem_csv(text, "fuzz.csv"));
  } catch (const unna::InputError& error) {
    unna::fuzz::require_one_line(error.what());
  }
  return 0;
}
