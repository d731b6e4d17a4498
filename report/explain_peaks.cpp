#include "report/explain_peaks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "text/units.h"

namespace unna {

namespace {

using Cores = std::set<std::uint32_t>;

/// "0, 2 to 5"
std::string cores_text(const Cores& cores) {
  std::string text;
  for (auto at = cores.begin(); at != cores.end();) {
    const std::uint32_t first = *at;
    std::uint32_t last = first;
    for (++at; at != cores.end() && *at == last + 1; ++at) last = *at;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", first);
    if (last > first) text += fmt::format("{}{}", last == first + 1 ? ", " : " to ", last);
  }
  return text;
}

std::string on_cores(const Cores& cores) {
  return fmt::format("core{} {}", cores.size() == 1 ? "" : "s", cores_text(cores));
}

/// Who uses a buffer of the trace, and in which layers first and last (by time stamps, which only
/// choose what to show).
struct Uses {
  Cores cores;
  std::optional<TraceEvent> first, last;
};

std::vector<Uses> uses_of(const Trace& trace) {
  std::vector<Uses> all(trace.buffers.size());
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::read && e.kind != TraceKind::write) continue;
    Uses& uses = all[e.buffer.index()];
    uses.cores.insert(e.core.value);
    if (!uses.first || e.start < uses.first->start) uses.first = e;
    if (!uses.last || e.end > uses.last->end) uses.last = e;
  }
  return all;
}

class Peaks {
 public:
  Peaks(const PlanProblem& topology, const PlanProblem& instruction, const Trace& trace)
      : topology_(topology), instruction_(instruction), trace_(trace), uses_(uses_of(trace)) {
    for (std::uint32_t t = 0; t < topology.lifetimes.buffers.size(); ++t)
      for (const BufferId member : topology.lifetimes.buffers[t].members) tensor_of_[member] = t;
  }

  std::vector<PeakTensor> tensors(const PlanProblem& problem) const {
    std::map<std::string, PeakTensor> by_name;
    std::map<std::string, Cores> cores;
    for (const std::uint32_t i : problem.antichain) {
      const LiveBuffer& live = problem.lifetimes.buffers[i];
      const std::string& name = trace_.buffers[live.members.front().index()].tensor;
      PeakTensor& tensor = by_name[name];
      tensor.tensor = name;
      tensor.bytes += problem.buffers[i].size;
      tensor.buffers += live.members.size();
      for (const BufferId member : live.members)
        cores[name].insert(uses_[member.index()].cores.begin(), uses_[member.index()].cores.end());
    }
    std::vector<PeakTensor> sorted;
    for (auto& [name, tensor] : by_name) {
      tensor.cores = cores_text(cores[name]);
      sorted.push_back(std::move(tensor));
    }
    std::ranges::stable_sort(sorted, std::greater{}, &PeakTensor::bytes);
    return sorted;
  }

  /// Of each pair of tensors its largest pair of buffers at the instructions' peak.
  std::vector<std::string> overlaps(std::size_t limit) const {
    std::map<std::pair<std::uint32_t, std::uint32_t>, BufferPair> pairs;
    const auto size = [&](const BufferPair& p) {
      return instruction_.buffers[p.first].size + instruction_.buffers[p.second].size;
    };
    for (const std::uint32_t i : instruction_.antichain)
      for (const std::uint32_t j : instruction_.antichain) {
        const std::uint32_t a = tensor(i);
        const std::uint32_t b = tensor(j);
        if (a == b || !topology_.lifetimes.before(a, b)) continue;
        const auto [at, is_new] = pairs.try_emplace({a, b}, BufferPair{i, j});
        if (!is_new && size({i, j}) > size(at->second)) at->second = {i, j};
      }
    std::vector<BufferPair> sorted;
    for (const auto& [tensors, pair] : pairs) sorted.push_back(pair);
    std::ranges::stable_sort(sorted, std::greater{}, size);
    if (sorted.size() > limit) sorted.resize(limit);
    std::vector<std::string> sentences;
    for (const BufferPair& pair : sorted) sentences.push_back(sentence(pair.first, pair.second));
    return sentences;
  }

 private:
  std::uint32_t tensor(std::uint32_t i) const {
    return tensor_of_.at(instruction_.lifetimes.buffers[i].members.front());
  }
  const Uses& uses(std::uint32_t i) const {
    return uses_[instruction_.lifetimes.buffers[i].members.front().index()];
  }
  std::string layer(const std::optional<TraceEvent>& event) const {
    return event ? trace_.layers[event->op.index()] : std::string("no layer");
  }

  /// Cores with a use of `a` that nothing makes complete before every use of `b`.
  Cores late_cores(std::uint32_t a, std::uint32_t b) const {
    const ChainOrder& order = *instruction_.lifetimes.order;
    Cores cores;
    for (const ChainOrder::Mark& m : order.last(a))
      if (m.position > order.first(b)[m.chain])
        cores.insert(m.chain / static_cast<std::uint32_t>(kEngines));
    return cores;
  }

  std::string sentence(std::uint32_t a, std::uint32_t b) const {
    const Cores late = late_cores(a, b);
    return fmt::format(
        "{} ({}) and {} ({}): {} may still use the first in {} when {} begin{} the second in {}",
        instruction_.buffers[a].name, readable_bytes(instruction_.buffers[a].size),
        instruction_.buffers[b].name, readable_bytes(instruction_.buffers[b].size), on_cores(late),
        layer(uses(a).last), on_cores(uses(b).cores), uses(b).cores.size() == 1 ? "s" : "",
        layer(uses(b).first));
  }

  const PlanProblem& topology_;
  const PlanProblem& instruction_;
  const Trace& trace_;
  std::vector<Uses> uses_;
  std::map<BufferId, std::uint32_t> tensor_of_;
};

std::string tensors_text(const std::vector<PeakTensor>& tensors, std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, tensors.size()); ++i) {
    const PeakTensor& t = tensors[i];
    text += fmt::format("    {} of {}", readable_bytes(t.bytes), t.tensor);
    if (t.buffers > 1) text += fmt::format(" in {} buffers", t.buffers);
    if (!t.cores.empty())
      text += fmt::format(", used by core{} {}",
                          t.cores.find_first_not_of("0123456789") == std::string::npos ? "" : "s",
                          t.cores);
    text += "\n";
  }
  if (tensors.size() > limit) text += fmt::format("    and {} more\n", tensors.size() - limit);
  return text;
}

}  // namespace

PeakExplanation explain_peaks(const PlanProblem& topology, const PlanProblem& instruction,
                              const Trace& trace, std::size_t limit) {
  const Peaks peaks(topology, instruction, trace);
  return {topology.lower_bound, instruction.lower_bound, peaks.tensors(topology),
          peaks.tensors(instruction), peaks.overlaps(limit)};
}

std::string peaks_text(const PeakExplanation& peaks, std::size_t limit) {
  std::string text =
      fmt::format("  in use together at the peak, whole tensors in the order of the layers: {}\n{}",
                  readable_bytes(peaks.topology_bytes), tensors_text(peaks.topology, limit));
  text +=
      fmt::format("  in use together at the peak, buffers in the order of the instructions: {}\n{}",
                  readable_bytes(peaks.instruction_bytes), tensors_text(peaks.instruction, limit));
  if (!peaks.loss()) return text;
  text +=
      "  why instructions need more: topology takes the first of each pair to be over before the\n"
      "  second begins, but no barrier or token makes it so:\n";
  for (const std::string& overlap : peaks.overlaps) text += "    " + overlap + "\n";
  return text;
}

}  // namespace unna
