// A problem planned by every planner there is; the checker and the bound have the last word.
#include <memmgr/checker.h>
#include <memmgr/complete_problem.h>
#include <memmgr/planners/registry.h>

#include <iostream>

int main() {
  unna::PlanProblem problem;
  problem.lifetimes.intervals.emplace();
  const auto add = [&](const char* name, unna::Bytes size, unna::Interval time) {
    unna::PlanBuffer buffer;
    buffer.name = name;
    buffer.size = size;
    problem.buffers.push_back(buffer);
    problem.lifetimes.buffers.push_back({name, size, {}, {}});
    problem.lifetimes.intervals->push_back(time);
  };
  add("a", 4096, {0, 2});
  add("b", 8192, {1, 3});
  add("c", 4096, {2, 4});
  unna::complete_problem(problem);

  std::cout << "bound " << problem.lower_bound << '\n';
  for (const unna::PlannerInfo& planner : unna::planners()) {
    if (planner.shared_objects) continue;
    const unna::Plan plan = unna::run_planner(planner.name, problem, {});
    if (!unna::check_plan(problem, plan).empty()) return 1;
    std::cout << planner.name << ' ' << plan.peak << (plan.proved_optimal ? " optimal" : "")
              << '\n';
  }
}
