#include "cli/plan_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
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

/// The layout of a trace with the given offsets; what is not planned lies behind it.
Layout layout_of(const Trace& trace, const PlanProblem& problem,
                 const std::vector<Bytes>& offsets) {
  Layout layout;
  layout.base.resize(trace.buffers.size());
  Bytes end = std::max<Bytes>(peak_of(problem, offsets), 0);
  for (std::size_t b = 0; b < trace.buffers.size(); ++b) {
    if (trace.buffers[b].kind == BufferKind::intermediate) continue;
    layout.base[b] = end;
    end += trace.buffers[b].size;
  }
  for (std::size_t i = 0; i < problem.size(); ++i)
    layout.base[problem.lifetimes.buffers[i].members.front().index()] = offsets[i];
  return layout;
}

/// Those of a trace name its instructions instead of places in the order.
std::vector<Violation> of_trace(const Trace& trace, const PlanProblem& problem,
                                const std::vector<Bytes>& offsets, std::size_t limit) {
  std::vector<Violation> found = check_layout(trace, layout_of(trace, problem, offsets), limit);
  std::vector<std::size_t> index(trace.buffers.size(), 0);
  for (std::size_t i = 0; i < problem.size(); ++i)
    index[problem.lifetimes.buffers[i].members.front().index()] = i;
  for (Violation& violation : found)
    for (std::size_t& b : violation.buffers) b = index[b];
  return found;
}

std::vector<Violation> violations_of(const PlanProblem& problem, const Trace* trace,
                                     const GivenPlan& given, std::size_t limit) {
  if (!problem.pools.empty()) return check_pools(problem, given.pool, given.offsets, limit);
  PlanProblem unlimited = problem;
  unlimited.capacity.reset();
  Plan plan;
  plan.offsets = given.offsets;
  plan.peak = peak_of(problem, given.offsets);
  std::vector<Violation> found = check_plan(unlimited, plan, limit);
  if (trace == nullptr) return found;
  std::erase_if(found, [](const Violation& v) { return v.buffers.size() > 1; });
  for (Violation& violation : of_trace(*trace, problem, given.offsets, limit - found.size()))
    found.push_back(std::move(violation));
  return found;
}

std::string listed(const std::vector<Violation>& found, const GivenPlan& given,
                   const std::string& problem_file, const std::string& offsets_file) {
  const bool more = found.size() > kListed;
  std::string text = fmt::format("{} is no valid plan for {}, {}{}:\n", offsets_file, problem_file,
                                 more ? "at least " : "", counted(found.size(), "violation"));
  for (std::size_t i = 0; i < std::min(found.size(), kListed); ++i) {
    std::vector<int> lines;
    for (const std::size_t b : found[i].buffers) lines.push_back(given.line[b]);
    text += fmt::format("  {}{}\n", found[i].message,
                        lines.empty()
                            ? ""
                            : fmt::format(" ({} {} of {})", lines.size() == 1 ? "line" : "lines",
                                          fmt::join(lines, " and "), offsets_file));
  }
  return text;
}

Plan plan_of(const PlanProblem& problem, std::vector<Bytes> offsets) {
  Plan plan;
  plan.peak = peak_of(problem, offsets);
  plan.offsets = std::move(offsets);
  plan.lower_bound = problem.lower_bound;
  plan.proved_optimal = plan.peak == plan.lower_bound;
  judge_waits(problem, plan);
  return plan;
}

}  // namespace

CheckedPlan check_given(const std::string& problem_file, const PlanProblem& problem,
                        const Trace* trace, const std::string& offsets_file) {
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
  const auto found = violations_of(problem, trace, given, kListed + 1);
  if (!found.empty()) {
    checked.invalid = listed(found, given, problem_file, offsets_file);
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
