#pragma once

// From a walk plan to a schedule: its bands are divided over the cores and tiled.

#include "compiler/compile.h"
#include "compiler/schedule.h"
#include "compiler/walk.h"

namespace unna {

/// A walk of one kernel in one step is layer by layer: with barriers, and where all kernels of a
/// region of independent branches are, these may run side by side as `partition` allows. Of the
/// options, those on partition and barriers count; Barriers::layers is for plans that are layer by
/// layer altogether. Throws CapacityError where a tile does not fit.
Schedule schedule_walks(const LoweredGraph& graph, const MachineConfig& machine,
                        const CompileOptions& options, const WalkPlan& plan);

}  // namespace unna
