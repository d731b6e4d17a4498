#include "flow/step_programs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/host.h"
#include "compiler/adapt.h"
#include "energy/model.h"
#include "energy/work.h"
#include "memmgr/checker.h"
#include "report/conservation.h"
#include "report/layer_times.h"
#include "text/units.h"

namespace unna {
namespace {

/// Programs of this many instructions in all are kept: some 50 MB.
constexpr std::size_t kMostKept = 1U << 19U;

std::size_t instructions_of(const Object& object) {
  std::size_t count = 0;
  for (const auto& stream : object.streams) count += stream.size();
  return count;
}

/// FNV-1a of which opcodes run for which layers, core by core. Two kinds of one hash would only
/// share their lines.
std::uint64_t kind_of(const Object& object) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto take = [&](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3; };
  for (const auto& stream : object.streams) {
    take(stream.size());
    for (const Instruction& i : stream) {
      take(static_cast<std::uint64_t>(i.opcode));
      take(i.op.index());
    }
  }
  return hash;
}

std::string name_of(const StepShape& shape) {
  return fmt::format("the run of {} behind {}", counted(shape.length, "token"), shape.past);
}

}  // namespace

StepPrograms::StepPrograms(const NetworkChoice& network, const ChosenMachine& machine,
                           const RunOptions& options, std::int64_t context)
    : machine_(machine),
      options_(options),
      family_(network, context),
      energy_(options.energy ? load_energy(*options.energy) : default_energy()),
      memory_(machine.config.dram.alignment_bytes) {}

void StepPrograms::progress(std::string_view stage, std::size_t done, std::size_t total) const {
  if (options_.progress) options_.progress({stage, done, total, 0});
}

void StepPrograms::pack(const StepShape& shape) {
  invariant(!packed_, "weights are packed twice");
  progress("compiling", 0, 0);
  packed_ = std::make_shared<const PackedWeights>(compiled(shape).packed);
  kept_.clear();
  kept_instructions_ = 0;
}

Compiled StepPrograms::compiled(const StepShape& shape) {
  if (const auto kept = kept_.find(shape); kept != kept_.end()) return kept->second;
  const Stopwatch watch;
  ReadNetwork read = family_.at(shape);
  CompileOptions options = options_.compile;
  options.packed = packed_;
  Compiled made = compile_graph(adapted(std::move(read.graph), machine_.config), machine_, options,
                                options_.blocks);
  made.network_file = std::move(read.file);
  compile_seconds += watch.seconds();
  const std::size_t instructions = instructions_of(*made.object);
  if (kept_instructions_ + instructions <= kMostKept) {
    kept_instructions_ += instructions;
    kept_.emplace(shape, made);
  }
  return made;
}

void StepPrograms::plan() {
  const Stopwatch watch;
  memory_.plan(options_.planner, options_.plan);
  plan_seconds += watch.seconds();
}

bool StepPrograms::is_safe(const Object& object) const {
  return memory_.fits(object) && check_layout(order_of(object), memory_.layout(object)).empty();
}

void StepPrograms::prove(const std::vector<StepShape>& seen, const std::vector<StepShape>& all) {
  for (const StepShape& shape : seen) {
    const Compiled program = compiled(shape);
    memory_.add(*program.object);
    left_out_ = program.left_out;
    const LeftOutWork more =
        left_out_work(left_out_, *program.object, work_of(*program.object, machine_.config.core),
                      machine_.config.dram.alignment_bytes);
    for (std::size_t k = 0; k < more.bytes.size(); ++k)
      left_out_bytes_[k] = std::max(left_out_bytes_[k], more.bytes[k]);
  }
  plan();
  std::string network;
  for (std::size_t i = 0; i < all.size();) {
    progress("checking the layout", i, all.size());
    const Compiled program = compiled(all[i]);
    network = program.object->network;
    if (!outlines_.contains(all[i])) outlines_.emplace(all[i], outline_of(program));
    ++i;
    if (is_safe(*program.object)) continue;
    invariant(memory_.add(*program.object), "{}: the plan has seen it and is not safe",
              name_of(all[i - 1]));
    plan();
    i = 0;
  }
  require_fit(network);
}

void StepPrograms::require(const StepShape& shape) {
  const Compiled program = compiled(shape);
  if (is_safe(*program.object)) return;
  memory_.add(*program.object);
  plan();
}

void StepPrograms::require_fit(const std::string& network) const {
  const Bytes capacity = dram_capacity(machine_.config);
  const GenerateFootprint needed = footprint();
  if (needed.total <= capacity) return;
  throw CapacityError(
      fmt::format("{} needs {} bytes of DRAM ({} of weights, {} of caches), {} more than the {} of "
                  "{}",
                  network, grouped(needed.total), grouped(needed.weights), grouped(needed.states),
                  grouped(needed.total - capacity), grouped(capacity), machine_.config.name));
}

Layout StepPrograms::layout(const Object& object, std::int64_t slot) const {
  Layout layout = memory_.layout(object);
  for (std::size_t b = 0; b < layout.base.size(); ++b)
    if (object.buffers[b].kind == BufferKind::state)
      layout.base[b] += slot * object.buffers[b].size;
  return layout;
}

StepFigures StepPrograms::simulate(const StepShape& shape, std::int64_t perturbed,
                                   std::int64_t slot) {
  const Compiled step = compiled(shape);
  const std::string name = name_of(shape);
  const Stopwatch watch;
  const auto require_none = [&](const auto& messages, const auto& text) {
    if (!messages.empty()) throw InternalError(fmt::format("{}: {}", name, text(messages.front())));
  };
  const Image image = link(step.object, layout(*step.object, slot), memory_.total());
  SimOptions sim;
  sim.shadow = true;
  const MachineConfig& machine = machine_.config;
  SimResult result;
  Trace trace;
  if (step.left_out.empty())
    result = unna::simulate(image, machine, sim);
  else
    trace = trace_of(image, machine, sim, &result);
  const auto message = [](const ShadowViolation& v) { return v.message; };
  require_none(result.violations, message);
  require_none(conservation_breaches(step.graph, *step.object, machine, result),
               [](const std::string& text) { return text; });
  for (std::int64_t i = 0; i < perturbed; ++i) {
    sim.perturb = options_.plan.seed + static_cast<std::uint64_t>(i);
    require_none(unna::simulate(image, with_ideal_memory(machine), sim).violations, message);
  }
  simulate_seconds += watch.seconds();
  return figures(shape, step, trace, result);
}

StepOutline StepPrograms::outline_of(const Compiled& program) const {
  const Object& object = *program.object;
  const MachineConfig& machine = machine_.config;
  StepOutline outline{kind_of(object), instruction_traffic(object), 0, 0};
  for (const LayerInfo& layer : object.layers)
    outline.macs += static_cast<double>(layer.executed_macs());
  const Work work = work_of(object, machine.core);
  const LeftOutWork more =
      left_out_work(program.left_out, object, work, machine.dram.alignment_bytes);
  outline.macs += more.macs;
  outline.traffic.read += more.traffic.read;
  outline.traffic.written += more.traffic.written;
  outline.work_pj = activity_energy(work.activity(), machine, energy_).total() +
                    activity_energy(more.activity, machine, energy_).total();
  return outline;
}

StepFigures StepPrograms::figures(const StepShape& shape, const Compiled& program,
                                  const Trace& trace, const SimResult& result) const {
  const Object& object = *program.object;
  RunReport run;
  run.machine = machine_.config;
  run.result = result;
  run.work = work_of(object, machine_.config.core);
  run.energy_table = energy_;
  if (!program.left_out.empty()) run.layer_times = layer_times(trace, machine_.config.core);
  const WholeNetwork whole = whole_network(run, object, program.left_out);
  return {shape.past,      shape.length,    true,
          whole.cycles,    whole.dram_read, whole.dram_written,
          whole.energy_pj, whole.macs,      outline_of(program).work_pj};
}

GenerateFootprint StepPrograms::footprint() const {
  const auto more = [&](BufferKind kind) {
    return left_out_bytes_[static_cast<std::size_t>(kind)];
  };
  const auto bytes = [&](BufferKind kind) { return memory_.bytes(kind) + more(kind); };
  return {bytes(BufferKind::weight),
          bytes(BufferKind::state),
          memory_.plan().peak,
          bytes(BufferKind::input) + bytes(BufferKind::output),
          memory_.total() + more(BufferKind::weight) + more(BufferKind::state) +
              more(BufferKind::input) + more(BufferKind::output),
          memory_.plan().lower_bound,
          memory_.plan().planner};
}

}  // namespace unna
