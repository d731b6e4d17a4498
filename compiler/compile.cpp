#include "compiler/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "compiler/cuts.h"
#include "compiler/emit.h"
#include "compiler/lower.h"
#include "compiler/partition.h"
#include "compiler/pieces.h"
#include "compiler/schedule.h"
#include "compiler/synapses.h"
#include "compiler/tokens.h"
#include "compiler/unit_uses.h"
#include "compiler/walk_schedule.h"
#include "isa/dimensions.h"

namespace unna {
namespace {

Instruction barrier_instruction(const ScheduleItem& item, OpId layer) {
  Instruction i(Opcode::barrier, layer);
  i.set(Operand::id, item.serial);
  i.set(Operand::mask_lo, static_cast<std::uint32_t>(item.cores));
  i.set(Operand::mask_hi, static_cast<std::uint32_t>(item.cores >> 32U));
  return i;
}

/// A core's semaphores have the numbers of the cores that signal them.
Instruction signal_instruction(Opcode opcode, OpId layer, CoreId peer, CoreId signaller) {
  Instruction i(opcode, layer);
  i.set(Operand::core, peer.value);
  i.set(Operand::sem, signaller.value);
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

std::vector<Instruction> emit_core(const Schedule& s, CoreId core, const EmitContext& context,
                                   const std::vector<bool>& constants) {
  const std::vector<ScheduleItem>& items = s.cores[core.index()];
  std::vector<Instruction> stream;
  SlotTurns turns;
  std::map<std::size_t, StayingSynapses> staying;  // by plan
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ScheduleItem& item = items[i];
    if (item.kind == ScheduleItem::Kind::barrier) {
      stream.push_back(barrier_instruction(item, layer_after(s, items, i)));
      continue;
    }
    const UnitOfWork& unit = s.units[item.unit];
    const OpId layer(unit.kernel.index());
    if (item.kind == ScheduleItem::Kind::wait) {
      stream.push_back(signal_instruction(Opcode::wait, layer, item.peer, item.peer));
    } else if (item.kind == ScheduleItem::Kind::signal) {
      stream.push_back(signal_instruction(Opcode::signal, layer, item.peer, core));
    } else {
      const Kernel& kernel = context.graph.kernels[unit.kernel.index()];
      const std::size_t p = s.plan_of_unit[item.unit];
      const KernelPlan& plan = s.plans[p];
      Emitter emitter(context, kernel, layer, stream, plan);
      if (plan.walked) emitter.turns = &turns;
      if (plan.sb.stay) {
        if (!staying.contains(p)) staying.emplace(p, StayingSynapses::of(plan, core));
        emitter.staying = &staying.at(p);
      }
      emit_unit(emitter, s.tiles[s.tile_of_unit[item.unit]], unit.box);
    }
  }
  hoist_constant_loads(stream, constants);
  insert_tokens(stream, context.element, context.core.accumulator_bytes, constants);
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
  if (k.weights && g.storage(*k.weights).packed_bytes && g.storage(*k.weights).kept) {
    const Storage& s = g.storage(*k.weights);
    info.pruned_macs = k.macs / s.elements * (s.elements - s.kept->count());
  }
  for (const KernelInput& in : k.in) info.compulsory_bytes += operand_bytes(g, k, in);
  for (const auto& constant : {k.weights, k.bias})
    if (constant) {
      const Storage& s = g.storage(*constant);
      info.compulsory_bytes += s.packed_bytes.value_or(s.elements * s.element);
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
    all[i].buffer = pieces.cuts(StorageId(i)).first();
    all[i].recipe = g.storages[i].recipe;
    all[i].quantisation = g.storages[i].quantisation;
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
      if (plan.synapses->format())
        p.groups = Parameter::Grouping{*plan.synapses->format(), storage.element};
      else
        p.indexing = Parameter::Indexing{storage.kept, core.index_bits, storage.element};
    }
  }
  std::vector<Parameter> weights;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (g.storages[i].kind == BufferKind::weight) weights.push_back(std::move(all[i]));
  return weights;
}

PackedWeights packed_weights(const LoweredGraph& g, const Schedule& s) {
  PackedWeights all;
  for (const KernelPlan& plan : s.plans) {
    const Kernel& k = g.kernels[plan.kernel.index()];
    if (k.weights && std::holds_alternative<MacTile>(plan.tile))
      all.emplace(g.storage(*k.weights).name, packed_weight_of(plan, k));
  }
  return all;
}

Placement placement_of(const LoweredGraph& g, const Pieces& pieces) {
  Placement placement;
  for (std::size_t i = 0; i < g.storages.size(); ++i) {
    const Storage& s = g.storages[i];
    placement.storages.push_back(
        {s.channels, s.rows_per_line, pieces.cuts(StorageId(i)), s.element, s.quantisation});
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

std::vector<UnitTouch> touches_of(const LoweredGraph& graph, const Schedule& schedule) {
  std::vector<UnitTouch> touches;
  for (const UnitOfWork& u : schedule.units)
    touches.push_back({u.core, read_regions(graph, u), written_regions(graph, u)});
  return touches;
}

std::vector<StorageCuts> cut_storages(const LoweredGraph& graph, const Schedule& schedule,
                                      const CompileOptions& options) {
  switch (options.granularity) {
    case Granularity::tensor:
      return whole_storages(graph);
    case Granularity::slice:
      return cut_at_writes(graph, schedule.written, 1);
    case Granularity::band:
      return cut_at_writes(graph, schedule.written, options.bands);
    case Granularity::lifetime:
      return cut_by_lifetime(graph, touches_of(graph, schedule));
    case Granularity::automatic:
      return cut_where_cheap(graph, schedule.written, options.bands, touches_of(graph, schedule));
  }
  throw InternalError("no granularity");
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

/// What is stored step-indexed or in groups takes other sizes.
void set_packed_bytes(LoweredGraph& g, const Schedule& s) {
  for (const KernelPlan& plan : s.plans) {
    if (!plan.synapses) continue;
    Storage& storage = g.storages[g.kernels[plan.kernel.index()].weights->index()];
    invariant(!storage.packed_bytes || storage.packed_bytes == plan.synapses->bytes(),
              "{}: its synapses are packed in another way", storage.name);
    storage.packed_bytes = plan.synapses->bytes();
    if (plan.synapses->format())
      storage.kept = nullptr;  // groups have all of them
    else
      storage.format = std::nullopt;
  }
}

WalkPlan walk_plan(const LoweredGraph& graph, const MachineConfig& machine,
                   const CompileOptions& options) {
  if (options.schedule)
    return parse_walk_plan(options.schedule->text, options.schedule->file, graph, machine.cores);
  return options.walks ? *options.walks : layer_by_layer(graph);
}

}  // namespace

LoweredGraph lower_network(const Graph& graph, const MachineConfig& machine) {
  LoweredGraph lowered = lower(canonicalise(graph), machine);
  if (machine.core.expansion == Expansion::groups)
    attach_formats(graph, lowered, element_bytes(machine.data_type));
  if (machine.core.indexing == Indexing::step) attach_masks(graph, lowered);
  return lowered;
}

CompileResult compile(const Graph& graph, const MachineConfig& machine,
                      const CompileOptions& options) {
  LoweredGraph lowered = lower_network(graph, machine);
  const WalkPlan plan = walk_plan(lowered, machine, options);
  const Schedule schedule = schedule_walks(lowered, machine, options, plan);
  set_packed_bytes(lowered, schedule);
  const Pieces pieces(lowered, cut_storages(lowered, schedule, options));
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
  for (std::size_t core = 0; core < schedule.cores.size(); ++core)
    object.streams.push_back(emit_core(schedule, CoreId(core), context, constants));
  object.topology = topology_of(object);

  result.parameters = parameters_of(lowered, schedule, pieces, machine.core);
  result.placement = placement_of(lowered, pieces);
  result.packed = packed_weights(lowered, schedule);
  if (options.unit_uses) result.uses = unit_uses(lowered, schedule, pieces, object.buffers);
  result.graph = dump(lowered);
  result.partition = dump_partition(lowered, schedule);
  result.tiles = dump_tiles(lowered, schedule);
  result.schedule = to_text(plan, lowered);
  return result;
}

}  // namespace unna
