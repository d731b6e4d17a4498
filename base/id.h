#pragma once

// Strong indices: an OpId can't be passed where a BufferId is wanted.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace unna {

/// An index into one table. Dense, starts at 0; "no such thing" is std::optional, not a sentinel.
template <class Tag>
struct Id {
  std::uint32_t value = 0;

  constexpr Id() = default;
  constexpr explicit Id(std::uint32_t v) : value(v) {}
  constexpr explicit Id(std::size_t v) : value(static_cast<std::uint32_t>(v)) {}
  constexpr explicit Id(int v) : value(static_cast<std::uint32_t>(v)) {}

  constexpr std::size_t index() const { return value; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

using TensorId = Id<struct TensorTag>;  ///< tensor of a workloads::Graph
using OpId = Id<struct OpTag>;          ///< operator of a Graph; also an Object's layer index
using BufferId = Id<struct BufferTag>;  ///< DRAM buffer of an Object, a Trace or a PlanProblem
using CoreId = Id<struct CoreTag>;      ///< core of the machine

}  // namespace unna

template <class Tag>
struct std::hash<unna::Id<Tag>> {
  std::size_t operator()(unna::Id<Tag> id) const noexcept { return id.value; }
};
