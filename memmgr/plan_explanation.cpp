#include "memmgr/plan_explanation.h"

#include <algorithm>

#include "base/error.h"
#include "memmgr/plan.h"

namespace unna {
namespace {

/// What lies below a buffer and keeps it from being there.
struct Below {
  Bytes begin = 0;
  Bytes end = 0;
  std::optional<std::uint32_t> buffer;  ///< none: a reserved range
};

class GapFinder {
 public:
  GapFinder(const PlanProblem& problem, const Plan& plan) : problem_(problem), plan_(plan) {}

  std::vector<WastedGap> under(std::uint32_t buffer) {
    std::vector<WastedGap> gaps;
    Bytes floor = 0;
    const auto note = [&](Bytes until, std::optional<std::uint32_t> above) {
      if (until <= floor) return;
      gaps.push_back(explain({buffer, floor, until, GapReason::reserved, above, {}}));
    };
    for (const Below& b : below(buffer)) {
      note(b.begin, b.buffer);
      floor = std::max(floor, b.end);
    }
    note(plan_.offsets[buffer], buffer);
    return gaps;
  }

 private:
  std::vector<Below> below(std::uint32_t buffer) {
    const Bytes top = plan_.offsets[buffer];
    std::vector<Below> result;
    for (const std::uint32_t j : problem_.neighbours(buffer, scratch_))
      if (plan_.offsets[j] < top && problem_.buffers[j].size > 0)
        result.push_back({plan_.offsets[j], plan_.offsets[j] + problem_.buffers[j].size, j});
    for (const ByteRange& r : problem_.reserved)
      if (r.begin < top) result.push_back({r.begin, r.end, {}});
    std::ranges::sort(result, {},
                      [](const Below& b) { return std::tuple(b.begin, b.end, b.buffer); });
    return result;
  }

  WastedGap explain(WastedGap gap) {
    if (!gap.above) return gap;
    const std::uint32_t above = *gap.above;
    if (problem_.buffers[above].fixed) {
      gap.reason = GapReason::fixed;
      return gap;
    }
    const Bytes at = plan_.offsets[above];
    Below floor;
    for (const Below& b : below(above))
      if (b.end <= at && b.end >= floor.end) floor = b;
    if (round_up(floor.end, problem_.buffers[above].alignment) != at) {
      gap.reason = GapReason::loose;
    } else if (floor.end <= gap.begin) {
      gap.reason = GapReason::alignment;
    } else if (floor.buffer) {
      gap.reason = GapReason::rests;
      gap.support = floor.buffer;
    }
    return gap;
  }

  const PlanProblem& problem_;
  const Plan& plan_;
  std::vector<std::uint32_t> scratch_;
};

std::string list(const PlanProblem& problem, const std::vector<std::uint32_t>& buffers,
                 std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, buffers.size()); ++i)
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", problem.buffers[buffers[i]].name,
                        problem.buffers[buffers[i]].size);
  if (buffers.size() > limit) text += fmt::format(" and {} more", buffers.size() - limit);
  return text;
}

/// What each of the bound's buffers counts for, and what is reserved besides.
std::string bound_list(const PlanProblem& problem, const std::vector<std::uint32_t>& buffers,
                       std::size_t limit) {
  std::string text;
  Bytes counted = 0;
  for (std::size_t k = 0; k < buffers.size(); ++k) {
    Bytes bytes = problem.buffers[buffers[k]].size;
    if (problem.bound_kind == BoundKind::together) {
      const auto at =
          std::ranges::lower_bound(problem.antichain, buffers[k]) - problem.antichain.begin();
      bytes = problem.antichain_bytes[static_cast<std::size_t>(at)];
    }
    counted += bytes;
    if (k < limit)
      text += fmt::format("{}{} ({})", k == 0 ? "" : ", ", problem.buffers[buffers[k]].name, bytes);
  }
  if (buffers.size() > limit) text += fmt::format(" and {} more", buffers.size() - limit);
  const bool besides =
      problem.bound_kind == BoundKind::together || problem.bound_kind == BoundKind::apart;
  if (besides && problem.lower_bound > counted)
    text += fmt::format(", and {} reserved", problem.lower_bound - counted);
  return text;
}

std::string_view bound_text(const PlanProblem& problem) {
  switch (problem.bound_kind) {
    case BoundKind::together:
      return problem.in_place.empty() ? "all in use together"
                                      : "in use together, none in place of another";
    case BoundKind::single:
      return "which can end nowhere lower";
    case BoundKind::fixed:
      return "which has a fixed offset";
    case BoundKind::apart:
      return "disjoint: two are kept apart";
  }
  return "";
}

std::string reason_text(const PlanProblem& problem, const WastedGap& gap) {
  const auto name = [&](std::uint32_t i) { return problem.buffers[i].name; };
  if (!gap.above) return "a reserved range is above it";
  const std::string above =
      *gap.above == gap.under ? "it" : fmt::format("{} above it", name(*gap.above));
  switch (gap.reason) {
    case GapReason::fixed:
      return fmt::format("{} has a fixed offset", above);
    case GapReason::alignment:
      return fmt::format("{} is aligned to {}", above, problem.buffers[*gap.above].alignment);
    case GapReason::rests:
      return fmt::format("{} rests on {}, which does not conflict with {}", above,
                         name(*gap.support), name(gap.under));
    case GapReason::reserved:
      return fmt::format("{} rests on a reserved range", above);
    case GapReason::loose:
      return fmt::format("{} could lie lower", above);
  }
  return "";
}

}  // namespace

PlanExplanation explain_plan(const PlanProblem& problem, const Plan& plan) {
  PlanExplanation result;
  const auto larger = [&](std::uint32_t i) { return problem.buffers[i].size; };
  result.at_bound = problem.bound_buffers;
  std::ranges::stable_sort(result.at_bound, std::ranges::greater{}, larger);
  Bytes top = 0;
  for (std::size_t i = 0; i < problem.size(); ++i)
    top = std::max(top, plan.offsets[i] + problem.buffers[i].size);
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (plan.offsets[i] + problem.buffers[i].size == top) result.at_peak.push_back(i);
  std::ranges::stable_sort(result.at_peak, std::ranges::greater{}, larger);
  result.fragmentation = plan.peak - std::max(plan.lower_bound, problem.lower_bound);
  GapFinder finder(problem, plan);
  for (const std::uint32_t i : result.at_peak)
    for (const WastedGap& gap : finder.under(i)) result.gaps.push_back(gap);
  return result;
}

std::string bound_reason(const PlanProblem& problem, std::size_t limit) {
  std::vector<std::uint32_t> buffers = problem.bound_buffers;
  std::ranges::stable_sort(buffers, std::ranges::greater{},
                           [&](std::uint32_t i) { return problem.buffers[i].size; });
  return fmt::format("{}: {}", bound_text(problem), bound_list(problem, buffers, limit));
}

std::string explanation_text(const PlanProblem& problem, const Plan& plan, const PlanExplanation& e,
                             std::size_t limit) {
  std::string text =
      fmt::format("bound {} bytes, {}\n", problem.lower_bound, bound_reason(problem, limit));
  if (plan.lower_bound > problem.lower_bound)
    text += fmt::format("bound {} bytes, by exhaustive search\n", plan.lower_bound);
  text += fmt::format("peak {} bytes, made by: {}\n", plan.peak, list(problem, e.at_peak, limit));
  text += fmt::format("fragmentation {} bytes\n", e.fragmentation);
  for (std::size_t g = 0; g < std::min(limit, e.gaps.size()); ++g) {
    const WastedGap& gap = e.gaps[g];
    text += fmt::format("  [{}, {}) is free below {}, {} bytes of the {} it needs: {}\n", gap.begin,
                        gap.end, problem.buffers[gap.under].name, gap.end - gap.begin,
                        problem.buffers[gap.under].size, reason_text(problem, gap));
  }
  if (e.gaps.size() > limit) text += fmt::format("  and {} more gaps\n", e.gaps.size() - limit);
  return text;
}

}  // namespace unna
