#include "compiler/unit_cost.h"

#include <algorithm>

#include "cost/timing.h"

namespace unna {

UnitCosts::UnitCosts(const LoweredGraph& graph, const MachineConfig& machine, Partition partition)
    : graph_(graph), machine_(machine), partitioner_(graph, machine, partition) {}

BandCost UnitCosts::cost(KernelId kernel, const std::vector<UnitOfWork>& units) {
  Dims largest{1, 1, 1, 1, 1};
  std::int64_t elements = 0;
  for (const UnitOfWork& u : units) {
    elements += u.box.elements();
    for (std::size_t d = 0; d < kDims; ++d) largest[d] = std::max(largest[d], u.box.extent(d));
  }
  const auto count = static_cast<std::int64_t>(units.size());
  const Tile tile = partitioner_.free_tile(kernel, largest, count);
  // Units of unequal size: traffic by their share of elements.
  const Bytes traffic = traffic_of(tile) * elements / std::max<std::int64_t>(1, product(largest));
  return {time_of(tile), traffic};
}

BandCost UnitCosts::band(KernelId kernel, std::int64_t lines, Division division) {
  const std::tuple key(kernel, lines, division);
  const auto at = bands_.find(key);
  if (at != bands_.end()) return at->second;
  const Kernel& k = graph_.kernels[kernel.index()];
  Box area{{0, 0, 0, 0, 0}, k.dims};
  area.hi[kH] = lines;
  std::optional<BandCost> best;
  for (const Grid& grid : partitioner_.walk_grids(k, lines, machine_.cores, division)) {
    const BandCost c = cost(kernel, partitioner_.units(kernel, area, grid, {0, machine_.cores}));
    if (!best || std::pair(c.time, c.traffic) < std::pair(best->time, best->traffic)) best = c;
  }
  return bands_.emplace(key, *best).first->second;
}

BandCost UnitCosts::layer(KernelId kernel) {
  const auto at = layers_.find(kernel);
  if (at != layers_.end()) return at->second;
  const KernelPlan plan =
      partitioner_.plan(kernel, {0, machine_.cores}, machine_.cores,
                        [](const std::vector<UnitOfWork>&) { return Cycle{0}; });
  BandCost c{time_of(plan.tile), traffic_of(plan.tile) * static_cast<Bytes>(plan.units.size())};
  if (machine_.cores > 1)
    c.time += machine_.sync.barrier_cycles + 2 * pipeline_cycles(machine_.core);
  return layers_.emplace(kernel, c).first->second;
}

}  // namespace unna
