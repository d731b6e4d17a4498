#include "compiler/unit_cost.h"

#include <algorithm>

#include "base/error.h"
#include "cost/timing.h"

namespace unna {

UnitCosts::UnitCosts(const LoweredGraph& graph, const MachineConfig& machine, Partition partition,
                     Partitioner& partitioner)
    : graph_(graph), machine_(machine), partition_(partition), partitioner_(partitioner) {}

namespace {

Dims largest_of(const std::vector<UnitOfWork>& units) {
  Dims largest{1, 1, 1, 1, 1};
  for (const UnitOfWork& u : units)
    for (std::size_t d = 0; d < kDims; ++d) largest[d] = std::max(largest[d], u.box.extent(d));
  return largest;
}

/// How a unit's inputs come on chip.
struct InputBlocks {
  std::int64_t loads = 1;   ///< of input neurons, of a unit
  std::int64_t height = 1;  ///< of a block of outputs
  std::int64_t across = 1;  ///< blocks side by side in a line
};

InputBlocks blocks_of(const Kernel& k, const MacTile& t, const Dims& unit) {
  const std::int64_t down = ceil_div(unit[kH], t.block_h);
  const std::int64_t across = ceil_div(unit[kW], t.block_w);
  const std::int64_t inputs = k.in[0].dims[kC] / k.groups;
  const std::int64_t taps = t.per_tap ? k.window.kernel_h * k.window.kernel_w : 1;
  const std::int64_t chunks = ceil_div(inputs, t.ci) * taps;
  const std::int64_t positions = unit[kB] * unit[kN] * down * across * chunks;
  // Inputs that do not all stay in their slots are loaded anew for other channels.
  const bool stay = positions <= t.nbin_slots || (!t.co_outer && t.group * chunks <= t.nbin_slots);
  return {positions * (stay ? 1 : ceil_div(unit[kC], t.co)), t.block_h, across};
}

InputBlocks blocks_of(const Kernel& k, const WindowTile& t, const Dims& unit) {
  const std::int64_t across = ceil_div(unit[kW], t.block_w);
  return {unit[kB] * unit[kN] * ceil_div(unit[kH], t.block_h) * across * ceil_div(unit[kC], t.c) *
              ceil_div(k.window.kernel_h, t.window_rows),
          t.block_h, across};
}

InputBlocks blocks_of(const Kernel& k, const PointTile& t, const Dims& unit) {
  std::int64_t tiles = static_cast<std::int64_t>(k.in.size());
  for (std::size_t d = 0; d < kDims; ++d) tiles *= ceil_div(unit[d], t.extent[d]);
  return {tiles, t.extent[kH], ceil_div(unit[kW], t.extent[kW])};
}

bool has_window(const Kernel& k) {
  return k.kind == KernelKind::conv || k.kind == KernelKind::dwconv || k.kind == KernelKind::pool;
}

}  // namespace

/// Cycles that the engine for input neurons takes to fetch a unit's inputs where latency, not
/// bandwidth, decides: a block reads from several buffers, since each band has buffers of its own,
/// and so have the columns and channels that other cores make. That is a request for each.
Cycle UnitCosts::loading(KernelId kernel, const std::vector<UnitOfWork>& units, const Grid& grid,
                         const SbRoom& room) {
  const Kernel& k = graph_.kernels[kernel.index()];
  const Dims unit = largest_of(units);
  const Tile tile =
      partitioner_.free_tile(kernel, unit, static_cast<std::int64_t>(units.size()), room);
  const InputBlocks blocks = std::visit([&](const auto& t) { return blocks_of(k, t, unit); }, tile);
  double pieces = 1;
  if (has_window(k)) {
    const WindowAttrs& w = k.window;
    const double band = std::max(1.0, static_cast<double>(unit[kH] * w.stride_h));
    const auto rows =
        static_cast<double>((blocks.height - 1) * w.stride_h + (w.kernel_h - 1) * w.dilation_h + 1);
    pieces = 1 + (rows - 1) / band;
    // At both edges of a strip its neighbour's columns, and those of its own that it reads too.
    if (grid.columns > 1 && w.kernel_w > 1) pieces *= 1 + 4.0 / static_cast<double>(blocks.across);
  }
  if (grid.channels > 1 && (k.kind == KernelKind::conv || k.kind == KernelKind::matmul))
    pieces *= static_cast<double>(
        std::min(grid.channels, ceil_div<std::int64_t>(k.in[0].dims[kC], machine_.core.pes)));
  const double requests = static_cast<double>(blocks.loads) * pieces;
  return static_cast<Cycle>(requests * static_cast<double>(dram_latency(machine_)) /
                            static_cast<double>(machine_.core.dma_outstanding));
}

BandCost UnitCosts::cost(KernelId kernel, std::int64_t lines, const Grid& grid,
                         const SbRoom& room) {
  Box area{{0, 0, 0, 0, 0}, graph_.kernels[kernel.index()].dims};
  area.hi[kH] = lines;
  const std::vector<UnitOfWork> units = partitioner_.units(kernel, area, grid, {0, machine_.cores});
  const Dims largest = largest_of(units);
  std::int64_t elements = 0;
  for (const UnitOfWork& u : units) elements += u.box.elements();
  const auto count = static_cast<std::int64_t>(units.size());
  const Tile tile = partitioner_.free_tile(kernel, largest, count, room);
  // Units of unequal size: traffic by their share of elements.
  const Bytes traffic = traffic_of(tile) * elements / std::max<std::int64_t>(1, product(largest));
  return {std::max(time_of(tile), loading(kernel, units, grid, room)), traffic};
}

const Grid& UnitCosts::grid(KernelId kernel, std::int64_t lines, Division division) {
  const std::tuple key(kernel, lines, division);
  const auto at = grids_.find(key);
  if (at != grids_.end()) return at->second;
  const Kernel& k = graph_.kernels[kernel.index()];
  const std::vector<Grid> all = partitioner_.walk_grids(k, lines, machine_.cores, division);
  std::optional<std::tuple<Cycle, Bytes>> least;
  Grid best = all.front();
  for (const Grid& g : all) {
    if (all.size() == 1) break;
    try {
      const BandCost c = cost(kernel, lines, g, partitioner_.whole_sb());
      const Cycle moving = division == Division::balanced ? partitioner_.moving(c.traffic) : 0;
      const std::tuple weight(c.time + moving, c.traffic);
      if (least && weight >= *least) continue;
      least = weight;
      best = g;
    } catch (const CapacityError&) {
      continue;  // no tile of such units fits
    }
  }
  return grids_.emplace(key, best).first->second;
}

BandCost UnitCosts::band(KernelId kernel, std::int64_t lines, Division division,
                         const SbRoom& room) {
  const std::tuple key(kernel, lines, division, room.stay ? 0 : room.bytes());
  const auto at = bands_.find(key);
  if (at != bands_.end()) return at->second;
  return bands_.emplace(key, cost(kernel, lines, grid(kernel, lines, division), room))
      .first->second;
}

SbWish UnitCosts::wish(KernelId kernel, std::int64_t lines, std::int64_t bands, Division division) {
  const Kernel& k = graph_.kernels[kernel.index()];
  return partitioner_.sb_wish(kernel, partitioner_.most_channels(k, grid(kernel, lines, division)),
                              bands);
}

BandCost UnitCosts::staying(KernelId kernel, std::int64_t lines, Division division) {
  const Kernel& k = graph_.kernels[kernel.index()];
  const Grid& g = grid(kernel, lines, division);
  const StayingBytes each = staying_bytes(k, partitioner_.most_channels(k, g),
                                          element_bytes(machine_.data_type), machine_.core);
  const Bytes bytes = g.units() * each.all();
  return {ceil_div<Cycle>(bytes << 16, dram_bytes_per_cycle_q16(machine_)), bytes};
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

std::optional<BandCost> UnitCosts::side_by_side(const KernelRegion& region) {
  const bool branches = partition_ == Partition::branches || partition_ == Partition::automatic;
  if (!branches || region.branches.size() < 2) return std::nullopt;
  const auto plans = plan_branches(
      region, machine_.cores, barrier_cost(machine_), partitioner_,
      [](const std::vector<UnitOfWork>&) { return Cycle{0}; }, partition_ == Partition::branches);
  if (!plans) return std::nullopt;
  BandCost sum;
  for (const auto& branch : region.branches)
    for (const KernelId k : branch) sum.time += layer(k).time;
  // As much faster as the two estimates that it was chosen by.
  sum.time =
      static_cast<Cycle>(static_cast<double>(sum.time) * static_cast<double>(plans->branches) /
                         static_cast<double>(std::max<Cycle>(1, plans->together)));
  for (const KernelId k : region.tail) sum.time += layer(k).time;
  for (const KernelPlan& p : plans->plans)
    sum.traffic += traffic_of(p.tile) * static_cast<Bytes>(p.units.size());
  return sum;
}

}  // namespace unna
