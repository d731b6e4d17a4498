#pragma once

// Placing many buffers without neighbour lists.

#include <memory>

#include "memmgr/placement/placer.h"
#include "memmgr/problem.h"

namespace unna {

/// Whether scan_placer() can take it: lifetimes without gaps, and nothing else that says which
/// buffers conflict (fixed offsets, alignments and reserved ranges are fine).
bool placed_by_scan(const PlanProblem& problem);

/// Scans what is placed and near in time, a quarter of a nanosecond each; buffers that live long
/// see all. Of a partial order, those that are near are looked up. Memory grows with n.
std::unique_ptr<Placer> scan_placer(const PlanProblem& problem);

}  // namespace unna
