#pragma once

// An ONNX file as plain values: protobuf is not seen outside model.cpp,
// tensors.cpp and checker.cpp.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/onnx/constant.h"

namespace unna::onnx_import {

struct Attribute {
  enum class Kind : std::uint8_t { integer, real, text, integers, reals, texts, tensor, other };
  Kind kind = Kind::other;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  Integers integers;
  std::vector<double> reals;
  std::vector<std::string> texts;
  Constant tensor;
};

struct Node {
  std::string name;  ///< may be empty
  std::string op;
  std::string domain;                        ///< empty for ONNX's own
  std::vector<std::string> inputs, outputs;  ///< empty names: not given
  std::map<std::string, Attribute, std::less<>> attributes;
};

struct ValueInfo {
  std::string name;
  ElementKind kind = ElementKind::real;
  std::int32_t type = 0;                          ///< ONNX's number of the element type
  std::optional<std::vector<std::int64_t>> dims;  ///< -1: dynamic
  std::vector<std::string> dim_names;             ///< of dynamic ones, or empty; one a dimension
};

struct Model {
  std::int64_t ir_version = 0;
  std::int64_t opset = 0;   ///< of ONNX's own operators
  std::vector<Node> nodes;  ///< each behind those that it reads
  std::vector<Constant> initializers;
  std::vector<ValueInfo> inputs;  ///< without those that are initializers
  std::vector<std::string> outputs;
  std::vector<ElementKind> output_kinds;  ///< real where the file says nothing
  std::vector<std::string> notes;         ///< what is worth a line to the user
  /// The model without the initializers' data, serialised: for libonnx's checker; empty where that
  /// does not know the model's operators.
  std::string skeleton;
};

/// Reads a model; external weights are looked up beside `file`. Throws InputError.
Model read_model(std::string_view bytes, const std::filesystem::path& file);

/// Reads a serialised TensorProto, with its values. Throws InputError.
Constant read_tensor(std::string_view bytes, const std::filesystem::path& file);

/// libonnx's checker on a skeleton, in a child process: what it says against the model, or that it
/// did not survive; none where it accepts.
std::optional<std::string> check_skeleton(const std::string& skeleton);

}  // namespace unna::onnx_import
