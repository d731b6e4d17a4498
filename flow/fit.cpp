#include "flow/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "compiler/rows.h"
#include "compiler/walk_search.h"
#include "flow/process_pool.h"
#include "flow/transfer.h"
#include "memmgr/planners/registry.h"
#include "report/pareto.h"

namespace unna {
namespace {

/// Planners that take milliseconds for thousands of buffers.
constexpr const char* kQuickPlanners[] = {"greedy-by-size", "xla"};

/// How many estimated plans are measured, at most; on several cores each in two ways.
constexpr std::size_t kSamples = 20;

std::size_t walked_kernels(const WalkPlan& plan) {
  std::size_t count = 0;
  for (const Walk& w : plan.walks)
    if (w.kernels.size() > 1 || w.steps > 1) count += w.kernels.size();
  return count;
}

/// Of a front by descending footprint, `count` plans whose footprints are nearly evenly spaced in
/// ratio; the first and the last are among them.
std::vector<EstimatedWalk> sample(std::vector<EstimatedWalk> front, std::size_t count) {
  if (front.size() <= count) return front;
  const double most = std::log(static_cast<double>(std::max<Bytes>(1, front.front().footprint)));
  const double least = std::log(static_cast<double>(std::max<Bytes>(1, front.back().footprint)));
  std::vector<EstimatedWalk> chosen;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double wanted =
        most + (least - most) * static_cast<double>(i) / static_cast<double>(count - 1);
    while (at + 1 < front.size() &&
           std::log(static_cast<double>(std::max<Bytes>(1, front[at].footprint))) > wanted + 1e-9)
      ++at;
    if (chosen.empty() || chosen.back().plan != front[at].plan) chosen.push_back(front[at]);
  }
  return chosen;
}

/// What is worth measuring: layer by layer, then plans by time and traffic, with acknowledged
/// signals and with barriers, each once.
std::vector<FitPoint> candidates(const LoweredGraph& lowered, const MachineConfig& machine,
                                 const FitOptions& options) {
  std::vector<FitPoint> points(1);
  points[0].walks = std::make_shared<const WalkPlan>(layer_by_layer(lowered));
  points[0].layer_by_layer = true;
  const WalkSearch search(lowered, machine, options.partition);
  // A byte at the peak rate takes so many cycles.
  const double byte_cycles = 65536.0 / static_cast<double>(dram_bytes_per_cycle_q16(machine));
  const auto add = [&](const WalkPlan& plan, const EstimatedWalk& estimate) {
    for (const FitPoint& p : points)
      if (*p.walks == plan) return;
    FitPoint& point = points.emplace_back();
    point.walks = std::make_shared<const WalkPlan>(plan);
    point.estimated_footprint = estimate.footprint;
    point.estimated_cycles = estimate.cost.time;
    point.walked = walked_kernels(plan);
  };
  for (const EstimatedWalk& e : sample(search.front({1, byte_cycles}), kSamples)) {
    add(e.plan, e);
    if (machine.cores == 1) continue;
    WalkPlan barriers = e.plan;
    for (Walk& w : barriers.walks) w.sync = Sync::barriers;
    add(barriers, e);
  }
  return points;
}

/// What a child process measured, on its way to this one.
std::vector<Cell> to_cells(const FitPoint& p) {
  return {whole(p.footprint),  whole(p.bound), whole(p.cycles),
          whole(p.dram_bytes), p.energy_pj,    whole(p.buffers)};
}
void from_cells(const std::vector<Cell>& cells, FitPoint& p) {
  const auto integer = [&](std::size_t i) { return std::get<std::int64_t>(cells.at(i)); };
  p.footprint = integer(0);
  p.bound = integer(1);
  p.cycles = integer(2);
  p.dram_bytes = integer(3);
  p.energy_pj = std::get<double>(cells.at(4));
  p.buffers = static_cast<std::size_t>(integer(5));
}

void measure(const Graph& graph, const ChosenMachine& machine, const FitOptions& options,
             FitPoint& point) {
  CompileOptions compile;
  compile.granularity = Granularity::lifetime;
  compile.partition = options.partition;
  compile.walks = point.walks;
  const Compiled compiled = compile_graph(graph, machine, compile);
  const Executed executed = execute(compiled);
  const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
  point.bound = problem.lower_bound;
  point.buffers = problem.buffers.size();
  std::optional<Bytes> peak;
  for (const char* name : kQuickPlanners) {
    const Bytes found = run_planner(name, problem, {}).peak;
    peak = std::min(peak.value_or(found), found);
  }
  point.footprint = *peak;
  point.cycles = executed.result.cycles;
  RunReport report;
  report.machine = machine.config;
  report.result = executed.result;
  report.work = work_of(*compiled.object, machine.config.core);
  report.energy_table = options.energy_table;
  point.dram_bytes = executed.result.memory
                         ? executed.result.memory->dram_bytes()
                         : executed.result.dram_read + executed.result.dram_written;
  point.energy_pj = energy(report).total();
}

std::vector<std::size_t> front_of(const std::vector<FitPoint>& points) {
  std::vector<Scores> scores;
  for (const FitPoint& p : points)
    scores.push_back({static_cast<double>(p.footprint), static_cast<double>(p.cycles),
                      static_cast<double>(p.dram_bytes)});
  std::vector<std::size_t> front = pareto_front(scores);
  std::ranges::stable_sort(front, [&](std::size_t a, std::size_t b) {
    return points[a].footprint > points[b].footprint;
  });
  return front;
}

double figure(const FitPoint& p, FitObjective objective) {
  switch (objective) {
    case FitObjective::latency:
      return static_cast<double>(p.cycles);
    case FitObjective::footprint:
      return static_cast<double>(p.footprint);
    case FitObjective::dram_bytes:
      return static_cast<double>(p.dram_bytes);
    case FitObjective::energy:
      break;
  }
  return p.energy_pj;
}

}  // namespace

FitResult fit(const Graph& graph, const ChosenMachine& machine, const FitOptions& options) {
  const LoweredGraph lowered = lower_network(graph, machine.config);
  FitResult result;
  std::vector<FitPoint> points = candidates(lowered, machine.config, options);
  std::vector<bool> measured(points.size(), false);
  std::size_t done = 0;
  run_in_children(
      points.size(), {options.jobs, std::nullopt},
      [&](std::size_t i) {
        measure(graph, machine, options, points[i]);
        return packed(to_cells(points[i]));
      },
      [&](std::size_t i, const ChildOutcome& outcome) {
        // A walk whose tiles fit no buffer is no candidate; layer by layer has to compile.
        if (outcome.end == WorkEnd::failed && i == 0) throw CapacityError(outcome.text);
        if (!outcome.ok() && outcome.end != WorkEnd::failed) throw InternalError(outcome.text);
        measured[i] = outcome.ok();
        if (outcome.ok()) from_cells(unpacked<std::vector<Cell>>(outcome.text), points[i]);
        options.progress(++done, points.size());
      });
  for (std::size_t i = 0; i < points.size(); ++i)
    if (measured[i]) result.points.push_back(std::move(points[i]));
  result.front = front_of(result.points);
  for (std::size_t i = 0; i < result.points.size(); ++i)
    if (!options.budget || result.points[i].bound <= *options.budget) result.fitting.push_back(i);
  std::ranges::stable_sort(result.fitting, [&](std::size_t a, std::size_t b) {
    const FitPoint& p = result.points[a];
    const FitPoint& q = result.points[b];
    return std::tuple(figure(p, options.objective), p.cycles, p.bound) <
           std::tuple(figure(q, options.objective), q.cycles, q.bound);
  });
  return result;
}

FittedRun run_fitted(const NetworkChoice& network, const ChosenMachine& machine,
                     const RunOptions& run, const FitOptions& options, bool timing) {
  FittedRun fitted;
  ReadNetwork read = read_network(network);
  read.graph = with_short_rows(std::move(read.graph), machine.config);
  fitted.search = fit(read.graph, machine, options);
  RunOptions chosen = run;
  chosen.compile.granularity = Granularity::lifetime;
  std::optional<Bytes> least;
  for (const std::size_t i : fitted.search.fitting) {
    chosen.compile.walks = fitted.search.points[i].walks;
    fitted.run = run_network(read, machine, chosen, timing);
    fitted.chosen = i;
    const Bytes peak = fitted.run.report.memory.peak;
    if (!options.budget || peak <= *options.budget) return fitted;
    least = std::min(least.value_or(peak), peak);
  }
  for (const FitPoint& p : fitted.search.points)
    least = std::min(least.value_or(p.footprint), p.footprint);
  throw CapacityError(
      fmt::format("no program found needs at most {} bytes of intermediates; the "
                  "least needs {}: expected --memory-budget {} or more",
                  *options.budget, *least, *least));
}

}  // namespace unna
