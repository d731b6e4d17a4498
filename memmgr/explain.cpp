#include "memmgr/explain.h"

#include <algorithm>

namespace unna {
namespace {

void add_gaps(const PlanProblem& problem, const Plan& plan, std::uint32_t buffer,
              std::vector<WastedGap>& gaps) {
  std::vector<std::uint32_t> scratch;
  const auto span = problem.neighbours(buffer, scratch);
  std::vector<std::uint32_t> below(span.begin(), span.end());
  std::ranges::sort(below, {}, [&](std::uint32_t j) { return std::pair(plan.offsets[j], j); });
  Bytes floor = 0;
  for (const std::uint32_t j : below) {
    if (plan.offsets[j] >= plan.offsets[buffer]) break;
    if (plan.offsets[j] > floor) gaps.push_back({buffer, floor, plan.offsets[j]});
    floor = std::max(floor, plan.offsets[j] + problem.buffers[j].size);
  }
  if (floor < plan.offsets[buffer]) gaps.push_back({buffer, floor, plan.offsets[buffer]});
}

std::string list(const PlanProblem& problem, const std::vector<std::uint32_t>& buffers,
                 std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, buffers.size()); ++i)
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", problem.buffers[buffers[i]].name,
                        problem.buffers[buffers[i]].size);
  if (buffers.size() > limit) text += fmt::format(" and {} more", buffers.size() - limit);
  return text;
}

}  // namespace

PlanExplanation explain_plan(const PlanProblem& problem, const Plan& plan) {
  PlanExplanation result;
  const auto larger = [&](std::uint32_t i) { return problem.buffers[i].size; };
  result.at_bound = problem.antichain;
  std::ranges::stable_sort(result.at_bound, std::ranges::greater{}, larger);
  Bytes top = 0;
  for (std::size_t i = 0; i < problem.size(); ++i)
    top = std::max(top, plan.offsets[i] + problem.buffers[i].size);
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (plan.offsets[i] + problem.buffers[i].size == top) result.at_peak.push_back(i);
  std::ranges::stable_sort(result.at_peak, std::ranges::greater{}, larger);
  result.fragmentation = plan.peak - problem.lower_bound;
  for (const std::uint32_t i : result.at_peak) add_gaps(problem, plan, i, result.gaps);
  return result;
}

std::string explanation_text(const PlanProblem& problem, const Plan& plan, const PlanExplanation& e,
                             std::size_t limit) {
  std::string text = fmt::format("bound {} bytes, all in use together: {}\n", problem.lower_bound,
                                 list(problem, e.at_bound, limit));
  text += fmt::format("peak {} bytes, made by: {}\n", plan.peak, list(problem, e.at_peak, limit));
  text += fmt::format("fragmentation {} bytes\n", e.fragmentation);
  for (std::size_t g = 0; g < std::min(limit, e.gaps.size()); ++g)
    text += fmt::format("  [{}, {}) is free below {}, {} bytes of the {} it needs\n",
                        e.gaps[g].begin, e.gaps[g].end, problem.buffers[e.gaps[g].under].name,
                        e.gaps[g].end - e.gaps[g].begin, problem.buffers[e.gaps[g].under].size);
  if (e.gaps.size() > limit) text += fmt::format("  and {} more gaps\n", e.gaps.size() - limit);
  return text;
}

}  // namespace unna
