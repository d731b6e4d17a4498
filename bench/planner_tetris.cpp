// What each idea of tetris is worth, and how many orders there are to tell apart.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "bench/planner_sections.h"
#include "memmgr/exact/instance.h"
#include "memmgr/placement/placement.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/tetris_options.h"
#include "memmgr/planners/tetris_search.h"
#include "memmgr/problem.h"
#include "text/table.h"
#include "text/units.h"

namespace unna::bench {
namespace {

constexpr std::int64_t kEffort = 40;
constexpr std::uint64_t kSeeds = 3;

struct Variant {
  std::string_view name;
  void (*change)(TetrisOptions&);
};

void make_plain(TetrisOptions& o) {
  o.islands = 1;
  o.greedy_start = o.reduce = o.incremental = o.local = 0;
}

constexpr Variant kVariants[] = {
    {"tetris", [](TetrisOptions&) {}},
    {"without islands", [](TetrisOptions& o) { o.islands = 1; }},
    {"without greedy_start", [](TetrisOptions& o) { o.greedy_start = 0; }},
    {"without reduce", [](TetrisOptions& o) { o.reduce = 0; }},
    {"without incremental", [](TetrisOptions& o) { o.incremental = 0; }},
    {"without local", [](TetrisOptions& o) { o.local = 0; }},
    {"plain genetic algorithm", make_plain},
};

struct Group {
  std::string name;
  std::vector<NamedProblem> problems;
};

std::vector<Group> groups() {
  std::vector<Group> all;
  all.push_back({"MiniMalloc", minimalloc_corpus()});
  all.push_back({"SOMAS", somas()});
  all.push_back({"usage records", usage_records()});
  Group& networks = all.emplace_back(Group{"networks", {}});
  networks.problems.push_back(network_problem("blazeface", 4));
  networks.problems.push_back(network_problem("posenet", 4));
  std::erase_if(all, [](const Group& group) { return group.problems.empty(); });
  return all;
}

void ablation(const std::vector<Group>& all) {
  std::vector<std::string> titles = {"variant"};
  for (const Group& group : all) {
    titles.push_back(group.name);
    titles.emplace_back("CPU s");
  }
  TextTable table(titles);
  for (const Variant& variant : kVariants) {
    std::vector<std::string> row = {std::string(variant.name)};
    for (const Group& group : all) {
      double gap = 0;
      double seconds = 0;
      for (const NamedProblem& named : group.problems)
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
          PlanOptions options;
          options.seed = seed;
          options.tetris.effort = kEffort;
          options.tetris.patience = 1'000'000;
          variant.change(options.tetris);
          const auto [plan, spent] = run_measured("tetris", named.problem, options);
          gap += gap_of(plan, named.problem.lower_bound);
          seconds += spent;
        }
      const auto runs = static_cast<double>(group.problems.size() * kSeeds);
      row.push_back(percent(gap / runs, 2));
      row.push_back(fmt::format("{:.2f}", seconds / runs));
    }
    table.add(row);
  }
  fmt::print("peak above the bound and time, mean over {} seeds, effort {}:\n{}\n", kSeeds, kEffort,
             table.str());
}

struct Collapse {
  std::size_t orders = 0;
  std::size_t layouts = 0;
};

/// Of orders that differ from a good one by a random step.
Collapse mutants_of(const PlanProblem& problem, int mutants) {
  const Neighbourhoods around(problem, {});
  Decoder decoder(problem, around);
  Genome parent{by_size(problem), std::vector<Bytes>(problem.size(), 0), 0, 0};
  decoder.decode(parent, 0);
  Rng rng(1);
  Collapse found;
  std::set<std::vector<std::uint32_t>> orders;
  std::set<std::vector<Bytes>> layouts;
  for (int m = 0; m < mutants; ++m) {
    Genome child;
    const std::size_t kept = mutate_anywhere(parent, rng, child);
    if (kept < child.order.size()) decoder.decode(child, kept);
    orders.insert(child.order);
    layouts.insert(child.offsets);
  }
  found.orders = orders.size();
  found.layouts = layouts.size();
  return found;
}

void collapse(const std::vector<Group>& all) {
  TextTable table({"instance", "buffers", "taken out by reduce", "orders", "layouts"});
  for (const Group& group : all)
    for (const auto& [name, problem] : group.problems) {
      const auto out = always_placeable(problem, problem.lower_bound).size();
      const Collapse found = mutants_of(problem, 500);
      const double share = static_cast<double>(out) / static_cast<double>(problem.size());
      table.add({name, std::to_string(problem.size()), percent(share), std::to_string(found.orders),
                 std::to_string(found.layouts)});
    }
  fmt::print("500 orders, each a random step away from a greedy one:\n{}\n", table.str());
}

/// All orders of a small instance.
void enumerate(TextTable& table, const std::string& name, const PlanProblem& problem) {
  const Neighbourhoods around(problem, {});
  Decoder decoder(problem, around);
  std::vector<std::uint32_t> order(problem.size());
  std::iota(order.begin(), order.end(), 0U);
  std::set<std::vector<Bytes>> decoded;
  std::int64_t orders = 0;
  std::int64_t best_orders = 0;
  Bytes best = problem.total();
  do {
    Genome genome{order, std::vector<Bytes>(problem.size(), 0), 0, 0};
    decoder.decode(genome, 0);
    decoded.insert(genome.offsets);
    if (genome.peak < best) best_orders = 0;
    best = std::min(best, genome.peak);
    best_orders += genome.peak == best ? 1 : 0;
    ++orders;
  } while (std::ranges::next_permutation(order).found);
  table.add({name, grouped(orders), grouped(static_cast<std::int64_t>(decoded.size())),
             grouped(best_orders)});
}

}  // namespace

void tetris_section() {
  const std::vector<Group> all = groups();
  ablation(all);
  collapse(all);
  TextTable table({"all orders of", "orders", "layouts", "orders to the optimum"});
  enumerate(table, "pathological packing", problem_of_lives(kPathologicalPacking));
  enumerate(table, "fragmentation", problem_of_lives(kFragmentation));
  fmt::print("{}\n", table.str());
}

}  // namespace unna::bench
