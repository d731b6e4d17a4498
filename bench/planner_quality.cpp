// Tight and published instances, one thread.

#include <fmt/format.h>

#include "bench/instances.h"
#include "bench/planner_sections.h"
#include "memmgr/complete_problem.h"
#include "memmgr/lifetimes.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"
#include "memmgr/shared_objects.h"
#include "text/table.h"
#include "text/units.h"

namespace unna::bench {
namespace {

constexpr Bytes kMinimallocCapacity = 1'048'576;

/// Two and ten seconds, nominally (PlanOptions::effort).
constexpr std::int64_t kDefaultEffort = 1000;
constexpr std::int64_t kTenSeconds = 5 * kDefaultEffort;

std::string seconds_text(double seconds) {
  return fmt::format("{:.3f}", seconds);
}

void within_capacity(const std::vector<NamedProblem>& corpus) {
  TextTable table({"instance", "buffers", "bound", "peak", "fits", "CPU s"});
  double sum = 0;
  for (const NamedProblem& named : corpus) {
    PlanProblem problem = named.problem;
    problem.capacity = kMinimallocCapacity;
    const auto [plan, seconds] = run_measured("auto", problem);
    sum += seconds;
    table.add({named.name, std::to_string(problem.size()), grouped(problem.lower_bound),
               grouped(plan.peak), plan.peak <= kMinimallocCapacity ? "yes" : "no",
               seconds_text(seconds)});
  }
  table.rule();
  table.add({"sum", "", "", "", "", seconds_text(sum)});
  fmt::print("auto with capacity {}, as its authors time it:\n{}\n", kMinimallocCapacity,
             table.str());
}

void without_capacity(const std::vector<NamedProblem>& corpus) {
  TextTable table({"instance", "effort", "peak", "proved bound", "gap", "CPU s"});
  for (const NamedProblem& named : corpus)
    for (const std::int64_t effort : {kDefaultEffort, kTenSeconds}) {
      PlanOptions options;
      options.effort = effort;
      const auto [plan, seconds] = run_measured("auto", named.problem, options);
      table.add({named.name, std::to_string(effort), grouped(plan.peak), grouped(plan.lower_bound),
                 gap_text(plan), seconds_text(seconds)});
      if (plan.proved_optimal) break;
    }
  fmt::print("auto without a capacity (effort {} is the default):\n{}\n", kDefaultEffort,
             table.str());
}

void pack(TextTable& table, const std::string& name, std::uint64_t first, std::uint64_t last) {
  std::vector<double> times;
  std::vector<double> gaps;
  std::size_t soon = 0;
  std::size_t late = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    PlanOptions options;
    options.effort = kTenSeconds;
    const PerfectPacking kind = packing_of(seed);
    const auto [plan, seconds] = run_measured("auto", make_problem(make(kind), 1), options);
    times.push_back(seconds);
    gaps.push_back(gap_of(plan, kind.height));
    if (plan.peak > kind.height) continue;
    ++late;
    if (seconds <= 2) ++soon;
  }
  const auto share = [&](std::size_t n) { return fmt::format("{} of {}", n, times.size()); };
  table.add({name, share(soon), share(late), seconds_text(percentile(times, 50)),
             seconds_text(percentile(times, 90)), percent(percentile(gaps, 90), 2),
             percent(percentile(gaps, 100), 2)});
}

/// On intervals the greatest live sum is 17; where every operator has a core of its own all three
/// may be in use at once.
PlanProblem helly_fixture() {
  Object object;
  object.network = "helly";
  object.parallel_layers = true;
  object.layers.resize(7);
  object.layer_inputs.resize(7);
  constexpr std::pair<std::size_t, std::size_t> kEdges[] = {{0, 1}, {0, 2}, {1, 3},
                                                            {2, 4}, {3, 5}, {4, 6}};
  for (const auto& [from, to] : kEdges) object.layer_inputs[to].emplace_back(from);
  const auto add = [&](std::size_t writer, std::vector<std::size_t> readers, Bytes size) {
    const BufferId id(object.buffers.size());
    const std::string name = fmt::format("t{}", id.value);
    object.buffers.push_back({name, BufferKind::intermediate, size, name});
    TopologyUse use{id, {OpId(writer)}, {}};
    for (const std::size_t reader : readers) use.readers.emplace_back(reader);
    object.topology.push_back(use);
  };
  add(0, {1, 2}, 10);
  add(3, {5}, 7);
  add(4, {6}, 6);
  return make_problem(topology_liveness(object), 1);
}

void known_optima() {
  TextTable table({"instance", "buffers", "live sum or antichain", "known optimum", "auto",
                   "greedy-by-size", "proved"});
  const auto add = [&](const NamedProblem& named, Bytes optimum) {
    const Plan plan = run_measured("auto", named.problem).plan;
    const Plan greedy = run_measured("greedy-by-size", named.problem).plan;
    table.add({named.name, std::to_string(named.problem.size()), grouped(named.problem.lower_bound),
               grouped(optimum), grouped(plan.peak), grouped(greedy.peak),
               plan.proved_optimal ? "yes" : "no"});
  };
  add({"pathological packing", problem_of_lives(kPathologicalPacking)}, 10);
  add({"fragmentation", problem_of_lives(kFragmentation)}, 9);
  add({"Helly", helly_fixture()}, 23);
  for (const NamedProblem& named : somas()) add(named, 1'515'472'556);
  fmt::print("{}\n", table.str());
}

void six_networks() {
  TextTable table({"usage records", "bound", "auto", "CPU s", "greedy-by-size", "object bound",
                   "objects-by-size-improved", "objects-by-size", "min-cost-flow"});
  for (const NamedProblem& named : usage_records()) {
    const auto [plan, seconds] = run_measured("auto", named.problem);
    std::vector<std::string> row = {
        named.name,
        grouped(named.problem.lower_bound),
        grouped(plan.peak),
        seconds_text(seconds),
        grouped(run_measured("greedy-by-size", named.problem).plan.peak),
        grouped(shared_object_bound(named.problem))};
    for (const char* planner : {"objects-by-size-improved", "objects-by-size", "min-cost-flow"})
      row.push_back(grouped(run_measured(planner, named.problem).plan.objects->total()));
    table.add(row);
  }
  fmt::print("{}\n", table.str());
}

}  // namespace

void minimalloc_section() {
  const std::vector<NamedProblem> corpus = minimalloc_corpus();
  if (corpus.empty()) return;
  within_capacity(corpus);
  without_capacity(corpus);
}

void packings_section() {
  TextTable table({"seeds", "optimal in 2 s", "with effort 5000", "median CPU s", "90th CPU s",
                   "90th gap", "worst gap"});
  pack(table, "1-40", 1, 40);
  pack(table, "1001-1040, held out", 1001, 1040);
  fmt::print("auto, 120 to 240 buffers; nothing was tuned to the second row:\n{}\n", table.str());
}

void published_section() {
  known_optima();
  six_networks();
}

}  // namespace unna::bench
