#pragma once

// How long a run was at each layer, and what limited it there (docs/metrics.md, "The time of a
// layer").

#include <vector>

#include "configs/machine.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "report/limit.h"

namespace unna {

/// What a layer takes of a run. Each cycle of a run in which cores compute is shared equally among
/// them, and so among their layers. A cycle in which none computes belongs to the layer of the
/// compute instruction that starts next, those behind the last one to that one's layer.
struct LayerTime {
  double cycles = 0;
  std::vector<double> by_core;  ///< adds up to `cycles`
  /// What the compute engines of all cores do in these cycles: shares that add up to 1, or to 0 for
  /// a layer without any.
  ComputeShares shares;
};

/// By layer of the trace. They add up to the run's cycles, unless it computes nothing.
std::vector<LayerTime> layer_times(const Trace& trace, const CoreConfig& core);

}  // namespace unna
