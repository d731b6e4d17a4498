#pragma once

// What shape inference expects of an operator and its inputs.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "workloads/graph.h"

namespace unna {

/// An operator with the shapes of its inputs. What is not as expected throws InputError at the
/// operator's place, with its kind and name.
class OpChecks {
 public:
  OpChecks(const GraphOp& op, const std::vector<Shape>& inputs) : op_(op), in_(inputs) {}

 protected:
  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError(op_.pos, fmt::format("{} '{}': {}", name(op_.kind), op_.name,
                                          fmt::format(format, std::forward<Args>(args)...)));
  }

  template <class T>
  const T& attrs() const {
    const T* found = std::get_if<T>(&op_.attrs);
    invariant(found != nullptr, "{} '{}' has attributes of another kind", name(op_.kind), op_.name);
    return *found;
  }

  void expect_inputs(std::size_t lo, std::size_t hi) const {
    if (in_.size() >= lo && in_.size() <= hi) return;
    if (lo == hi) fail("has {} inputs, expected {}", in_.size(), lo);
    fail("has {} inputs, expected {} to {}", in_.size(), lo, hi);
  }
  void expect_rank(std::size_t input, std::size_t rank) const {
    if (in_[input].size() != rank)
      fail("input {} is {}, expected {} dimensions", input, to_string(in_[input]), rank);
  }
  /// Before the number of inputs is checked: a layer whose input has no channels has no weights
  /// either, and the former is the reason.
  void expect_first_rank(std::size_t rank) const {
    if (!in_.empty()) expect_rank(0, rank);
  }
  void expect_min_rank(std::size_t input, std::size_t rank) const {
    if (input < in_.size() && in_[input].size() < rank)
      fail("input {} is {}, expected at least {} dimensions", input, to_string(in_[input]), rank);
  }
  void expect_shape(std::string_view what, std::size_t input, const Shape& shape) const {
    if (in_[input] != shape)
      fail("{} is {}, expected {}", what, to_string(in_[input]), to_string(shape));
  }
  void expect_axis(std::int64_t axis) const {
    const auto rank = static_cast<std::int64_t>(in_[0].size());
    if (axis < 0 || axis >= rank)
      fail("axis is {}, expected 0 to {} for an input of {}", axis, rank - 1, to_string(in_[0]));
  }
  void expect_one_per_dimension(std::string_view what, std::size_t count) const {
    if (count != in_[0].size())
      fail("{} has {} entries, expected one for each dimension of {}", what, count,
           to_string(in_[0]));
  }

  const GraphOp& op_;
  const std::vector<Shape>& in_;
};

}  // namespace unna
