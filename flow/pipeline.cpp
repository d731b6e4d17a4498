#include "flow/pipeline.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "base/error.h"
#include "base/host.h"
#include "base/version.h"
#include "compiler/adapt.h"
#include "flow/functional_run.h"
#include "flow/peak.h"
#include "flow/process_pool.h"
#include "flow/transfer.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "text/units.h"

namespace unna {

namespace {

/// The first few of a list of breaches, one a line.
template <class Messages, class Text>
void require_none(const Messages& messages, const char* what, Text&& text) {
  if (messages.empty()) return;
  std::string all = what;
  for (const auto& message : messages) all += "\n  " + text(message);
  throw InternalError(all);
}

std::string message_of(const Violation& violation) {
  return violation.message;
}
std::string message_of(const ShadowViolation& violation) {
  return violation.message;
}
std::string message_of(const std::string& text) {
  return text;
}

template <class Messages>
void require_none(const Messages& messages, const char* what) {
  require_none(messages, what, [](const auto& message) { return message_of(message); });
}

}  // namespace

Executed execute(const Compiled& compiled) {
  return execute(compiled, compiled.machine.config);
}

namespace {

/// For SimOptions::trace: counts the instructions that have completed.
std::function<void(const TraceEvent&)> counting(const Object& object, std::string_view stage,
                                                const ProgressSink& progress) {
  if (!progress) return {};
  StageProgress now{stage, 0, 0, 0};
  for (const auto& stream : object.streams) now.total += stream.size();
  progress(now);
  return [now, &progress](const TraceEvent& event) mutable {
    constexpr std::size_t kOften = 1024;
    now.cycles = std::max(now.cycles, event.end);
    if (++now.done % kOften == 0) progress(now);
  };
}

}  // namespace

Executed execute(const Compiled& compiled, const MachineConfig& machine,
                 const ProgressSink& progress) {
  const Stopwatch watch;
  Executed executed;
  for (const BufferInfo& buffer : compiled.object->buffers)
    if (buffer.kind == BufferKind::intermediate)
      executed.without_sharing += round_up(buffer.size, machine.dram.alignment_bytes);
  const Image image =
      link(compiled.object, identity_layout(*compiled.object, machine.dram.alignment_bytes),
           std::numeric_limits<Bytes>::max());
  SimOptions options;
  options.trace = counting(*compiled.object, "simulating", progress);
  executed.trace = trace_of(image, machine, std::move(options), &executed.result);
  require_none(conservation_breaches(compiled.graph, *compiled.object, machine, executed.result),
               "the simulation does not add up:");
  executed.seconds = watch.seconds();
  return executed;
}

PlanProblem problem_of(const Compiled& compiled, const Executed& executed, LivenessKind kind) {
  const Bytes alignment = compiled.machine.config.dram.alignment_bytes;
  if (kind == LivenessKind::topology)
    return make_problem(topology_liveness(*compiled.object), alignment);
  if (kind == LivenessKind::observed)
    return make_problem(observed_liveness(executed.trace), alignment,
                        true);  // compared, never used
  invariant(kind == LivenessKind::instruction, "no layout is planned from {} liveness",
            kLivenessNames[static_cast<std::size_t>(kind)]);
  return make_problem(instruction_liveness(executed.trace), alignment);
}

Planned lay_out(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
                Plan plan) {
  const Object& object = *compiled.object;
  const Bytes alignment = compiled.machine.config.dram.alignment_bytes;
  Planned planned;
  planned.plan = std::move(plan);
  planned.layout = layout_from_offsets(
      object,
      member_offsets(problem, planned.plan, object.buffers.size(), object.buffers, alignment),
      alignment);
  MemoryFigures& figures = planned.figures;
  figures.planner = planned.plan.planner;
  figures.liveness = kLivenessNames[static_cast<std::size_t>(problem.lifetimes.kind)];
  figures.buffers = problem.buffers.size();
  figures.without_sharing = executed.without_sharing;
  figures.peak = planned.plan.peak;
  figures.lower_bound = planned.plan.lower_bound;
  figures.proved_optimal = planned.plan.proved_optimal;
  figures.total = planned.layout.total_bytes;
  figures.seed = planned.plan.seed;
  figures.note = planned.plan.note;
  return planned;
}

Planned plan_memory(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
                    const std::string& name, const PlanOptions& options) {
  const Stopwatch watch;
  Planned planned = lay_out(compiled, executed, problem, run_planner(name, problem, options));
  planned.seconds = watch.seconds();
  return planned;
}

void require_fit(const Compiled& compiled, const PlanProblem& problem, const Layout& layout) {
  const MachineConfig& machine = compiled.machine.config;
  const Bytes capacity = dram_capacity(machine);
  Bytes needed = layout.total_bytes;
  if (!compiled.left_out.empty())
    needed += left_out_work(compiled.left_out, *compiled.object,
                            work_of(*compiled.object, machine.core), machine.dram.alignment_bytes)
                  .outside();
  if (needed <= capacity) return;
  throw CapacityError(fmt::format(
      "{} needs {} bytes of DRAM, {} of them for intermediates: {} more than the {} of {}; in use "
      "together at the peak: {}",
      compiled.object->network, grouped(needed), grouped(layout.arena_bytes),
      grouped(needed - capacity), grouped(capacity), machine.name, peak_text(problem)));
}

Validated validate(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
                   Planned& planned, const ValidateOptions& options) {
  const ProgressSink& progress = options.progress;
  if (progress) progress({"checking the plan", 0, 0, 0});
  Validated validated;
  ValidationFigures& done = validated.figures;
  done.conservation = true;  // execute() has thrown otherwise
  require_none(check_plan(problem, planned.plan), "the plan is not valid:");
  const auto unordered = check_layout(executed.trace, planned.layout);
  if (problem.lifetimes.kind == LivenessKind::topology && !unordered.empty()) {
    planned.figures.unsafe = unordered.front().message;
    return validated;
  }
  if (problem.lifetimes.kind == LivenessKind::observed) {
    planned.figures.unsafe = unordered.empty()
                                 ? "time stamps of one run prove nothing of the next one"
                                 : unordered.front().message;
    return validated;
  }
  require_none(unordered, "the layout is not valid:");
  done.checker = true;
  const Image image = link(compiled.object, planned.layout, std::numeric_limits<Bytes>::max());
  const MachineConfig untimed = with_ideal_memory(compiled.machine.config);
  SimOptions sim;
  sim.shadow = true;
  sim.trace = counting(*compiled.object, "replaying", progress);
  const bool measured = options.timing == ReplayTiming::measured;
  SimResult replay = simulate(image, measured ? compiled.machine.config : untimed, sim);
  require_none(replay.violations, "the replay reads bytes of another buffer:");
  done.shadow = true;
  if (measured) validated.shared = std::move(replay);
  for (std::int64_t i = 0; i < options.perturbed; ++i) {
    sim.perturb = options.seed + static_cast<std::uint64_t>(i);
    sim.trace = counting(*compiled.object, "replaying under random delays", progress);
    require_none(simulate(image, untimed, sim).violations,
                 "the replay under random delays reads bytes of another buffer:");
    ++done.perturbed;
  }
  return validated;
}

namespace {

std::string result_of(ChildWork& child) {
  ChildOutcome outcome = child.wait();
  if (!outcome.ok()) throw InternalError(outcome.text);
  return std::move(outcome.text);
}

struct StageSeconds {
  double plan = 0, validate = 0;
};

/// The stages behind the compiler, with what they say in the report.
StageSeconds execute_and_plan(Run& run, const RunOptions& options) {
  const MachineConfig& machine = run.compiled.machine.config;
  // Lifetimes are those of the instructions under any timing, so that a plan need not wait for the
  // slower memory model. With it, the layouts without sharing and with are simulated at once.
  const bool at_once = options.concurrent && machine.dram.model == DramModel::banked;
  run.executed =
      execute(run.compiled, at_once ? with_ideal_memory(machine) : machine, options.progress);
  if (options.progress) options.progress({"planning", 0, 0, 0});
  const Stopwatch planning;
  const PlanProblem problem = problem_of(run.compiled, run.executed, LivenessKind::instruction);
  run.planned = plan_memory(run.compiled, run.executed, problem, options.planner, options.plan);
  StageSeconds seconds;
  seconds.plan = planning.seconds();
  require_fit(run.compiled, problem, run.planned.layout);

  Stopwatch validating;
  const auto validated_here = [&](const ProgressSink& progress) {
    const ReplayTiming timing =
        machine.dram.model == DramModel::banked ? ReplayTiming::measured : ReplayTiming::any;
    return validate(run.compiled, run.executed, problem, run.planned,
                    {options.perturbed, options.plan.seed, timing, progress});
  };
  Validated validated;
  if (at_once) {
    if (options.progress) options.progress({"replaying", 0, 1, 0});  // no clock runs in a child
    ChildWork child([&] { return packed(validated_here({})); });
    run.executed = execute(run.compiled, machine, options.progress);
    validating = Stopwatch();  // what is left to wait for
    validated = unpacked<Validated>(result_of(child));
  } else {
    validated = validated_here(options.progress);
  }
  run.report.validation = validated.figures;
  if (validated.shared && validated.shared->memory) run.report.shared = std::move(validated.shared);
  seconds.validate = validating.seconds();
  return seconds;
}

/// What was run, on what, and what came out of it.
void fill_report(Run& run, const RunOptions& options) {
  const Compiled& compiled = run.compiled;
  const Object& object = *compiled.object;
  RunReport& report = run.report;
  report.version = kVersion;
  report.network = object.network;
  report.network_file = compiled.network_file;
  report.machine_file = compiled.machine.file;
  report.machine = compiled.machine.config;
  report.granularity = kGranularityNames[static_cast<std::size_t>(options.compile.granularity)];
  report.bands = options.compile.bands;
  report.partition = kPartitionNames[static_cast<std::size_t>(options.compile.partition)];
  report.barriers = kBarriersNames[static_cast<std::size_t>(options.compile.barriers)];
  report.seed = options.plan.seed;
  for (const auto& stream : object.streams) report.instructions += stream.size();
  report.layers = object.layers.size();
  report.buffers = object.buffers;
  report.result = run.executed.result;
  report.layer_times = layer_times(run.executed.trace, report.machine.core);
  report.work = work_of(object, report.machine.core);
  report.roofline = roofline(compiled.graph, object, report.machine);
  report.memory = run.planned.figures;
  if (!compiled.left_out.empty()) report.whole = whole_network(report, object, compiled.left_out);
}

}  // namespace

Run run_network(const NetworkChoice& network, const ChosenMachine& machine,
                const RunOptions& options, bool timing) {
  const Stopwatch reading;
  ReadNetwork read = read_network(network);
  const double read_seconds = reading.seconds();
  Run run = run_network(std::move(read), machine, options, timing);
  if (run.report.host) {
    run.report.host->compile_seconds += read_seconds;
    run.report.host->total_seconds += read_seconds;
  }
  return run;
}

Run run_network(ReadNetwork network, const ChosenMachine& machine, const RunOptions& options,
                bool timing) {
  const Stopwatch total;
  Run run;
  network.graph = adapted(std::move(network.graph), machine.config);
  run.report.energy_table = options.energy ? load_energy(*options.energy) : default_energy();
  if (options.energy)
    run.report.energy_file = InputFile{options.energy->string(), run.report.energy_table.hash};
  std::optional<NetworkValues> values;
  OnnxHost host;
  if (options.functional) check_computable(machine.config, machine.places);
  double functional_seconds = 0;
  if (options.functional) {
    const Stopwatch giving;
    values = give_values(network.graph, network.host, machine.config.data_type, *options.functional,
                         options.plan.seed);
    host = std::move(network.host);
    functional_seconds = giving.seconds();
  }
  if (options.progress) options.progress({"compiling", 0, 0, 0});
  run.compiled = compile_read(std::move(network), machine, options.compile, options.blocks);
  const StageSeconds seconds = execute_and_plan(run, options);
  fill_report(run, options);
  if (values) {
    if (options.progress) options.progress({"computing values", 0, 0, 0});
    const Stopwatch computing;
    FunctionalOutcome outcome =
        run_functional(run.compiled, run.executed, run.planned.layout, *values,
                       options.functional->check, options.perturbed, options.plan.seed);
    run.report.functional = std::move(outcome.figures);
    run.outputs = model_outputs(host, *values, outcome.outputs);
    functional_seconds += computing.seconds();
  }
  if (timing)
    run.report.host = HostFigures{run.compiled.seconds,
                                  run.executed.seconds,
                                  seconds.plan,
                                  seconds.validate,
                                  values ? std::optional(functional_seconds) : std::nullopt,
                                  total.seconds(),
                                  max_rss_kib()};
  return run;
}

}  // namespace unna
