#include "flow/compare.h"

#include <utility>

#include "base/error.h"
#include "flow/fit.h"
#include "report/explain.h"

namespace unna {

namespace {

constexpr std::size_t kGainsShown = 10;

double seconds_at_clock(Cycle cycles, const MachineConfig& machine) {
  return static_cast<double>(cycles) / (static_cast<double>(machine.clock_mhz) * 1e6);
}

/// A plan of one planner under one kind of liveness, and whether it holds.
struct Judged {
  Planned planned;
  ValidationFigures validation;
};
Judged judge(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
             const std::string& planner, const CompareOptions& options) {
  Judged judged{plan_memory(compiled, executed, problem, planner, options.plan), {}};
  require_fit(compiled, problem, judged.planned.layout);
  judged.validation =
      validate(compiled, executed, problem, judged.planned, {options.perturbed, options.plan.seed})
          .figures;
  return judged;
}

/// The same network with a barrier after each layer, for which a topology plan has to be valid.
OtherProgram barrier_baseline(const Compiled& data, const CompareOptions& options) {
  CompileOptions compile = options.compile;
  compile.barriers = Barriers::layers;
  const Compiled compiled = compile_graph(data.graph, data.machine, compile);
  const Executed executed = execute(compiled);
  const PlanProblem problem = problem_of(compiled, executed, LivenessKind::topology);
  const Judged judged = judge(compiled, executed, problem, options.summary, options);
  if (judged.planned.figures.unsafe)
    throw InternalError("a topology plan of a program with a barrier after each layer: " +
                        *judged.planned.figures.unsafe);
  return {executed.result.cycles, seconds_at_clock(executed.result.cycles, data.machine.config),
          judged.planned.figures};
}

/// Of what `fit` finds, the least footprint within the limits, planned and validated; nothing where
/// that is no less than `layers`, the peak of layer by layer. The limits are against layer by layer
/// with the same kind of buffers as walks have (lifetime classes).
std::optional<OtherProgram> walked(const Compiled& data, Bytes layers,
                                   const CompareOptions& options) {
  FitOptions choice;
  choice.objective = FitObjective::footprint;
  choice.more_cycles = choice.more_bytes = options.walks;
  choice.partition = options.compile.partition;
  choice.jobs = options.jobs;
  choice.energy_table = default_energy();
  const FitResult found = fit(data.graph, data.machine, choice);
  if (found.fitting.empty()) return std::nullopt;
  const FitPoint* best = &found.points[found.fitting.front()];
  if (best->layer_by_layer) return std::nullopt;
  CompileOptions compile = options.compile;
  compile.granularity = Granularity::lifetime;
  compile.walks = best->walks;
  const Compiled compiled = compile_graph(data.graph, data.machine, compile);
  const Executed executed = execute(compiled);
  const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
  const Judged judged = judge(compiled, executed, problem, options.summary, options);
  if (judged.planned.plan.peak >= layers) return std::nullopt;
  return OtherProgram{executed.result.cycles,
                      seconds_at_clock(executed.result.cycles, data.machine.config),
                      judged.planned.figures};
}

}  // namespace

CompareCase compare_network(const NetworkChoice& network, const ChosenMachine& machine,
                            const CompareOptions& options) {
  const Compiled compiled = compile_network(network, machine, options.compile);
  const Executed executed = execute(compiled);
  CompareCase c;
  c.network = compiled.object->network;
  c.cores = machine.config.cores;
  c.machine = machine.config.name;
  c.cycles = executed.result.cycles;
  c.latency_seconds = seconds_at_clock(c.cycles, machine.config);
  if (options.timing) c.compile_seconds = compiled.seconds;
  c.without_sharing = executed.without_sharing;

  const PlanProblem topology = problem_of(compiled, executed, LivenessKind::topology);
  const PlanProblem instruction = problem_of(compiled, executed, LivenessKind::instruction);
  for (const PlanProblem* problem : {&topology, &instruction})
    for (const std::string& name : options.planners) {
      const Judged judged = judge(compiled, executed, *problem, name, options);
      if (problem == &instruction) c.validation = judged.validation;
      c.plans.push_back(judged.planned.figures);
      if (options.explain && problem == &instruction && name == options.summary) {
        c.gains =
            explain_gains(topology, instruction, judged.planned.plan, executed.trace, kGainsShown);
        c.peaks = explain_peaks(topology, instruction, executed.trace);
      }
    }
  const PlanProblem observed = problem_of(compiled, executed, LivenessKind::observed);
  c.plans.push_back(judge(compiled, executed, observed, options.summary, options).planned.figures);
  c.barriers = barrier_baseline(compiled, options);
  if (options.walks)
    c.walk = walked(compiled, find_plan(c, "instruction", options.summary)->peak, options);
  return c;
}

}  // namespace unna
