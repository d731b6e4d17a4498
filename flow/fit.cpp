#include "flow/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <tuple>

#include "compiler/adapt.h"
#include "compiler/row_bound.h"
#include "compiler/walk_search.h"
#include "flow/fit_rounds.h"
#include "flow/process_pool.h"
#include "flow/transfer.h"
#include "memmgr/planners/registry.h"
#include "report/pareto.h"
#include "sim/simulate.h"

namespace unna {
namespace {

/// Planners that take milliseconds for thousands of buffers.
constexpr const char* kQuickPlanners[] = {"greedy-by-size", "by-thread"};

/// How many estimated plans are measured in the first round, evenly over the footprints, and how
/// many in each later one, where the measured ones leave the largest gaps.
constexpr std::size_t kFirstRound = 12;
constexpr std::size_t kLaterRounds[] = {6, 6};
/// In the search, a byte weighs as much as the cycles of so many bytes at the peak rate: time alone
/// would buy cycles with traffic, which is most of the energy.
constexpr double kByteWeight = 2;
/// Programs that cost so much more than layer by layer are far enough apart.
constexpr double kDear = 1.3;

std::size_t walked_kernels(const WalkPlan& plan) {
  std::size_t count = 0;
  for (const Walk& w : plan.walks)
    if (w.kernels.size() > 1 || w.steps > 1) count += w.kernels.size();
  return count;
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
  std::optional<Plan> plan;
  for (const char* name : kQuickPlanners) {
    Plan found = run_planner(name, problem, {});
    if (!plan || found.peak < plan->peak) plan = std::move(found);
  }
  point.footprint = plan->peak;
  SimResult result = executed.result;
  // What shares memory shares lines of a cache.
  if (machine.config.cache.size_bytes > 0) {
    const Layout layout = lay_out(compiled, executed, problem, *std::move(plan)).layout;
    result = simulate(link(compiled.object, layout, std::numeric_limits<Bytes>::max()),
                      machine.config, {});
  }
  point.cycles = result.cycles;
  point.dram_bytes =
      result.memory ? result.memory->dram_bytes() : result.dram_read + result.dram_written;
  RunReport report;
  report.machine = machine.config;
  report.result = std::move(result);
  report.work = work_of(*compiled.object, machine.config.core);
  report.energy_table = options.energy_table;
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

/// Whether it keeps to the limits; `layers` is layer by layer.
bool within(const FitPoint& p, const FitPoint& layers, const FitOptions& options) {
  const auto keeps = [](std::int64_t value, std::int64_t base, const std::optional<double>& more) {
    return !more || static_cast<double>(value) <= static_cast<double>(base) * (1 + *more / 100);
  };
  return keeps(p.cycles, layers.cycles, options.more_cycles) &&
         keeps(p.dram_bytes, layers.dram_bytes, options.more_bytes);
}

/// Finds plans by estimates and measures them, round by round: layer by layer, then some of the
/// estimated front.
class Fitting {
 public:
  Fitting(const Graph& graph, const ChosenMachine& machine, const FitOptions& options)
      : graph_(graph),
        machine_(machine),
        options_(options),
        byte_cycles_(65536.0 / static_cast<double>(dram_bytes_per_cycle_q16(machine.config))) {}

  std::vector<FitPoint> run() {
    const LoweredGraph lowered = lower_network(graph_, machine_.config);
    FitPoint layers;
    layers.walks = std::make_shared<const WalkPlan>(layer_by_layer(lowered));
    layers.layer_by_layer = true;
    bound_ = row_bound(LineTable(lowered));
    front_ = WalkSearch(lowered, machine_.config, options_.partition)
                 .front({1, kByteWeight * byte_cycles_});
    for (const EstimatedWalk& e : front_) footprints_.push_back(e.footprint);
    const std::vector<std::size_t> first = evenly(footprints_, kFirstRound);
    expected_ = 1 + first.size();
    for (const std::size_t n : kLaterRounds) expected_ += n;
    measure_all({std::move(layers)}, {});
    measure_round(first);
    for (const std::size_t n : kLaterRounds) {
      const std::vector<std::size_t> chosen = next_round(n);
      expected_ -= n - chosen.size();
      measure_round(chosen);
    }
    return std::move(points_);
  }
  Bytes bound() const { return bound_; }

 private:
  std::vector<std::size_t> next_round(std::size_t count) const {
    if (options_.more_cycles || options_.more_bytes) return at_limits(keeps_, count);
    return in_gaps(footprints_, costs_, kDear * cost_of(points_.front()), count);
  }

  /// A byte at the peak rate takes so many cycles.
  double cost_of(const FitPoint& p) const {
    return static_cast<double>(p.cycles) + byte_cycles_ * static_cast<double>(p.dram_bytes);
  }

  void measure_round(const std::vector<std::size_t>& chosen) {
    std::vector<FitPoint> points;
    for (const std::size_t at : chosen) {
      FitPoint& point = points.emplace_back();
      point.walks = std::make_shared<const WalkPlan>(front_[at].plan);
      point.estimated_footprint = front_[at].footprint;
      point.estimated_cycles = front_[at].cost.time;
      point.walked = walked_kernels(front_[at].plan);
    }
    measure_all(std::move(points), chosen);
  }

  /// `chosen`: of which plans of the front these are.
  void measure_all(std::vector<FitPoint> points, const std::vector<std::size_t>& chosen) {
    std::vector<bool> measured(points.size(), false);
    run_in_children(
        points.size(), {options_.jobs, std::nullopt},
        [&](std::size_t i) {
          measure(graph_, machine_, options_, points[i]);
          return packed(to_cells(points[i]));
        },
        [&](std::size_t i, const ChildOutcome& outcome) {
          // A walk whose tiles fit no buffer is no candidate; layer by layer has to compile.
          if (outcome.end == WorkEnd::failed && points[i].layer_by_layer)
            throw CapacityError(outcome.text);
          if (!outcome.ok() && outcome.end != WorkEnd::failed) throw InternalError(outcome.text);
          measured[i] = outcome.ok();
          if (outcome.ok()) from_cells(unpacked<std::vector<Cell>>(outcome.text), points[i]);
          options_.progress(++done_, expected_);
        });
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (!measured[i]) {
        // Not to be chosen again.
        if (!chosen.empty()) costs_[chosen[i]] = 2 * kDear * cost_of(points_.front());
        if (!chosen.empty()) keeps_[chosen[i]] = false;
        continue;
      }
      if (!chosen.empty()) {
        costs_[chosen[i]] = cost_of(points[i]);
        keeps_[chosen[i]] = within(points[i], points_.front(), options_);
      }
      points_.push_back(std::move(points[i]));
    }
  }

  const Graph& graph_;
  const ChosenMachine& machine_;
  const FitOptions& options_;
  double byte_cycles_;
  Bytes bound_ = 0;  ///< of rows
  std::vector<EstimatedWalk> front_;
  std::vector<Bytes> footprints_;  ///< of the front
  std::vector<FitPoint> points_;
  // Of what was measured, by index of the front.
  std::map<std::size_t, double> costs_;
  std::map<std::size_t, bool> keeps_;  ///< to the limits
  std::size_t done_ = 0, expected_ = 0;
};

}  // namespace

FitResult fit(const Graph& graph, const ChosenMachine& machine, const FitOptions& options) {
  FitResult result;
  Fitting fitting(graph, machine, options);
  result.points = fitting.run();
  result.row_bound = fitting.bound();
  result.front = front_of(result.points);
  for (std::size_t i = 0; i < result.points.size(); ++i)
    if ((!options.budget || result.points[i].bound <= *options.budget) &&
        within(result.points[i], result.points.front(), options))
      result.fitting.push_back(i);
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
  read.graph = adapted(std::move(read.graph), machine.config);
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
  // No layout was within the budget, or no bound: what the program with the least bound needs.
  const FitPoint* smallest = nullptr;
  for (const FitPoint& p : fitted.search.points)
    if (within(p, fitted.search.points.front(), options) &&
        (smallest == nullptr || p.bound < smallest->bound))
      smallest = &p;
  chosen.compile.walks = smallest->walks;
  const Bytes peak = run_network(read, machine, chosen, timing).report.memory.peak;
  least = std::min(least.value_or(peak), peak);
  const bool limited = options.more_cycles || options.more_bytes;
  throw CapacityError(
      fmt::format("no program found{} needs at most {} bytes of intermediates; the "
                  "least needs {}: expected --memory-budget {} or more",
                  limited ? " within the limits of cycles and DRAM bytes" : "", *options.budget,
                  *least, *least));
}

}  // namespace unna
