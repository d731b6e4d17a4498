// What moving a tile's bytes takes.

#include <algorithm>

#include "compiler/tile.h"

namespace unna {

Cycle TileMachine::move_cycles(Bytes bytes) const {
  return ceil_div<Cycle>(bytes << 16, rate_q16);
}

Cycle TileMachine::move_cycles(Bytes neurons, Bytes synapses, Bytes results) const {
  const Cycle together = move_cycles(neurons + synapses + results);
  if (engine_rate_q16 == 0) return together;
  const Bytes most = std::max({neurons, synapses, results});
  return std::max(together, ceil_div<Cycle>(most << 16, engine_rate_q16));
}

Bytes TileMachine::in_bursts(Bytes bytes, std::int64_t run) const {
  return ceil_div(bytes, run * element) * round_up(run * element, burst);
}

std::int64_t run_length(std::span<const std::int64_t> strides,
                        std::span<const std::int64_t> extents) {
  std::int64_t run = 1;
  // Each dimension may be the next outer one of what is a run so far.
  for (std::size_t tried = 0; tried < strides.size(); ++tried)
    for (std::size_t d = 0; d < strides.size(); ++d)
      if (extents[d] > 1 && strides[d] == run) {
        run *= extents[d];
        break;
      }
  return run;
}

}  // namespace unna
