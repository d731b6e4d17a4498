#pragma once

#include <map>
#include <string>

namespace unna::onnx_test {

/// Tiny models, a file name each: seeds of the fuzzer and of mutations. Committed in
/// tests/fuzz/onnx_corpus; UNNA_REBASE=1 ctest -R OnnxCorpus writes them.
std::map<std::string, std::string> corpus();

}  // namespace unna::onnx_test
