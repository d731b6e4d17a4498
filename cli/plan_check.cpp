#include "cli/plan_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/host.h"
#include "memmgr/checker.h"
#include "memmgr/offsets_file.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/pools/pools.h"
#include "memmgr/problem.h"
#include "text/units.h"

namespace unna {
namespace {

/// Violations that are listed: a layout with everything at 0 has as many as pairs.
constexpr std::size_t kListed = 1000;

std::vector<Violation> violations_of(const PlanProblem& problem, const GivenPlan& given,
                                     std::size_t limit) {
  if (!problem.pools.empty()) return check_pools(problem, given.pool, given.offsets, limit);
  PlanProblem unlimited = problem;
  unlimited.capacity.reset();
  Plan plan;
  plan.offsets = given.offsets;
  plan.peak = peak_of(problem, given.offsets);
  return check_plan(unlimited, plan, limit);
}

std::string listed(const std::vector<Violation>& found, const std::string& problem_file,
                   const std::string& offsets_file) {
  const bool more = found.size() > kListed;
  std::string text = fmt::format("{} is no valid plan for {}, {}{}:\n", offsets_file, problem_file,
                                 more ? "at least " : "", counted(found.size(), "violation"));
  for (std::size_t i = 0; i < std::min(found.size(), kListed); ++i)
    text += fmt::format("  {}\n", found[i].message);
  return text;
}

Plan plan_of(const PlanProblem& problem, std::vector<Bytes> offsets) {
  Plan plan;
  plan.peak = peak_of(problem, offsets);
  plan.offsets = std::move(offsets);
  plan.lower_bound = problem.lower_bound;
  plan.proved_optimal = plan.peak == plan.lower_bound;
  return plan;
}

}  // namespace

CheckedPlan check_given(const std::string& problem_file, const PlanProblem& problem,
                        const std::string& offsets_file) {
  if (offsets_file == "-" && problem_file == "-")
    throw InputError("unnasim plan: standard input (-) twice, expected it once");
  const std::string text =
      offsets_file == "-" ? read_descriptor(STDIN_FILENO, offsets_file) : read_file(offsets_file);
  GivenPlan given = parse_offsets(text, offsets_file, problem);
  CheckedPlan checked;
  PlanRun& run = checked.run;
  run.file = problem_file;
  run.planner = std::filesystem::path(offsets_file).filename().string();
  run.given = true;
  run.problem = &problem;
  const Stopwatch watch;
  const auto found = violations_of(problem, given, kListed + 1);
  if (!found.empty()) {
    checked.invalid = listed(found, problem_file, offsets_file);
    return checked;
  }
  if (problem.pools.empty())
    run.plan = plan_of(problem, std::move(given.offsets));
  else
    run.pools = given_pools(problem, given.pool, given.offsets);
  for (const MemoryView& memory : memories(run))
    for (const Violation& violation : check_bound(memory.problem))
      throw InternalError(fmt::format("the bound of {}: {}", problem_file, violation.message));
  run.check_seconds = watch.seconds();
  return checked;
}

}  // namespace unna
