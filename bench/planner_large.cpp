// Many buffers, each instance in a process of its own for its peak memory.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/host.h"
#include "bench/instances.h"
#include "bench/planner_sections.h"
#include "flow/pipeline.h"
#include "memmgr/complete_problem.h"
#include "memmgr/problem.h"
#include "text/table.h"
#include "text/units.h"

namespace unna::bench {
namespace {

/// Plain bytes, for a pipe.
struct LargeResult {
  double bound = 0;
  double gap = 0;
  double seconds = 0;
  double greedy_gap = 0;
  double greedy_seconds = 0;
  double make_seconds = 0;
};

template <class Kind>
LargeResult run_large(const Kind& kind) {
  LargeResult result;
  const Stopwatch watch;
  const PlanProblem problem = make_problem(make(kind), 1);
  result.make_seconds = watch.seconds();
  const auto [plan, seconds] = run_measured("auto", problem);
  const auto [greedy, greedy_seconds] = run_measured("greedy-by-size", problem);
  result.bound = static_cast<double>(plan.lower_bound);
  result.gap = gap_of(plan, plan.lower_bound);
  result.seconds = seconds;
  result.greedy_gap = gap_of(greedy, plan.lower_bound);
  result.greedy_seconds = greedy_seconds;
  return result;
}

struct Forked {
  LargeResult result;
  double max_mib = 0;
};

template <class Kind>
Forked run_in_child(const Kind& kind) {
  int ends[2];
  invariant(pipe(ends) == 0, "no pipe");
  std::fflush(stdout);
  const pid_t child = fork();
  invariant(child >= 0, "no process");
  if (child == 0) {
    const LargeResult result = run_large(kind);
    _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  close(ends[1]);
  Forked forked;
  const bool whole = read(ends[0], &forked.result, sizeof forked.result) == sizeof forked.result;
  close(ends[0]);
  rusage usage{};
  int status = 0;
  invariant(wait4(child, &status, 0, &usage) == child && status == 0 && whole,
            "the process of {} buffers failed", kind.count);
  forked.max_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return forked;
}

struct Tally {
  std::size_t problems = 0;
  std::size_t proved = 0;
  double worst = 0, slowest = 0;
  std::string worst_name = "-", slowest_name = "-";

  void add(const std::string& name, const Measured& run) {
    const double gap = gap_of(run.plan, run.plan.lower_bound);
    ++problems;
    proved += run.plan.proved_optimal ? 1 : 0;
    if (gap > worst) {
      worst = gap;
      worst_name = name;
    }
    if (run.seconds <= slowest) return;
    slowest = run.seconds;
    slowest_name = name;
  }
};

std::vector<std::string> shipped_networks() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("workloads"))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace

void large_section() {
  TextTable table({"kind", "buffers", "auto above bound", "CPU s", "greedy-by-size above bound",
                   "CPU s", "peak ratio", "index and bound s", "peak RSS MiB"});
  const auto add = [&](std::string_view name, const auto& kind) {
    const auto [r, mib] = run_in_child(kind);
    table.add({std::string(name), grouped(static_cast<std::int64_t>(kind.count)),
               r.gap == 0 ? "optimal" : percent(r.gap, 3), fmt::format("{:.2f}", r.seconds),
               percent(r.greedy_gap, 3), fmt::format("{:.2f}", r.greedy_seconds),
               fmt::format("{:.4f}", (1 + r.gap) / (1 + r.greedy_gap)),
               fmt::format("{:.2f}", r.make_seconds), fmt::format("{:.0f}", mib)});
  };
  for (const bool training : {false, true})
    for (const std::size_t count : {20'000, 60'000, 100'000})
      add(training ? "training" : "inference", NetworkLike{1, count, training});
  add("32 strands", Strands{});
  fmt::print("auto with its default effort, seed 1:\n{}\n", table.str());
}

void networks_section() {
  TextTable table({"cores", "liveness", "problems", "proved optimal", "worst gap", "network",
                   "slowest CPU s", "network"});
  for (const std::int64_t cores : {1, 4, 16}) {
    Tally topology;
    Tally instruction;
    for (const std::string& network : shipped_networks()) {
      MachineChoice choice;
      choice.cores = cores;
      CompileOptions options;
      options.granularity = Granularity::band;
      const Compiled compiled = compile_network({network, {}}, choose_machine(choice), options);
      const Executed executed = execute(compiled);
      const auto plan = [&](LivenessKind kind) {
        return run_measured("auto", problem_of(compiled, executed, kind));
      };
      const std::string& name = compiled.graph.name;
      topology.add(name, plan(LivenessKind::topology));
      instruction.add(name, plan(LivenessKind::instruction));
    }
    for (const auto& [kind, tally] :
         {std::pair<std::string, const Tally&>{"topology", topology}, {"instruction", instruction}})
      table.add({std::to_string(cores), kind, std::to_string(tally.problems),
                 std::to_string(tally.proved), percent(tally.worst, 2), tally.worst_name,
                 fmt::format("{:.2f}", tally.slowest), tally.slowest_name});
  }
  fmt::print("auto with its default effort, tensors in bands:\n{}\n", table.str());
}

}  // namespace unna::bench
