#pragma once

// Quantised values: whole numbers q that stand for (q - zero) * scale.

#include <cstdint>
#include <memory>
#include <vector>

#include "workloads/onnx/constant.h"

namespace unna::onnx_import {

struct Node;

/// How the values of a tensor are quantised. The machine has them as the real numbers that they
/// stand for, which are multiples of the scale.
struct Steps {
  float scale = 1;
  std::int64_t zero = 0;
  std::int32_t type = 2;  ///< ONNX's number of an integer type

  bool operator==(const Steps&) const = default;
};

/// The numbers that an integer type holds; throws Unsupported for other types.
struct WholeRange {
  std::int64_t lowest = 0, highest = 255;
};
WholeRange range_of_type(std::int32_t type);

/// One scale and zero point; throws Unsupported where there are several, or unknown ones. Without a
/// zero point, the type is `otherwise`.
Steps steps_of(const Constant& scale, const Constant* zero, std::int32_t otherwise = 2);

/// As an int8 machine has them; null where it can't, or nobody needs it to.
std::shared_ptr<const ModelSteps> model_steps(const Steps& steps);

/// The real numbers that `q` stands for. Scales and zero points are single, or one for each element
/// along `axis`, or one for each `block` elements along it.
Constant dequantised(const Constant& q, const Constant& scale, const Constant* zero,
                     std::int64_t axis, std::int64_t block);

}  // namespace unna::onnx_import
