#include "compiler/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "compiler/branches.h"
#include "compiler/emit.h"
#include "compiler/lower.h"
#include "compiler/partition.h"
#include "compiler/pieces.h"
#include "compiler/schedule.h"
#include "compiler/synapses.h"
#include "compiler/tokens.h"
#include "cost/timing.h"
#include "isa/dimensions.h"

namespace unna {
namespace {

/// A barrier's price beyond its own latency: engines drain before it and fill again after it.
Cycle barrier_cost(const MachineConfig& m) {
  return m.sync.barrier_cycles + 2 * m.dram.latency_cycles + 2 * pipeline_cycles(m.core);
}

/// The plans of one kernel, or of branches side by side.
struct PlannedRegion {
  std::vector<KernelPlan> plans;
  bool parallel = false;
};

/// The same plans with a barrier after each layer: between all cores, but within branches side by
/// side between the cores of a branch.
Schedule meet_after_layers(const LoweredGraph& graph, const MachineConfig& machine,
                           std::vector<PlannedRegion> regions) {
  Scheduler scheduler(graph, machine.cores);
  for (PlannedRegion& region : regions) {
    scheduler.meet_all();
    for (KernelPlan& plan : region.plans) scheduler.add_after_layers(std::move(plan));
  }
  return scheduler.finish();
}

Schedule make_schedule(const LoweredGraph& graph, const MachineConfig& machine,
                       const CompileOptions& options) {
  Partitioner partitioner(graph, machine, options.partition);
  Scheduler scheduler(graph, machine.cores);
  const SyncCost sync = [&](const std::vector<UnitOfWork>& units) {
    return scheduler.needs_barrier(units) ? barrier_cost(machine) : Cycle{0};
  };
  const bool branches =
      options.partition == Partition::branches || options.partition == Partition::automatic;
  const bool forced = options.partition == Partition::branches;
  std::vector<PlannedRegion> planned;
  bool parallel = false;
  const auto add = [&](PlannedRegion region) {
    if (options.barriers == Barriers::layers) planned.push_back(region);
    parallel = parallel || region.parallel;
    for (KernelPlan& p : region.plans) scheduler.add(std::move(p));
  };
  for (const KernelRegion& region : find_regions(graph)) {
    if (branches && machine.cores > 1 && region.branches.size() > 1) {
      std::vector<KernelPlan> plans =
          plan_branches(region, machine.cores, partitioner, sync, forced);
      if (!plans.empty()) {
        add({std::move(plans), true});
        continue;
      }
    }
    for (const KernelId k : region.kernels)
      add({{partitioner.plan(k, {0, machine.cores}, machine.cores, sync)}, false});
  }
  Schedule schedule = options.barriers == Barriers::layers
                          ? meet_after_layers(graph, machine, std::move(planned))
                          : scheduler.finish();
  schedule.parallel = parallel;
  return schedule;
}

Instruction barrier_instruction(const ScheduleItem& item, OpId layer) {
  Instruction i(Opcode::barrier, layer);
  i.set(Operand::id, item.serial);
  i.set(Operand::mask_lo, static_cast<std::uint32_t>(item.cores));
  i.set(Operand::mask_hi, static_cast<std::uint32_t>(item.cores >> 32U));
  return i;
}

/// A barrier belongs to the layer of the unit that follows it.
OpId layer_after(const Schedule& s, const std::vector<ScheduleItem>& items, std::size_t at) {
  for (std::size_t i = at; i < items.size(); ++i)
    if (items[i].kind == ScheduleItem::Kind::unit)
      return OpId(s.units[items[i].unit].kernel.index());
  for (std::size_t i = at; i-- > 0;)
    if (items[i].kind == ScheduleItem::Kind::unit)
      return OpId(s.units[items[i].unit].kernel.index());
  return OpId(0);
}

std::vector<Instruction> emit_core(const Schedule& s, const std::vector<ScheduleItem>& items,
                                   const EmitContext& context, const std::vector<bool>& constants) {
  std::vector<Instruction> stream;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].kind == ScheduleItem::Kind::barrier) {
      stream.push_back(barrier_instruction(items[i], layer_after(s, items, i)));
      continue;
    }
    const UnitOfWork& unit = s.units[items[i].unit];
    const Kernel& kernel = context.graph.kernels[unit.kernel.index()];
    const KernelPlan& plan = s.plans[s.plan_of_unit[items[i].unit]];
    Emitter emitter(context, kernel, OpId(unit.kernel.index()), stream, plan.synapses.get());
    emit_unit(emitter, plan.tile, unit.box);
  }
  hoist_constant_loads(stream, constants);
  insert_tokens(stream, context.element, context.core.accumulator_bytes);
  stream.emplace_back(Opcode::halt, stream.empty() ? OpId(0) : stream.back().op);
  stream.shrink_to_fit();
  return stream;
}

/// Bytes of an operand, each once: dimensions that are broadcast count once.
Bytes operand_bytes(const LoweredGraph& g, const Kernel& k, const KernelInput& in) {
  std::int64_t elements = product(in.dims);
  if (k.kind == KernelKind::conv || k.kind == KernelKind::dwconv || k.kind == KernelKind::pool) {
    // Strided windows may skip whole rows and columns.
    const Box all{{0, 0, 0, 0, 0}, k.dims};
    elements = std::min(elements, input_box(k, 0, all).elements());
  }
  return elements * g.storage(in.access.storage).element;
}

LayerInfo layer_info(const LoweredGraph& g, const Kernel& k) {
  LayerInfo info{k.name, std::string(kKernelKindNames[static_cast<std::size_t>(k.kind)]), k.macs,
                 0};
  if (k.weights && g.storage(*k.weights).indexed_bytes) {
    const Storage& s = g.storage(*k.weights);
    info.pruned_macs = k.macs / s.elements * (s.elements - s.kept->count());
  }
  for (const KernelInput& in : k.in) info.compulsory_bytes += operand_bytes(g, k, in);
  for (const auto& constant : {k.weights, k.bias})
    if (constant) {
      const Storage& s = g.storage(*constant);
      info.compulsory_bytes += s.indexed_bytes.value_or(s.elements * s.element);
    }
  info.compulsory_bytes += product(k.dims) * g.storage(k.out.storage).element * (k.out2 ? 2 : 1);
  return info;
}

/// Which layers write and read each intermediate buffer, as the instructions do.
std::vector<TopologyUse> topology_of(const Object& object) {
  std::vector<std::set<OpId>> writers(object.buffers.size());
  std::vector<std::set<OpId>> readers(object.buffers.size());
  for (const auto& stream : object.streams)
    for (const Instruction& i : stream) {
      if (!i.has(Operand::buf)) continue;
      auto& uses = i.opcode == Opcode::store ? writers : readers;
      uses[i.get(Operand::buf)].insert(i.op);
    }
  std::vector<TopologyUse> all;
  for (std::size_t b = 0; b < object.buffers.size(); ++b)
    if (object.buffers[b].kind == BufferKind::intermediate)
      all.push_back({BufferId(b),
                     {writers[b].begin(), writers[b].end()},
                     {readers[b].begin(), readers[b].end()}});
  return all;
}

std::vector<Parameter> parameters_of(const LoweredGraph& g, const Schedule& s, const Pieces& pieces,
                                     const CoreConfig& core) {
  std::vector<Parameter> all(g.storages.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].buffer = pieces.cuts(StorageId(i)).first;
    all[i].recipe = g.storages[i].recipe;
    all[i].unit = static_cast<double>(g.storages[i].scale);
    all[i].channels = g.storages[i].scaled_channels;
    all[i].scaling = g.storages[i].scaling;
  }
  for (const KernelPlan& plan : s.plans) {
    const Kernel& k = g.kernels[plan.kernel.index()];
    if (k.bias) all[k.bias->index()].accumulators = true;
    if (!k.weights || !std::holds_alternative<MacTile>(plan.tile)) continue;
    Parameter& p = all[k.weights->index()];
    p.inputs = k.in[0].dims[kC] / k.groups;
    p.taps = k.window.kernel_h * k.window.kernel_w;
    std::vector<SynapseBlock> blocks = synapse_blocks(plan, k);
    invariant(p.blocks.empty() || p.blocks == blocks, "{}: its synapses are packed in another way",
              k.name);
    p.blocks = std::move(blocks);
    if (plan.synapses) {
      const Storage& storage = g.storage(*k.weights);
      p.indexing = Parameter::Indexing{storage.kept, core.index_bits, storage.element};
    }
  }
  std::vector<Parameter> weights;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (g.storages[i].kind == BufferKind::weight) weights.push_back(std::move(all[i]));
  return weights;
}

Placement placement_of(const LoweredGraph& g, const Pieces& pieces) {
  Placement placement;
  for (std::size_t i = 0; i < g.storages.size(); ++i) {
    const StorageCuts& cuts = pieces.cuts(StorageId(i));
    placement.storages.push_back({g.storages[i].channels, cuts.row_cuts, cuts.channel_cuts,
                                  cuts.first, g.storages[i].element, g.storages[i].scale});
  }
  for (const TensorPlace& t : g.tensors)
    placement.tensors.push_back({t.tensor, t.storage.index(), t.offset, t.strides});
  return placement;
}

std::string dump_partition(const LoweredGraph& g, const Schedule& s) {
  std::string out;
  for (const KernelPlan& p : s.plans) {
    out +=
        fmt::format("{:<32} {:<10} batch {} x rows {} x channels {} on cores {}..{}, estimate {}\n",
                    g.kernels[p.kernel.index()].name,
                    kKernelKindNames[static_cast<std::size_t>(g.kernels[p.kernel.index()].kind)],
                    p.grid.batch, p.grid.rows, p.grid.channels, p.units.front().core.value,
                    p.units.back().core.value, p.estimate);
  }
  return out + fmt::format("{} barriers\n", s.barriers);
}

std::string dump_tiles(const LoweredGraph& g, const Schedule& s) {
  std::string out;
  for (const KernelPlan& p : s.plans)
    out += fmt::format("{:<32} {}\n", g.kernels[p.kernel.index()].name, describe(p.tile));
  return out;
}

/// Instructions have offsets of 32 bits.
void require_addressable(const std::vector<BufferInfo>& buffers) {
  constexpr Bytes kMost = std::numeric_limits<std::uint32_t>::max();
  for (const BufferInfo& b : buffers)
    if (b.size > kMost)
      throw CapacityError(
          fmt::format("{} takes {} bytes, expected less than 4 GiB: instructions "
                      "have offsets of 32 bits",
                      b.name, b.size));
}

/// What is stored step-indexed takes other sizes.
void set_indexed_bytes(LoweredGraph& g, const Schedule& s) {
  for (const KernelPlan& plan : s.plans) {
    if (!plan.synapses) continue;
    Storage& storage = g.storages[g.kernels[plan.kernel.index()].weights->index()];
    invariant(!storage.indexed_bytes || storage.indexed_bytes == plan.synapses->bytes(),
              "{}: its synapses are indexed in another way", storage.name);
    storage.indexed_bytes = plan.synapses->bytes();
  }
}

}  // namespace

CompileResult compile(const Graph& graph, const MachineConfig& machine,
                      const CompileOptions& options) {
  LoweredGraph lowered = lower(canonicalise(graph), machine);
  if (machine.core.indexing == Indexing::step) attach_masks(graph, lowered);
  const Schedule schedule = make_schedule(lowered, machine, options);
  set_indexed_bytes(lowered, schedule);
  const Pieces pieces(
      lowered, cut_storages(lowered, schedule.written, options.granularity != Granularity::tensor,
                            options.granularity == Granularity::band ? options.bands : 1));
  const Bytes element = element_bytes(machine.data_type);
  const EmitContext context{lowered, pieces, machine.core, element};

  CompileResult result;
  Object& object = result.object;
  object.network = graph.name;
  object.data_type = machine.data_type;
  object.core = machine.core;
  object.buffers = pieces.buffers();
  require_addressable(object.buffers);
  for (const Kernel& k : lowered.kernels) object.layers.push_back(layer_info(lowered, k));
  object.layer_inputs = schedule.layer_inputs;
  object.parallel_layers = schedule.parallel;
  std::vector<bool> constants;
  for (const BufferInfo& b : object.buffers) constants.push_back(b.kind == BufferKind::weight);
  for (const auto& items : schedule.cores)
    object.streams.push_back(emit_core(schedule, items, context, constants));
  object.topology = topology_of(object);

  result.parameters = parameters_of(lowered, schedule, pieces, machine.core);
  result.placement = placement_of(lowered, pieces);
  result.graph = dump(lowered);
  result.partition = dump_partition(lowered, schedule);
  result.tiles = dump_tiles(lowered, schedule);
  return result;
}

}  // namespace unna
