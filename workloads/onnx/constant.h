#pragma once

// Tensors whose elements are known while a model is imported: weights, and the shape arithmetic
// that exporters leave in their files.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workloads/graph.h"
#include "workloads/weight_groups.h"

namespace unna::onnx_import {

/// What an element stands for. float16, bfloat16, float and double are read as float, integers of
/// all widths as 64 bits.
enum class ElementKind : std::uint8_t { real, integer, boolean };
std::string_view name(ElementKind kind);

/// How a real constant was quantised in the file.
struct ConstantSteps {
  ModelSteps steps;
  std::size_t axis = 0;  ///< that its scales count, where there are several
};

/// A real constant's codes of few bits: as WeightGroups has them, but of any dimensions.
struct ConstantGroups {
  GroupFormat format;  ///< size: in a block along `axis`; 0: a scale for each index of it
  std::size_t axis = 0;
  std::vector<std::int8_t> codes;  ///< by element
  /// Blocks: as the constant, `axis` in blocks; else by its index, or one for all.
  std::vector<float> scales;
  std::vector<std::int8_t> zeros;  ///< likewise, or none
};

using Reals = std::vector<float>;
using Integers = std::vector<std::int64_t>;

/// Row-major. A real constant may have no values: its weights file is absent, or it was made by a
/// ConstantOfShape that stands for weights.
struct Constant {
  ElementKind kind = ElementKind::real;
  Shape dims;                                ///< may have zeros
  std::shared_ptr<const Reals> reals;        ///< of kind real
  std::shared_ptr<const Integers> integers;  ///< of the others (false is 0, true is 1)
  std::string name;       ///< as in the file, or of the value that it is folded from
  bool stored = false;    ///< stands in the file as such
  std::int32_t type = 0;  ///< ONNX's number of the element type, where it matters; 0: not known
  std::shared_ptr<const ConstantSteps> steps = {};    ///< null: none, or not known any more
  std::shared_ptr<const ConstantGroups> groups = {};  ///< likewise

  std::int64_t count() const { return element_count(dims); }
  bool known() const { return kind == ElementKind::real ? reals != nullptr : integers != nullptr; }
  double at(std::size_t i) const {
    return kind == ElementKind::real ? static_cast<double>((*reals)[i])
                                     : static_cast<double>((*integers)[i]);
  }
};

Constant make_reals(Shape dims, Reals values, std::string name = {});
Constant make_integers(Shape dims, Integers values, std::string name = {},
                       ElementKind kind = ElementKind::integer);

/// Row-major strides.
std::vector<std::int64_t> strides_of(const Shape& dims);

/// NumPy broadcast of two shapes; none where they do not fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// A copy whose element (i...) is that of `from` at offset + sum of i * stride. The caller vouches
/// for the bounds. Unknown values stay unknown.
Constant gathered(const Constant& from, const Shape& dims, const std::vector<std::int64_t>& strides,
                  std::int64_t offset = 0);
Constant transposed(const Constant& from, const std::vector<std::int64_t>& perm);
/// `to` is a broadcast of its shape.
Constant expanded(const Constant& from, const Shape& to);
/// The same elements under other dimensions, of which there must be as many.
Constant reshaped(Constant from, const Shape& dims);

}  // namespace unna::onnx_import
