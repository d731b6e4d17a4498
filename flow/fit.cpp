#include "flow/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
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

/// Of the portfolio, in millions of looks: a second for ten thousands of buffers, within a percent
/// of what ten times as many give.
constexpr std::int64_t kQuickEffort = 100;

/// How many estimated plans are measured in the first round, evenly over the footprints, and how
/// many in each later one, where the measured ones leave the largest gaps.
constexpr std::size_t kFirstRound = 4;
constexpr std::size_t kLaterRounds[] = {4, 4, 4, 4, 4};
/// In the search, a byte weighs as much as the cycles of so many bytes at the peak rate: time alone
/// would buy cycles with traffic, which is most of the energy.
constexpr double kByteWeight = 2;
/// With limits, which of cycles and bytes comes to its limit first differs by network.
constexpr double kByteWeights[] = {0.25, 0.5, 1, 2, 4, 8, 16};
/// Estimates may be too high: where nothing is expected to keep to the limits any more, what
/// exceeds them by so much less than these shares of a hundred.
constexpr double kBeyondLimits[] = {0, 1, 3, 6};
/// A plan that was measured stands for a later one of the same footprint, unless that is expected
/// to cost less than this share of it.
constexpr double kPromise = 0.99;
/// Programs at the small end of the front are the slowest, to simulate and to plan, too.
constexpr double kClearlyLess = 0.95;
/// Programs that cost so much more than layer by layer are far enough apart.
constexpr double kDear = 1.3;

std::size_t walked_kernels(const WalkPlan& plan) {
  std::size_t count = 0;
  for (const Walk& w : plan.walks)
    if (w.kernels.size() > 1 || w.steps > 1) count += w.kernels.size();
  return count;
}

/// What a child process measured, on its way to this one.
std::vector<Cell> to_cells(const FitPoint& p, const MeasuredProgram& program) {
  std::vector<Cell> cells{whole(p.footprint),
                          whole(p.bound),
                          whole(p.cycles),
                          whole(p.dram_bytes),
                          p.energy_pj,
                          whole(p.buffers),
                          whole(program.peak_kernel.index())};
  for (const MeasuredKernel& k : program.kernels) {
    cells.push_back(whole(k.end));
    cells.push_back(whole(k.traffic));
  }
  return cells;
}
MeasuredProgram from_cells(const std::vector<Cell>& cells, FitPoint& p) {
  const auto integer = [&](std::size_t i) { return std::get<std::int64_t>(cells.at(i)); };
  p.footprint = integer(0);
  p.bound = integer(1);
  p.cycles = integer(2);
  p.dram_bytes = integer(3);
  p.energy_pj = std::get<double>(cells.at(4));
  p.buffers = static_cast<std::size_t>(integer(5));
  MeasuredProgram program{{}, p.bound, KernelId(static_cast<std::size_t>(integer(6)))};
  for (std::size_t i = 7; i < cells.size(); i += 2)
    program.kernels.push_back({integer(i), integer(i + 1)});
  return program;
}

/// The last kernel that writes some of what is alive when most is.
KernelId peak_kernel(const Object& object, const PlanProblem& problem) {
  std::vector<bool> alive(object.buffers.size(), false);
  for (const std::uint32_t i : problem.antichain)
    for (const BufferId member : problem.lifetimes.buffers[i].members) alive[member.index()] = true;
  KernelId last(std::size_t{0});
  for (const TopologyUse& use : object.topology)
    if (alive[use.buffer.index()])
      for (const OpId writer : use.writers) last = std::max(last, KernelId(writer.index()));
  return last;
}

std::vector<MeasuredKernel> by_kernel(const SimResult& result) {
  std::vector<MeasuredKernel> kernels(result.cores.front().layers.size());
  for (const CoreStats& core : result.cores)
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      kernels[k].end = std::max(kernels[k].end, core.layers[k].end);
      kernels[k].traffic += core.layers[k].dram_read + core.layers[k].dram_written;
    }
  return kernels;
}

MeasuredProgram measure(const Graph& graph, const ChosenMachine& machine, const FitOptions& options,
                        std::shared_ptr<TileMemo> tiles, FitPoint& point) {
  CompileOptions compile;
  compile.tiles = std::move(tiles);
  compile.granularity = Granularity::lifetime;
  compile.partition = options.partition;
  compile.walks = point.walks;
  const Compiled compiled = compile_graph(graph, machine, compile);
  const Executed executed = execute(compiled);
  const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
  point.bound = problem.lower_bound;
  point.buffers = problem.buffers.size();
  PlanOptions quick;
  quick.effort = kQuickEffort;
  Plan plan = run_planner("auto", problem, quick);
  point.footprint = plan.peak;
  SimResult result = executed.result;
  // What shares memory shares lines of a cache.
  if (machine.config.cache.size_bytes > 0) {
    const Layout layout = lay_out(compiled, executed, problem, std::move(plan)).layout;
    result = simulate(link(compiled.object, layout, std::numeric_limits<Bytes>::max()),
                      machine.config, {});
  }
  point.cycles = result.cycles;
  point.dram_bytes =
      result.memory ? result.memory->dram_bytes() : result.dram_read + result.dram_written;
  RunReport report;
  report.machine = machine.config;
  MeasuredProgram program{by_kernel(result), point.bound, peak_kernel(*compiled.object, problem)};
  report.result = std::move(result);
  report.work = work_of(*compiled.object, machine.config.core);
  report.energy_table = options.energy_table;
  point.energy_pj = energy(report).total();
  return program;
}

std::vector<std::size_t> front_of(const std::vector<FitPoint>& points) {
  std::vector<Scores> scores;
  scores.reserve(points.size());
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
/// estimated front. What was measured corrects the estimates of the next round.
class Fitting {
 public:
  Fitting(const Graph& graph, const ChosenMachine& machine, const FitOptions& options)
      : graph_(graph),
        machine_(machine),
        options_(options),
        lowered_(lower_network(graph, machine.config)),
        search_(lowered_, machine.config, options.partition, options.jobs),
        byte_cycles_(65536.0 / static_cast<double>(dram_bytes_per_cycle_q16(machine.config))) {}

  std::vector<FitPoint> run() {
    FitPoint layers;
    layers.walks = std::make_shared<const WalkPlan>(layer_by_layer(lowered_));
    layers.layer_by_layer = true;
    expected_ = 1 + kFirstRound;
    for (const std::size_t n : kLaterRounds) expected_ += n;
    measure_all({std::move(layers)});
    find_front();
    measure_round(of_front(evenly(footprints_, kFirstRound)), kFirstRound);
    for (const std::size_t n : kLaterRounds) {
      if (limited()) {
        measure_round(promising(n), n);
      } else {
        find_front();
        measure_round(of_front(in_round(n)), n);
      }
    }
    return std::move(points_);
  }
  Bytes bound() const { return row_bound(LineTable(lowered_)); }

 private:
  /// A plan that was measured, or did not compile.
  struct Tried {
    std::shared_ptr<const WalkPlan> walks;
    Bytes footprint;  ///< the bound; as estimated where it did not compile
    double cost;
    bool keeps;  ///< to the limits
  };

  bool limited() const { return options_.more_cycles || options_.more_bytes; }

  /// Of what is known now.
  std::vector<EstimatedWalk> front_by(double byte_weight) {
    return search_.front({1, byte_weight * byte_cycles_});
  }

  void find_front() {
    front_ = front_by(kByteWeight);
    footprints_.clear();
    for (const EstimatedWalk& e : front_) footprints_.push_back(e.footprint);
  }

  /// At most `count` plans with less footprint than any that was found to keep to the limits, and
  /// expected to keep to them, or not to exceed them by much.
  std::vector<EstimatedWalk> promising(std::size_t count) {
    std::vector<std::vector<EstimatedWalk>> fronts;
    for (const double weight : kByteWeights) fronts.push_back(front_by(weight));
    std::vector<EstimatedWalk> chosen;
    for (const double beyond : kBeyondLimits) {
      FitOptions limits = options_;
      if (limits.more_cycles) *limits.more_cycles += beyond;
      if (limits.more_bytes) *limits.more_bytes += beyond;
      std::vector<EstimatedWalk> more;
      for (const std::vector<EstimatedWalk>& front : fronts)
        if (const EstimatedWalk* best = least_within(front, limits)) more.push_back(*best);
      std::ranges::stable_sort(more, {}, &EstimatedWalk::footprint);
      for (EstimatedWalk& e : more) {
        const auto same = [&](const EstimatedWalk& c) { return c.plan == e.plan; };
        if (chosen.size() < count && std::ranges::none_of(chosen, same))
          chosen.push_back(std::move(e));
      }
      if (chosen.size() == count) break;
    }
    return chosen;
  }

  /// Of the plans of a front that are expected to keep to `limits` and have not been tried, the one
  /// with the least footprint, if that is less than what was found.
  const EstimatedWalk* least_within(const std::vector<EstimatedWalk>& front,
                                    const FitOptions& limits) const {
    Bytes least = std::numeric_limits<Bytes>::max();
    for (const Tried& t : tried_)
      if (t.keeps) least = std::min(least, t.footprint);
    const EstimatedWalk* best = nullptr;
    for (const EstimatedWalk& e : front)
      if (e.footprint < least && within(expected(e), points_.front(), limits) && !tried(e))
        best = &e;
    return best;
  }

  bool tried(const EstimatedWalk& e) const {
    return std::ranges::any_of(tried_, [&](const Tried& t) { return *t.walks == e.plan; });
  }

  /// What measuring a plan is expected to give.
  FitPoint expected(const EstimatedWalk& e) const {
    FitPoint p;
    p.cycles = e.cost.time;
    p.dram_bytes = static_cast<Bytes>(static_cast<double>(e.cost.traffic) * dram_share_);
    return p;
  }

  /// By index of the front, what stands for plans that need not be measured.
  std::map<std::size_t, const Tried*> known() const {
    std::map<std::size_t, const Tried*> known;
    for (const Tried& t : tried_) {
      const auto at = std::ranges::lower_bound(footprints_, t.footprint, std::greater<>());
      if (at == footprints_.end()) continue;
      const auto i = static_cast<std::size_t>(at - footprints_.begin());
      if (*t.walks != front_[i].plan && cost_of(expected(front_[i])) < kPromise * t.cost) continue;
      const Tried*& best = known[i];
      if (best == nullptr || t.cost < best->cost) best = &t;
    }
    return known;
  }

  /// Whether the first plan of the front promises to cost less than all that was measured.
  bool cheapest() const {
    double least = cost_of(points_.front());
    for (const Tried& t : tried_) least = std::min(least, t.cost);
    return cost_of(expected(front_.front())) < kPromise * least;
  }

  /// Whether the last one promises to need clearly less memory.
  bool smallest() const {
    Bytes least = std::numeric_limits<Bytes>::max();
    for (const Tried& t : tried_) least = std::min(least, t.footprint);
    return static_cast<double>(front_.back().footprint) < kClearlyLess * static_cast<double>(least);
  }

  /// The ends of the front where they promise something, and what lies in the largest gaps between
  /// those that are known.
  std::vector<std::size_t> in_round(std::size_t count) const {
    std::map<std::size_t, double> costs;
    for (const auto& [at, tried] : known()) costs[at] = tried->cost;
    std::vector<std::size_t> chosen;
    if (costs.emplace(0, cost_of(expected(front_.front()))).second && cheapest())
      chosen.push_back(0);
    const std::size_t last = front_.size() - 1;
    if (costs.emplace(last, cost_of(expected(front_.back()))).second && smallest())
      chosen.push_back(last);
    const std::vector<std::size_t> gaps =
        in_gaps(footprints_, costs, kDear * cost_of(points_.front()), count - chosen.size());
    chosen.insert(chosen.end(), gaps.begin(), gaps.end());
    return chosen;
  }

  std::vector<EstimatedWalk> of_front(const std::vector<std::size_t>& chosen) const {
    std::vector<EstimatedWalk> plans;
    plans.reserve(chosen.size());
    for (const std::size_t at : chosen) plans.push_back(front_[at]);
    return plans;
  }

  /// A byte at the peak rate takes so many cycles.
  double cost_of(const FitPoint& p) const {
    return static_cast<double>(p.cycles) + byte_cycles_ * static_cast<double>(p.dram_bytes);
  }

  /// `planned`: how many were expected.
  void measure_round(const std::vector<EstimatedWalk>& chosen, std::size_t planned) {
    expected_ -= planned - chosen.size();
    std::vector<FitPoint> points;
    for (const EstimatedWalk& e : chosen) {
      FitPoint& point = points.emplace_back();
      point.walks = std::make_shared<const WalkPlan>(e.plan);
      point.estimated_footprint = e.footprint;
      point.estimated_cycles = e.cost.time;
      point.walked = walked_kernels(e.plan);
    }
    measure_all(std::move(points));
  }

  void measure_all(std::vector<FitPoint> points) {
    std::vector<std::optional<MeasuredProgram>> measured(points.size());
    run_in_children(
        points.size(), {options_.jobs, std::nullopt},
        [&](std::size_t i) {
          const MeasuredProgram program =
              measure(graph_, machine_, options_, search_.tiles(), points[i]);
          return packed(to_cells(points[i], program));
        },
        [&](std::size_t i, const ChildOutcome& outcome) {
          // A walk whose tiles fit no buffer is no candidate; layer by layer has to compile.
          if (outcome.end == WorkEnd::failed && points[i].layer_by_layer)
            throw CapacityError(outcome.text);
          if (!outcome.ok() && outcome.end != WorkEnd::failed) throw InternalError(outcome.text);
          if (outcome.ok())
            measured[i] = from_cells(unpacked<std::vector<Cell>>(outcome.text), points[i]);
          options_.progress(++done_, expected_);
        });
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (measured[i]) {
        search_.learn(*points[i].walks, *measured[i]);
      } else {
        search_.learn_failure(*points[i].walks);
      }
      if (points[i].layer_by_layer) {
        Bytes moved = 0;
        for (const MeasuredKernel& k : measured[i]->kernels) moved += k.traffic;
        dram_share_ = static_cast<double>(points[i].dram_bytes) / static_cast<double>(moved);
      } else {
        const double dear = 2 * kDear * cost_of(points_.front());
        tried_.push_back({points[i].walks,
                          measured[i] ? points[i].bound : points[i].estimated_footprint,
                          measured[i] ? cost_of(points[i]) : dear,
                          measured[i] && within(points[i], points_.front(), options_)});
      }
      if (measured[i]) points_.push_back(std::move(points[i]));
    }
  }

  const Graph& graph_;
  const ChosenMachine& machine_;
  const FitOptions& options_;
  LoweredGraph lowered_;
  WalkSearch search_;
  double byte_cycles_;
  double dram_share_ = 1;  ///< of the bytes that cores move: a cache keeps the others
  std::vector<EstimatedWalk> front_;
  std::vector<Bytes> footprints_;  ///< of the front
  std::vector<FitPoint> points_;
  std::vector<Tried> tried_;
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
  std::optional<Bytes> least;  // of all that was planned
  for (const std::size_t i : fitted.search.fitting) {
    chosen.compile.walks = fitted.search.points[i].walks;
    Run planned = run_network(read, machine, chosen, timing);
    const Bytes peak = planned.report.memory.peak;
    least = std::min(least.value_or(peak), peak);
    if (options.budget && peak > *options.budget) continue;
    fitted.run = std::move(planned);
    fitted.chosen = i;
    return fitted;
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
