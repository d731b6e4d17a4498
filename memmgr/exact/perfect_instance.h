#pragma once

// Problems whose buffers fill a capacity at every time: perfect packings.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "memmgr/exact/contacts.h"
#include "memmgr/exact/instance.h"
#include "memmgr/problem.h"

namespace unna {

/// Buffers over slots, the stretches between successive times at which one begins or ends. In every
/// slot the sizes add up to `height`. Indices are the instance's own.
struct PerfectInstance {
  std::vector<std::uint32_t> buffer;  ///< index in the problem
  std::vector<Bytes> size;
  std::vector<std::uint32_t> begin, end;  ///< slots, half-open
  Rows starting, ending;                  ///< by slot (one more than there are): buffers with this
                                          ///< `begin`, and with this `end`
  std::uint32_t slots = 0;
  Bytes height = 0;
  Contacts contacts;
  std::vector<std::uint32_t> twin;  ///< the first buffer of the same size, begin and end

  std::size_t count() const { return size.size(); }
};

/// None where some time has bytes to spare, where buffers are not free to lie anywhere (fixed or
/// reserved bytes, pairs apart, gaps, alignments that sizes do not keep by themselves), or where
/// they are too many for the tables of a search.
std::optional<PerfectInstance> perfect_instance(const PlanProblem& problem, Bytes capacity);

}  // namespace unna
