#include "compiler/partition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "compiler/point.h"
#include "compiler/synapses.h"
#include "compiler/tile_shapes.h"
#include "cost/timing.h"
#include "isa/accesses.h"

namespace unna {
namespace {

/// PEs that NBin feeds in one cycle, each with inputs of its own: more of them wait for it.
std::int64_t fed_pes(const CoreConfig& core) {
  return std::clamp<std::int64_t>(core.nbin_read_elements / core.multipliers, 1, core.pes);
}

/// How a kernel's channels can be cut: at multiples of `whole`, what the PEs make at a time (or
/// whole groups of a grouped convolution), and, where nothing is multiplied by synapses of all
/// inputs, into more parts than there are of these at multiples of `least`, a burst's. Kernels that
/// need whole rows are not cut.
struct ChannelCuts {
  std::int64_t channels = 1, whole = 1, least = 1;

  ChannelCuts(const Kernel& k, const MachineConfig& machine) : channels(k.dims[kC]) {
    const std::int64_t pes = machine.core.pes;
    switch (k.kind) {
      case KernelKind::softmax:
      case KernelKind::norm:
      case KernelKind::lrn:
      case KernelKind::reduce:
        whole = least = channels;
        break;
      case KernelKind::conv:
        whole = least = k.groups > 1 ? channels / k.groups : fed_pes(machine.core);
        break;
      case KernelKind::matmul:
        whole = least = fed_pes(machine.core);
        break;
      default:
        whole = pes;
        least = channel_granule(pes, dram_burst_bytes(machine), element_bytes(machine.data_type));
    }
  }
  std::int64_t most_parts() const { return ceil_div(channels, least); }
  std::int64_t whole_parts() const { return ceil_div(channels, whole); }
  std::int64_t granule(std::int64_t parts) const { return parts <= whole_parts() ? whole : least; }
};

struct Range {
  std::int64_t lo, hi;
};
/// Part i of `parts` nearly equal ones of [0, extent), in whole granules.
Range part(std::int64_t extent, std::int64_t granule, std::int64_t parts, std::int64_t i) {
  const std::int64_t count = ceil_div(extent, granule);
  return {std::min(extent, count * i / parts * granule),
          std::min(extent, count * (i + 1) / parts * granule)};
}

/// The next number of parts worth trying: powers of two, one for each of `extent`, and `most`.
std::int64_t next_division(std::int64_t parts, std::int64_t extent, std::int64_t most) {
  const std::int64_t last = std::min(extent, most);
  return parts < last ? std::min(2 * parts, last) : last + 1;
}

/// Of the memory; more are counted in steps.
constexpr std::int64_t kFewSharers = 16;

bool uses_window_tile(KernelKind kind) {
  return kind == KernelKind::dwconv || kind == KernelKind::pool;
}

/// Extents that no unit exceeds.
Dims largest_unit(const std::vector<UnitOfWork>& units) {
  Dims largest{1, 1, 1, 1, 1};
  for (const UnitOfWork& u : units)
    for (std::size_t d = 0; d < kDims; ++d) largest[d] = std::max(largest[d], u.box.extent(d));
  return largest;
}

}  // namespace

Cycle barrier_cost(const MachineConfig& m) {
  return m.sync.barrier_cycles + 2 * dram_latency(m) + 2 * pipeline_cycles(m.core);
}

Cycle with_waiting(Cycle time, std::int64_t units) {
  // Found on the LSTM, whose steps are short (docs/adr/0003).
  constexpr std::int64_t kUnitsThatDoubleTime = 64;
  return time + time * units / kUnitsThatDoubleTime;
}

Cycle time_of(const Tile& tile) {
  return std::visit([](const auto& t) { return t.time; }, tile);
}
Bytes traffic_of(const Tile& tile) {
  return std::visit([](const auto& t) { return t.traffic; }, tile);
}
std::string describe(const Tile& tile) {
  if (const auto* mac = std::get_if<MacTile>(&tile)) return describe(*mac);
  if (const auto* window = std::get_if<WindowTile>(&tile)) return describe(*window);
  const auto& point = std::get<PointTile>(tile);
  return fmt::format("tile {}, compute {} traffic {} time {}", fmt::join(point.extent, "x"),
                     point.compute, point.traffic, point.time);
}

Partitioner::Partitioner(const LoweredGraph& graph, const MachineConfig& machine,
                         Partition strategy, std::shared_ptr<const PackedWeights> packed,
                         std::shared_ptr<TileMemo> tiles)
    : graph_(graph),
      machine_(machine),
      strategy_(strategy),
      packed_(std::move(packed)),
      readers_(graph.storages.size()),
      tiles_(tiles ? std::move(tiles) : std::make_shared<TileMemo>()) {
  for (std::size_t i = 0; i < graph.kernels.size(); ++i)
    if (const auto& weights = graph.kernels[i].weights)
      readers_[weights->index()].push_back(KernelId(i));
}

std::vector<Grid> Partitioner::grids(const Kernel& k, std::int64_t cores) const {
  const std::int64_t batch = k.dims[kB] * k.dims[kN];
  const ChannelCuts cuts(k, machine_);
  const auto cap = [&](std::int64_t extent, std::int64_t room) { return std::min(extent, room); };
  switch (strategy_) {
    case Partition::channels: {
      const std::int64_t c = cap(cuts.whole_parts(), cores);
      if (c > 1 || k.dims[kC] == 1) return {{1, 1, c}};
      return {{1, cap(k.dims[kH], cores), 1}};
    }
    case Partition::rows:
      return {{1, cap(k.dims[kH], cores), 1}};
    case Partition::batch: {
      const std::int64_t b = cap(batch, cores);
      return {{b, cap(k.dims[kH], cores / b), 1}};
    }
    case Partition::automatic:
    case Partition::branches:
      break;
  }
  std::vector<Grid> all;
  for (std::int64_t b = 1; b <= cap(batch, cores); b *= 2)
    for (std::int64_t r = 1; r <= cap(k.dims[kH], cores / b); ++r) {
      // Powers of two, what fills the cores, and one row a core.
      const bool power = (r & (r - 1)) == 0;
      if (!power && r != k.dims[kH] && r != cores / b) continue;
      const std::int64_t most = cap(cuts.most_parts(), cores / (b * r));
      for (std::int64_t c = 1; c <= most; c = next_division(c, cuts.most_parts(), most))
        all.push_back({b, r, c});
    }
  return all;
}

std::vector<UnitOfWork> Partitioner::units(KernelId id, const Box& area, const Grid& grid,
                                           CoreGroup group) const {
  const Kernel& k = graph_.kernels[id.index()];
  // Batch parts divide B where it is large enough, else N, else both.
  const std::int64_t parts_b = k.dims[kB] == 1 ? 1 : std::min(grid.batch, k.dims[kB]);
  const std::int64_t parts_n = std::min(k.dims[kN], grid.batch / parts_b);
  const std::int64_t granule = ChannelCuts(k, machine_).granule(grid.channels);
  std::vector<UnitOfWork> all;
  std::int64_t core = group.first;
  const auto set = [&](Box& box, std::size_t d, Range r) {
    box.lo[d] = std::max(area.lo[d], r.lo);
    box.hi[d] = std::min(area.hi[d], r.hi);
  };
  const auto lines = [&](std::int64_t r) {
    const Range p = part(area.extent(kH), 1, grid.rows, r);
    return Range{area.lo[kH] + p.lo, area.lo[kH] + p.hi};
  };
  for (std::int64_t b = 0; b < parts_b; ++b)
    for (std::int64_t n = 0; n < parts_n; ++n)
      for (std::int64_t r = 0; r < grid.rows; ++r)
        for (std::int64_t w = 0; w < grid.columns; ++w)
          for (std::int64_t c = 0; c < grid.channels; ++c, ++core) {
            Box box;
            set(box, kB, part(k.dims[kB], 1, parts_b, b));
            set(box, kN, part(k.dims[kN], 1, parts_n, n));
            set(box, kH, lines(r));
            set(box, kW, part(k.dims[kW], 1, grid.columns, w));
            set(box, kC, part(k.dims[kC], granule, grid.channels, c));
            if (!box.empty()) all.push_back({id, CoreId(static_cast<std::size_t>(core)), box});
          }
  return all;
}

std::vector<Grid> Partitioner::walk_grids(const Kernel& k, std::int64_t lines, std::int64_t cores,
                                          Division division) const {
  const std::int64_t channels = ChannelCuts(k, machine_).whole_parts();
  const std::int64_t width = k.dims[kW];
  switch (division) {
    case Division::columns: {
      const std::int64_t w = std::min(width, cores);
      return {{1, 1, std::min(channels, cores / w), w}};
    }
    case Division::rows: {
      const std::int64_t r = std::min(lines, cores);
      return {{1, r, std::min(channels, cores / r), 1}};
    }
    case Division::channels: {
      const std::int64_t c = std::min(channels, cores);
      return {{1, std::min(lines, cores / c), c, 1}};
    }
    case Division::fastest:
    case Division::balanced:
      break;
  }
  std::vector<Grid> all;
  for (std::int64_t r = 1; r <= std::min(lines, cores); r = next_division(r, lines, cores))
    for (std::int64_t w = 1; w <= std::min(width, cores / r);
         w = next_division(w, width, cores / r)) {
      const std::int64_t most = std::min(channels, cores / (r * w));
      all.push_back({1, r, most, w});
      if (most > 1 && r * w > 1) all.push_back({1, r, 1, w});
    }
  return all;
}

const Tile& Partitioner::tile(const Kernel& k, const Dims& unit, const TileNeeds& needs) {
  // Few numbers of them, so that a tile is searched for once: a share of many is nearly the same.
  const std::int64_t sharers =
      needs.sharers <= kFewSharers ? needs.sharers : round_up(needs.sharers, kFewSharers / 2);
  CoreConfig core = machine_.core;
  core.sb_bytes = needs.room.bytes();
  const TileMachine m{&core,
                      element_bytes(machine_.data_type),
                      core_dram_rate_q16(machine_, sharers),
                      dram_latency(machine_),
                      dram_burst_bytes(machine_),
                      engine_dram_rate_q16(machine_, sharers)};
  const auto once = [&](auto& memo, const auto& shape, const auto& choose) -> const Tile& {
    const auto key = std::tuple(shape, sharers, core.sb_bytes);
    const auto at = memo.find(key);
    if (at != memo.end()) return at->second;
    return memo.emplace(key, choose(shape, m)).first->second;
  };
  try {
    if (k.kind == KernelKind::conv || k.kind == KernelKind::matmul) {
      MacShape shape = mac_shape(k, unit);
      shape.density = needs.density;
      shape.format = k.weights ? graph_.storage(*k.weights).format : std::nullopt;
      shape.margin = needs.margin;
      shape.packing = needs.packing;
      shape.synapses_stay = needs.room.stay;
      return once(tiles_->mac, shape, choose_mac_tile);
    }
    if (uses_window_tile(k.kind)) {
      WindowShape shape = window_shape(k, unit);
      shape.synapses_stay = needs.room.stay;
      return once(tiles_->window, shape, choose_window_tile);
    }
  } catch (const CapacityError& e) {
    throw CapacityError(fmt::format("{}: {}", k.name, e.what()));
  }
  point_tile_ = choose_point_tile(k, unit, m);
  return point_tile_;
}

/// Share of the synapses that pruning left.
double Partitioner::density(const Kernel& k) const {
  if (!k.weights || !graph_.storage(*k.weights).kept) return 1;
  const Bitmap& kept = *graph_.storage(*k.weights).kept;
  return static_cast<double>(kept.count()) / static_cast<double>(kept.size());
}

void Partitioner::fit_synapses(const Kernel& k, KernelPlan& plan, std::int64_t sharers) {
  const auto* mac = std::get_if<MacTile>(&plan.tile);
  if (mac == nullptr || mac->form == SynapseForm::dense) return;
  if (mac->form == SynapseForm::indexed) return fit_indexed(k, plan, sharers);
  plan.synapses = std::make_shared<const SynapseTable>(*graph_.storage(*k.weights).format,
                                                       synapse_blocks(plan, k),
                                                       element_bytes(machine_.data_type));
}

/// Counts the tiles that were chosen by their expected sizes, and gives them slots that the largest
/// fits. Where that leaves fewer slots than double buffering wants, smaller tiles are chosen; in
/// the end dense ones.
void Partitioner::fit_indexed(const Kernel& k, KernelPlan& plan, std::int64_t sharers) {
  constexpr double kMargins[] = {1, 1.25, 1.5, 2, 3, 4};
  const Dims largest = largest_unit(plan.units);
  const Cycle waiting = plan.estimate - time_of(plan.tile);
  for (const double margin : kMargins) {
    plan.tile = tile(k, largest, {sharers, plan.sb, density(k), margin});
    MacTile& chosen = std::get<MacTile>(plan.tile);
    plan.estimate = waiting + time_of(plan.tile);
    if (chosen.form != SynapseForm::indexed) return;
    const auto table = std::make_shared<const SynapseTable>(
        *graph_.storage(*k.weights).kept, synapse_blocks(plan, k), k, machine_.core,
        element_bytes(machine_.data_type));
    const Bytes bias = k.bias ? 2 * chosen.co *
                                    channel_bytes(element_bytes(machine_.data_type),
                                                  machine_.core.accumulator_bytes)
                              : 0;
    const std::int64_t slots = (plan.sb.bytes() - bias) / table->largest();
    if (slots < std::min<std::int64_t>(2, chosen.sb_slots)) continue;
    chosen.sb_slots = slots;
    plan.synapses = table;
    return;
  }
  plan.tile = tile(k, largest, {sharers, plan.sb});
  plan.estimate = waiting + time_of(plan.tile);
}

KernelPlan Partitioner::pack(KernelId id, std::vector<UnitOfWork> units, const Dims& common,
                             std::int64_t sharers, const SbRoom& room) {
  const Kernel& k = graph_.kernels[id.index()];
  const Tile& packed = tile(k, common, {sharers, room, density(k)});
  KernelPlan plan{id, {}, std::move(units), packed, 0, nullptr, room};
  plan.estimate = time_of(plan.tile);
  fit_synapses(k, plan, sharers);
  return plan;
}

Tile Partitioner::unit_tile(const KernelPlan& plan, const Dims& extents, std::int64_t sharers) {
  const Kernel& k = graph_.kernels[plan.kernel.index()];
  const auto* mac = std::get_if<MacTile>(&plan.tile);
  if (mac == nullptr) return tile(k, extents, {sharers, plan.sb});
  SynapsePacking packing{mac->co, mac->ci, mac->per_tap, mac->form, 0};
  if (plan.synapses) packing.largest = plan.synapses->largest();
  return tile(k, extents, {sharers, plan.sb, density(k), 1, packing});
}

Tile Partitioner::free_tile(KernelId id, const Dims& extents, std::int64_t sharers,
                            const SbRoom& room) {
  const Kernel& k = graph_.kernels[id.index()];
  return tile(k, extents, {sharers, room, density(k)});
}

Cycle Partitioner::moving(Bytes bytes) const {
  return ceil_div<Cycle>(bytes << 16, dram_bytes_per_cycle_q16(machine_));
}

bool Partitioner::shares_synapses(KernelId id) const {
  const Kernel& k = graph_.kernels[id.index()];
  return k.weights && readers_[k.weights->index()].size() > 1;
}

std::int64_t Partitioner::most_channels(const Kernel& k, const Grid& grid) const {
  const std::int64_t granule = ChannelCuts(k, machine_).granule(grid.channels);
  const std::int64_t granules = ceil_div(ceil_div(k.dims[kC], granule), grid.channels);
  return std::min(k.dims[kC], granules * granule);
}

SbWish Partitioner::sb_wish(KernelId id, std::int64_t channels, std::int64_t units) const {
  const Kernel& k = graph_.kernels[id.index()];
  if (shares_synapses(id)) return {SbUse::all, 0};
  if (k.kind == KernelKind::norm) return {SbUse::slots, 0};
  const bool products = k.kind == KernelKind::conv || k.kind == KernelKind::matmul;
  if (!products && k.kind != KernelKind::dwconv) return {};
  if (!k.weights) return {SbUse::slots, 0};
  const Storage& synapses = graph_.storage(*k.weights);
  if (units < 2 || synapses.kept || synapses.format) return {SbUse::slots, 0};
  const Bytes element = element_bytes(machine_.data_type);
  return {SbUse::stay, staying_bytes(k, channels, element, machine_.core).all()};
}

bool Partitioner::own_synapses(const std::vector<KernelId>& kernels) const {
  std::map<StorageId, std::size_t> among;
  for (const KernelId id : kernels)
    if (const auto& weights = graph_.kernels[id.index()].weights) ++among[*weights];
  return std::ranges::all_of(
      among, [&](const auto& use) { return use.second == readers_[use.first.index()].size(); });
}

const PackedWeight* Partitioner::packed_weight(const Kernel& k) const {
  if (!packed_ || !k.weights) return nullptr;
  const auto at = packed_->find(graph_.storage(*k.weights).name);
  return at == packed_->end() ? nullptr : &at->second;
}

bool Partitioner::take_packed(const PackedWeight& packed, std::int64_t sharers, KernelPlan& plan) {
  const Kernel& k = graph_.kernels[plan.kernel.index()];
  try {
    plan.tile =
        tile(k, largest_unit(plan.units), {sharers, plan.sb, density(k), 1, packed.packing});
  } catch (const CapacityError&) {
    return false;
  }
  plan.synapses = packed.table;
  return synapse_blocks(plan, k) == packed.blocks;
}

KernelPlan Partitioner::plan(KernelId id, CoreGroup group, std::int64_t sharers,
                             const SyncCost& sync) {
  std::optional<KernelPlan> best = find_plan(id, group, sharers, sync);
  invariant(best.has_value(), "{}: no division finds its weights as they are packed",
            graph_.kernels[id.index()].name);
  return *std::move(best);
}

std::optional<KernelPlan> Partitioner::find_plan(KernelId id, CoreGroup group, std::int64_t sharers,
                                                 const SyncCost& sync) {
  const Kernel& k = graph_.kernels[id.index()];
  const PackedWeight* packed = packed_weight(k);
  std::optional<KernelPlan> best = best_plan(id, group, sharers, sync, packed);
  if (packed != nullptr || !shares_synapses(id) || !std::holds_alternative<MacTile>(best->tile))
    return best;
  const PackedWeight& common = common_packing(*k.weights, group, sharers);
  const PackedWeight own = packed_weight_of(*best, k);
  if (own.packing == common.packing && own.blocks == common.blocks) return best;
  return best_plan(id, group, sharers, sync, &common);
}

const PackedWeight& Partitioner::common_packing(StorageId weights, CoreGroup group,
                                                std::int64_t sharers) {
  const std::tuple key(weights, group.count, sharers);
  const auto known = common_packings_.find(key);
  if (known != common_packings_.end()) return known->second;
  std::map<MacShape, std::size_t> kernels;
  const auto shape_of = [&](KernelId id) {
    const Kernel& k = graph_.kernels[id.index()];
    return mac_shape(k, k.dims);
  };
  const std::vector<KernelId>& readers = readers_[weights.index()];
  for (const KernelId id : readers) ++kernels[shape_of(id)];
  const KernelId commonest =
      *std::ranges::max_element(readers, {}, [&](KernelId id) { return kernels[shape_of(id)]; });
  for (const KernelId id : readers)
    invariant(graph_.kernels[id.index()].dims == graph_.kernels[commonest.index()].dims,
              "{}: kernels of several sizes share synapses", graph_.storage(weights).name);
  const auto no_waiting = [](const std::vector<UnitOfWork>&) { return Cycle{0}; };
  const KernelPlan plan = *best_plan(commonest, group, sharers, no_waiting, nullptr);
  return common_packings_.emplace(key, packed_weight_of(plan, graph_.kernels[commonest.index()]))
      .first->second;
}

std::optional<KernelPlan> Partitioner::best_plan(KernelId id, CoreGroup group, std::int64_t sharers,
                                                 const SyncCost& sync, const PackedWeight* packed) {
  const Kernel& k = graph_.kernels[id.index()];
  const bool shared = shares_synapses(id);
  const double pruned = density(k);
  std::vector<Grid> all = grids(k, group.count);
  if (packed != nullptr && packed->channels <= group.count) all.push_back({1, 1, packed->channels});
  KernelPlan best;
  std::tuple<Cycle, Bytes, std::int64_t> best_key;
  for (const Grid& grid : all) {
    KernelPlan p{id,      grid,      units(id, {{0, 0, 0, 0, 0}, k.dims}, grid, group), {}, 0,
                 nullptr, whole_sb()};
    const std::int64_t count = static_cast<std::int64_t>(p.units.size());
    const std::int64_t others = sharers - group.count;
    if (packed == nullptr)
      p.tile = tile(k, largest_unit(p.units), {others + count, p.sb, pruned});
    else if (!take_packed(*packed, others + count, p))
      continue;
    const Cycle time = time_of(p.tile);
    p.estimate = time + sync(p.units);
    const std::tuple key(with_waiting(shared ? time : p.estimate, count),
                         traffic_of(p.tile) * count, -grid.rows);
    if (best.units.empty() || key < best_key) {
      best_key = key;
      best = std::move(p);
    }
  }
  if (best.units.empty()) return std::nullopt;
  if (packed == nullptr)
    fit_synapses(k, best, sharers - group.count + static_cast<std::int64_t>(best.units.size()));
  return best;
}

}  // namespace unna
