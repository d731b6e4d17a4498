// check_layout: happens-before once more, from nothing but the trace, by pushing sets of accesses
// through the graph of its events. Shares no code with liveness.

#include <algorithm>
#include <array>
#include <deque>
#include <map>

#include "base/error.h"
#include "memmgr/checker.h"

namespace unna {
namespace {

/// Events in an order in which every edge leads forward. The event at position p of it has the
/// direct predecessors at positions before[first[p]] up to before[first[p + 1]].
struct EventGraph {
  std::vector<std::uint32_t> order;     ///< event at each position
  std::vector<std::uint32_t> position;  ///< of each event
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> before;
};

/// Edges of one core in program order: engines, tokens, and events that wait for everything.
void add_core_edges(const Trace& trace, const std::vector<std::uint32_t>& events,
                    std::vector<std::vector<std::uint32_t>>& from) {
  std::array<std::optional<std::uint32_t>, kEngines> last;
  std::map<std::pair<std::size_t, std::size_t>, std::deque<std::uint32_t>> tokens;
  for (const std::uint32_t v : events) {
    const TraceEvent& e = trace.events[v];
    if (!e.engine) {
      for (auto& l : last) {
        if (l) from[v].push_back(*l);
        l = v;
      }
      continue;
    }
    const auto engine = static_cast<std::size_t>(*e.engine);
    if (last[engine]) from[v].push_back(*last[engine]);
    last[engine] = v;
    for (std::size_t other = 0; other < kEngines; ++other) {
      if ((e.wait & (1U << other)) == 0) continue;
      auto& given = tokens[{other, engine}];
      if (given.empty()) continue;  // no edge: less order, never more
      from[v].push_back(given.front());
      given.pop_front();
    }
    for (std::size_t other = 0; other < kEngines; ++other)
      if ((e.signal & (1U << other)) != 0) tokens[{engine, other}].push_back(v);
  }
}

/// A barrier's release is one moment: each event after it comes after all arrivals. Since a barrier
/// event precedes and follows its core's others, edges from every arrival's predecessors do.
void add_sync_edges(const Trace& trace, const std::vector<std::vector<std::uint32_t>>& cores,
                    std::vector<std::vector<std::uint32_t>>& from) {
  std::map<std::pair<std::uint64_t, std::size_t>, std::vector<std::uint32_t>> meetings;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::deque<std::uint32_t>> signals;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::deque<std::uint32_t>> waits;
  for (const auto& events : cores) {
    std::map<std::uint64_t, std::size_t> count;  // of barriers of each set that the core met
    for (const std::uint32_t v : events) {
      const TraceEvent& e = trace.events[v];
      const bool meets = e.kind == TraceKind::barrier && (e.cores >> e.core.value & 1U) != 0;
      if (meets) meetings[{e.cores, count[e.cores]++}].push_back(v);
      if (e.kind == TraceKind::signal) signals[{e.peer.value, e.sync}].push_back(v);
      if (e.kind == TraceKind::wait) waits[{e.core.value, e.sync}].push_back(v);
    }
  }
  for (const auto& [key, members] : meetings) {
    std::vector<std::uint32_t> arrivals;
    for (const std::uint32_t v : members)
      arrivals.insert(arrivals.end(), from[v].begin(), from[v].end());
    for (const std::uint32_t v : members) from[v] = arrivals;
  }
  for (auto& [key, takers] : waits) {
    auto& givers = signals[key];
    // Which signal is the n-th is certain only where all come from one engine.
    const auto same_engine = [&](std::uint32_t v) {
      const TraceEvent& first = trace.events[givers.front()];
      return trace.events[v].core == first.core && trace.events[v].engine == first.engine;
    };
    if (!std::ranges::all_of(givers, same_engine)) continue;
    for (std::size_t i = 0; i < takers.size() && i < givers.size(); ++i)
      from[takers[i]].push_back(givers[i]);
  }
}

EventGraph event_graph(const Trace& trace) {
  std::vector<std::vector<std::uint32_t>> cores(static_cast<std::size_t>(trace.cores));
  for (std::uint32_t v = 0; v < trace.events.size(); ++v)
    cores.at(trace.events[v].core.index()).push_back(v);
  std::vector<std::vector<std::uint32_t>> from(trace.events.size());
  for (const auto& events : cores) add_core_edges(trace, events, from);
  add_sync_edges(trace, cores, from);

  EventGraph graph;
  std::vector<std::uint32_t> missing(trace.events.size(), 0);
  std::vector<std::vector<std::uint32_t>> to(trace.events.size());
  for (std::uint32_t v = 0; v < trace.events.size(); ++v) {
    missing[v] = static_cast<std::uint32_t>(from[v].size());
    for (const std::uint32_t u : from[v]) to[u].push_back(v);
    if (missing[v] == 0) graph.order.push_back(v);
  }
  for (std::size_t i = 0; i < graph.order.size(); ++i)
    for (const std::uint32_t v : to[graph.order[i]])
      if (--missing[v] == 0) graph.order.push_back(v);
  if (graph.order.size() != trace.events.size())
    throw InputError(fmt::format("{}: the trace's synchronisation is circular", trace.network));
  graph.position.resize(trace.events.size());
  for (std::uint32_t p = 0; p < graph.order.size(); ++p) graph.position[graph.order[p]] = p;
  for (const std::uint32_t v : graph.order) {
    graph.first.push_back(static_cast<std::uint32_t>(graph.before.size()));
    for (const std::uint32_t u : from[v]) graph.before.push_back(graph.position[u]);
  }
  graph.first.push_back(static_cast<std::uint32_t>(graph.before.size()));
  return graph;
}

constexpr std::size_t kWords = 8;  // of a set of sources pushed at once
using Set = std::array<std::uint64_t, kWords>;

class LayoutChecker {
 public:
  LayoutChecker(const Trace& trace, const Layout& layout, std::size_t limit)
      : trace_(trace), layout_(layout), limit_(limit), graph_(event_graph(trace)) {
    collect_accesses();
  }
  std::vector<Violation> run();

 private:
  /// A buffer's last access on one engine: whoever is after it is after all earlier ones there.
  struct Batch {
    std::vector<std::uint32_t> buffers;
    std::vector<std::uint32_t> sources;     ///< events
    std::vector<std::size_t> first_source;  ///< of each buffer, and the end
  };

  const BufferInfo& info(std::size_t b) const { return trace_.buffers[b]; }
  Bytes begin(std::size_t b) const { return layout_.base[b]; }
  Bytes end(std::size_t b) const { return layout_.base[b] + info(b).size; }
  bool share_bytes(std::size_t a, std::size_t b) const {
    return begin(a) < end(b) && begin(b) < end(a) && info(a).size > 0 && info(b).size > 0;
  }
  bool may_precede(std::size_t b) const {  // an end that some other buffer could come after
    return info(b).kind == BufferKind::intermediate || info(b).kind == BufferKind::input;
  }
  bool may_follow(std::size_t b) const {
    return info(b).kind == BufferKind::intermediate || info(b).kind == BufferKind::output;
  }

  void collect_accesses();
  std::vector<std::uint32_t> sources_of(std::size_t b) const;
  void settle(const Batch& batch);
  std::optional<std::pair<std::uint32_t, std::uint32_t>> unordered(std::size_t a,
                                                                   std::size_t b) const;
  std::string why_not(std::size_t a, std::size_t b) const;
  std::string event(std::uint32_t v) const;

  const Trace& trace_;
  const Layout& layout_;
  std::size_t limit_;
  EventGraph graph_;
  std::vector<std::vector<std::uint32_t>> accesses_;  ///< events of each buffer
  std::vector<std::uint32_t> shared_;                 ///< buffers that share a byte with another
  std::vector<std::vector<bool>> before_;             ///< among shared_, by index there
};

void LayoutChecker::collect_accesses() {
  if (layout_.base.size() != trace_.buffers.size())
    throw InputError(fmt::format("{}: layout of {} buffers for a trace of {}", trace_.network,
                                 layout_.base.size(), trace_.buffers.size()));
  accesses_.resize(trace_.buffers.size());
  for (std::uint32_t v = 0; v < trace_.events.size(); ++v) {
    const TraceEvent& e = trace_.events[v];
    if (e.kind == TraceKind::read || e.kind == TraceKind::write)
      accesses_.at(e.buffer.index()).push_back(v);
  }
  std::vector<std::uint32_t> by_address;
  for (std::uint32_t b = 0; b < trace_.buffers.size(); ++b)
    if (info(b).size > 0) by_address.push_back(b);
  std::ranges::stable_sort(by_address, {}, [&](std::uint32_t b) { return begin(b); });
  std::vector<bool> shares(trace_.buffers.size(), false);
  for (std::size_t i = 0, reaching = 0; i < by_address.size(); ++i) {  // reaching: highest end
    const std::uint32_t b = by_address[i];
    const std::uint32_t highest = by_address[reaching];
    if (i > 0 && share_bytes(highest, b)) shares[b] = shares[highest] = true;
    if (i == 0 || end(b) > end(highest)) reaching = i;
  }
  for (std::uint32_t b = 0; b < trace_.buffers.size(); ++b)
    if (shares[b]) shared_.push_back(b);
  before_.assign(shared_.size(), std::vector<bool>(shared_.size(), false));
}

std::vector<std::uint32_t> LayoutChecker::sources_of(std::size_t b) const {
  std::map<std::pair<std::uint32_t, std::optional<Engine>>, std::uint32_t> last;
  for (const std::uint32_t v : accesses_[b])
    last[{trace_.events[v].core.value, trace_.events[v].engine}] = v;
  std::vector<std::uint32_t> sources;
  sources.reserve(last.size());
  for (const auto& [engine, v] : last) sources.push_back(v);
  return sources;
}

/// Pushes the batch's sources through the whole graph: reached[p] has those strictly before the
/// event at position p. An event touches one buffer, so it is at most one source of a batch.
void LayoutChecker::settle(const Batch& batch) {
  const std::size_t n = graph_.order.size();
  std::vector<Set> reached(n, Set{});
  std::vector<std::uint32_t> source(n, 0);  // 1 + index, 0: none
  for (std::uint32_t s = 0; s < batch.sources.size(); ++s)
    source[graph_.position[batch.sources[s]]] = s + 1;
  for (std::size_t p = 0; p < n; ++p) {
    Set& mine = reached[p];
    for (std::size_t e = graph_.first[p]; e < graph_.first[p + 1]; ++e) {
      const std::uint32_t u = graph_.before[e];
      for (std::size_t w = 0; w < kWords; ++w) mine[w] |= reached[u][w];
      if (source[u] == 0) continue;
      const std::uint32_t s = source[u] - 1;
      mine[s / 64] |= std::uint64_t{1} << (s % 64);
    }
  }
  for (std::size_t y = 0; y < shared_.size(); ++y) {
    const std::uint32_t b = shared_[y];
    if (!may_follow(b)) continue;
    Set all;
    all.fill(~std::uint64_t{0});
    for (const std::uint32_t v : accesses_[b])
      for (std::size_t w = 0; w < kWords; ++w) all[w] &= reached[graph_.position[v]][w];
    for (std::size_t i = 0; i < batch.buffers.size(); ++i) {
      bool ordered = true;
      for (std::size_t s = batch.first_source[i]; s < batch.first_source[i + 1]; ++s)
        ordered = ordered && (all[s / 64] >> (s % 64) & 1U) != 0;
      before_[batch.buffers[i]][y] = ordered;
    }
  }
}

std::string LayoutChecker::event(std::uint32_t v) const {
  const TraceEvent& e = trace_.events[v];
  return fmt::format("core {} pc {} ({} of {})", e.core.value, e.pc,
                     kTraceKindNames[static_cast<std::size_t>(e.kind)],
                     info(e.buffer.index()).name);
}

/// An access of a and one of b such that nothing makes the first happen before the second.
std::optional<std::pair<std::uint32_t, std::uint32_t>> LayoutChecker::unordered(
    std::size_t a, std::size_t b) const {
  for (const std::uint32_t x : sources_of(a)) {
    std::vector<bool> after(graph_.order.size(), false);
    for (std::size_t p = 0; p < after.size(); ++p)
      for (std::size_t e = graph_.first[p]; e < graph_.first[p + 1]; ++e) {
        const std::uint32_t u = graph_.before[e];
        after[p] = after[p] || graph_.order[u] == x || after[u];
      }
    for (const std::uint32_t y : accesses_[b])
      if (!after[graph_.position[y]]) return std::pair(x, y);
  }
  return std::nullopt;
}

std::string LayoutChecker::why_not(std::size_t a, std::size_t b) const {
  const auto outside = [&](std::size_t i, std::string_view when) {
    return fmt::format("{} ({}) is in use {}", info(i).name,
                       kBufferKindNames[static_cast<std::size_t>(info(i).kind)], when);
  };
  if (!may_precede(a)) return outside(a, "until the program has ended");
  if (!may_follow(b)) return outside(b, "since before the program starts");
  const auto pair = unordered(a, b);
  invariant(pair.has_value(), "{} is before {} after all", info(a).name, info(b).name);
  return fmt::format("{} need not happen before {}", event(pair->first), event(pair->second));
}

std::vector<Violation> LayoutChecker::run() {
  Batch batch;
  const auto flush = [&] {
    batch.first_source.push_back(batch.sources.size());
    if (!batch.buffers.empty()) settle(batch);
    batch = {};
  };
  for (std::uint32_t x = 0; x < shared_.size(); ++x) {
    if (!may_precede(shared_[x])) continue;
    const auto sources = sources_of(shared_[x]);
    if (batch.sources.size() + sources.size() > kWords * 64) flush();
    batch.buffers.push_back(x);
    batch.first_source.push_back(batch.sources.size());
    batch.sources.insert(batch.sources.end(), sources.begin(), sources.end());
  }
  flush();
  std::vector<Violation> found;
  for (std::size_t x = 0; x < shared_.size(); ++x) {
    for (std::size_t y = x + 1; y < shared_.size() && found.size() < limit_; ++y) {
      const std::uint32_t a = shared_[x];
      const std::uint32_t b = shared_[y];
      if (!share_bytes(a, b) || before_[x][y] || before_[y][x]) continue;
      found.push_back({fmt::format("{} and {} share bytes [{}, {}): {}; {}", info(a).name,
                                   info(b).name, std::max(begin(a), begin(b)),
                                   std::min(end(a), end(b)), why_not(a, b), why_not(b, a))});
    }
  }
  return found;
}

}  // namespace

std::vector<Violation> check_layout(const Trace& trace, const Layout& layout, std::size_t limit) {
  return LayoutChecker(trace, layout, limit).run();
}

}  // namespace unna
