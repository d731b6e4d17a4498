#include "report/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "memmgr/plan.h"
#include "text/table.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

/// For each BufferId the element of the problem that contains it.
std::vector<std::size_t> element_of_buffer(const PlanProblem& problem, std::size_t buffers) {
  std::vector<std::size_t> element(buffers, kNowhere);
  for (std::size_t i = 0; i < problem.lifetimes.buffers.size(); ++i)
    for (const BufferId member : problem.lifetimes.buffers[i].members) element[member.index()] = i;
  return element;
}

/// Layers of the first and the last access of each buffer, in the order of time stamps.
struct Span {
  std::optional<TraceEvent> first, last;
};
std::vector<Span> spans(const Trace& trace) {
  std::vector<Span> result(trace.buffers.size());
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceKind::read && event.kind != TraceKind::write) continue;
    Span& span = result[event.buffer.index()];
    if (!span.first || event.start < span.first->start) span.first = event;
    if (!span.last || event.end > span.last->end) span.last = event;
  }
  return result;
}

class Explainer {
 public:
  Explainer(const PlanProblem& topology, const PlanProblem& instruction, const Plan& plan,
            const Trace& trace)
      : topology_(topology),
        instruction_(instruction),
        plan_(plan),
        trace_(trace),
        tensor_of_(element_of_buffer(topology, trace.buffers.size())),
        spans_(spans(trace)) {}

  /// The tensor (element of the topology's problem) that buffer i is part of.
  std::size_t tensor(std::size_t i) const {
    const auto& members = instruction_.lifetimes.buffers[i].members;
    return members.empty() ? kNowhere : tensor_of_[members.front().index()];
  }

  Gain gain(std::size_t i) const {
    Gain g;
    g.buffer = instruction_.buffers[i].name;
    g.size = instruction_.buffers[i].size;
    const std::size_t t = tensor(i);
    std::vector<std::uint32_t> scratch;
    if (t != kNowhere) {
      g.topology_conflicts = topology_.buffers[t].size - g.size;  // the tensor's other parts
      for (const std::uint32_t other : topology_.neighbours(t, scratch))
        g.topology_conflicts += topology_.buffers[other].size;
    }
    for (const std::uint32_t other : instruction_.neighbours(i, scratch))
      g.instruction_conflicts += instruction_.buffers[other].size;
    return g;
  }

  std::string why(std::size_t i) const {
    const auto partner = largest_partner(i);
    if (!partner) return "no single partner: its conflicts shrink in bytes only";
    const std::size_t j = *partner;
    const auto& order = instruction_.lifetimes.order;
    const bool i_first = !order || order->before(i, j);
    const std::size_t before = i_first ? i : j;
    const std::size_t after = i_first ? j : i;
    return fmt::format("{} {}: {} last used {} before {} is first used {}; {}",
                       overlap(i, j) ? "shares bytes with" : "may share with",
                       instruction_.buffers[j].name, instruction_.buffers[before].name,
                       place(before, false), instruction_.buffers[after].name, place(after, true),
                       tensor(i) == tensor(j) ? "both are parts of one tensor"
                                              : "their tensors are live together");
  }

 private:
  bool overlap(std::size_t i, std::size_t j) const {
    return plan_.offsets[i] < plan_.offsets[j] + instruction_.buffers[j].size &&
           plan_.offsets[j] < plan_.offsets[i] + instruction_.buffers[i].size;
  }

  bool topology_conflict(std::size_t i, std::size_t j) const {
    const std::size_t a = tensor(i);
    const std::size_t b = tensor(j);
    if (a == kNowhere || b == kNowhere) return false;
    return a == b || topology_.lifetimes.conflict(a, b);
  }

  /// A buffer kept apart from i by topology only: one it shares bytes with first, then the largest.
  std::optional<std::size_t> largest_partner(std::size_t i) const {
    std::optional<std::size_t> best;
    const auto rank = [&](std::size_t j) {
      return std::pair(overlap(i, j), instruction_.buffers[j].size);
    };
    for (std::size_t j = 0; j < instruction_.buffers.size(); ++j) {
      if (j == i || instruction_.conflict(i, j)) continue;
      if (topology_conflict(i, j) && (!best || rank(j) > rank(*best))) best = j;
    }
    return best;
  }

  std::string place(std::size_t i, bool first) const {
    const BufferId buffer = instruction_.lifetimes.buffers[i].members.front();
    const auto& event = first ? spans_[buffer.index()].first : spans_[buffer.index()].last;
    if (!event) return "nowhere";
    return fmt::format("in {} (core {}, pc {})", trace_.layers[event->op.index()],
                       event->core.value, event->pc);
  }

  const PlanProblem& topology_;
  const PlanProblem& instruction_;
  const Plan& plan_;
  const Trace& trace_;
  std::vector<std::size_t> tensor_of_;
  std::vector<Span> spans_;
};

}  // namespace

std::vector<Gain> explain_gains(const PlanProblem& topology, const PlanProblem& instruction,
                                const Plan& plan, const Trace& trace, std::size_t limit) {
  const Explainer explainer(topology, instruction, plan, trace);
  std::vector<Gain> gains;
  for (std::size_t i = 0; i < instruction.buffers.size(); ++i) gains.push_back(explainer.gain(i));
  const auto weight = [&](std::size_t i) {
    return static_cast<double>(gains[i].topology_conflicts - gains[i].instruction_conflicts) *
           static_cast<double>(gains[i].size);
  };
  std::vector<std::size_t> order(gains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });
  std::vector<Gain> top;
  for (const std::size_t i : order) {
    if (top.size() == limit || weight(i) <= 0) break;
    gains[i].why = explainer.why(i);
    top.push_back(std::move(gains[i]));
  }
  return top;
}

std::string gains_text(const std::vector<Gain>& gains) {
  if (gains.empty())
    return "no single buffer has fewer bytes in conflict with it than under topology liveness\n";
  TextTable table(
      {"buffer", "size", "conflicts with\n(topology)", "conflicts with\n(instruction)", "why"});
  table.left_from(4);
  for (const Gain& gain : gains)
    table.add({gain.buffer, readable_bytes(gain.size), readable_bytes(gain.topology_conflicts),
               readable_bytes(gain.instruction_conflicts), gain.why});
  return table.str();
}

}  // namespace unna
