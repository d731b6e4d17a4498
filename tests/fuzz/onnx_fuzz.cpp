// Any bytes as an ONNX model: a graph or an InputError, never anything else. libonnx's checker is
// left out, for it runs in a process of its own.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "workloads/onnx/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  unna::OnnxOptions options;
  options.check = false;
  try {
    unna::parse_onnx({reinterpret_cast<const char*>(data), size}, "fuzz.onnx", options);
  } catch (const unna::InputError&) {
    return 0;
  }
  return 0;
}
