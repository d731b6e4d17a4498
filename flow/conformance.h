#pragma once

// ONNX's backend tests: a model, inputs and the outputs that it has to have. Each is imported,
// compiled, and executed as instructions in fp32.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/onnx/import.h"

namespace unna {

enum class Verdict : std::uint8_t {
  passed,       ///< executed, and every output is the expected one
  at_import,    ///< no output depends on a real input: the importer's constants are as expected
  failed,       ///< an output differs, or something went wrong that must not
  unsupported,  ///< refused with a message
};

/// One test directory: model.onnx and test_data_set_<n>/{input,output}_<i>.pb; or model.onnx,
/// input_<i>.npy and expected_<i>.npy, and names.txt with lines "FILE NAME" that say which tensors
/// these are.
struct ConformanceCase {
  std::string name;       ///< of the directory
  std::string operators;  ///< the model's operator, or "several"
  Verdict verdict = Verdict::unsupported;
  std::string reason;  ///< of what failed or is not supported, one line
};

/// Directories with a model.onnx, below `root` or `root` itself, ascending. Throws InputError where
/// there are none.
std::vector<std::filesystem::path> find_conformance_cases(const std::filesystem::path& root);

/// Runs all data sets of a test on presets of each number of cores. Of `.npy` files, inputs stay
/// inputs, and all outputs are within 1e-5 of the largest element, or within a step where the model
/// is quantised. Of `.pb` files, integer and boolean inputs are
/// constants of the model. Real ones are inputs; where the importer refuses that, all but the first
/// are constants too (weights that a test passes as inputs); where no operator is left to execute,
/// all.
ConformanceCase run_conformance_case(const std::filesystem::path& directory,
                                     std::span<const std::int64_t> cores);

/// The first element that is off by more than 1e-7 + 1e-3 * |expected|, the tolerance of ONNX's own
/// runner, or a shape that differs; none where all agree. Integers have to be equal. Infinities and
/// what is no number have to be the same.
std::optional<std::string> difference(const OnnxTensor& got, const OnnxTensor& expected);
/// The same with one error that every element may have.
std::optional<std::string> difference(const OnnxTensor& got, const OnnxTensor& expected,
                                      double tolerance);

/// A row for each operator, and a total: how many tests have which verdict.
std::string conformance_table(std::span<const ConformanceCase> cases);
/// What failed, by name, and what is not supported, by reason.
std::string conformance_list(std::span<const ConformanceCase> cases);

}  // namespace unna
