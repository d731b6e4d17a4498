#pragma once

// Which plans of an estimated front are measured, round by round. A front is given by the estimated
// footprints of its plans, descending; plans are named by their index in it.

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "base/units.h"

namespace unna {

/// At most `count` plans whose footprints are nearly evenly spaced in ratio; the first and the last
/// are among them.
std::vector<std::size_t> evenly(std::span<const Bytes> footprints, std::size_t count);

/// At most `count` plans in the middle between those whose costs are known: where the product of
/// the steps in footprint and in cost is largest, but not where both cost more than `dear`. What is
/// chosen counts as known, with a cost in between.
std::vector<std::size_t> in_gaps(std::span<const Bytes> footprints,
                                 std::map<std::size_t, double> costs, double dear,
                                 std::size_t count);

}  // namespace unna
