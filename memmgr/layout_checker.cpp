// check_layout: happens-before once more, from nothing but the trace, by pushing sets of accesses
// through the graph of its events. Shares no code with liveness.

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

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

/// Where a buffer stands among those that use a byte one after another. Only the one that comes
/// first can be before the other: a buffer that is before another has all its accesses before, so
/// its first one stands before in every order of the events.
using Turn = std::pair<std::int64_t, std::uint32_t>;  ///< place of its first access, and the buffer
/// Two buffers that share a byte, the first with the earlier turn.
using Neighbours = std::pair<std::uint32_t, std::uint32_t>;

/// "Before" is transitive over buffers that are accessed. So on each byte it is enough to hold a
/// buffer against the next one by turn: where all these are in order, so are all others. Walking
/// through the addresses, a pair becomes neighbours where a buffer begins, or one between them
/// ends: at most three pairs a buffer.
class LayoutChecker {
 public:
  LayoutChecker(const Trace& trace, const Layout& layout, std::size_t limit)
      : trace_(trace), layout_(layout), limit_(limit), graph_(event_graph(trace)) {
    collect_accesses();
  }
  std::vector<Violation> run();

 private:
  /// Pairs whose first buffers' last accesses on each engine are pushed at once: whoever is after
  /// the last is after all earlier ones there.
  struct Batch {
    std::vector<Neighbours> pairs;
    std::vector<std::uint32_t> sources;     ///< places of events
    std::vector<std::size_t> first_source;  ///< of each pair, and the end
  };

  const BufferInfo& info(std::size_t b) const { return trace_.buffers[b]; }
  Bytes begin(std::size_t b) const { return layout_.base[b]; }
  Bytes end(std::size_t b) const { return layout_.base[b] + info(b).size; }
  bool may_precede(std::size_t b) const {  // an end that some other buffer could come after
    return info(b).kind == BufferKind::intermediate || info(b).kind == BufferKind::input;
  }
  bool may_follow(std::size_t b) const {
    return info(b).kind == BufferKind::intermediate || info(b).kind == BufferKind::output;
  }

  void collect_accesses();
  std::optional<Turn> turn(std::uint32_t b) const;
  std::vector<Neighbours> neighbours() const;
  std::vector<std::uint32_t> sources_of(std::size_t b) const;
  void settle(const Batch& batch, std::vector<Neighbours>& wrong) const;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> unordered(std::size_t a,
                                                                   std::size_t b) const;
  std::string why_not(std::size_t a, std::size_t b) const;
  std::string event(std::uint32_t v) const;

  const Trace& trace_;
  const Layout& layout_;
  std::size_t limit_;
  EventGraph graph_;
  std::vector<std::vector<std::uint32_t>> accesses_;  ///< events of each buffer
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
}

/// Inputs come first and outputs last; nothing where a buffer is in nobody's way: an intermediate
/// that is never accessed.
std::optional<Turn> LayoutChecker::turn(std::uint32_t b) const {
  switch (info(b).kind) {
    case BufferKind::input:
    case BufferKind::weight:
    case BufferKind::state:
      return Turn{-1, b};
    case BufferKind::output:
      return Turn{std::numeric_limits<std::int64_t>::max(), b};
    case BufferKind::intermediate:
      break;
  }
  if (accesses_[b].empty()) return std::nullopt;
  std::uint32_t first = graph_.position[accesses_[b].front()];
  for (const std::uint32_t v : accesses_[b]) first = std::min(first, graph_.position[v]);
  return Turn{first, b};
}

std::vector<Neighbours> LayoutChecker::neighbours() const {
  struct Edge {
    Bytes at = 0;
    bool begins = false;  ///< those that end at an address go first
    Turn turn;
  };
  std::vector<Edge> edges;
  for (std::uint32_t b = 0; b < trace_.buffers.size(); ++b) {
    const auto its = turn(b);
    if (!its || info(b).size == 0) continue;
    edges.push_back({begin(b), true, *its});
    edges.push_back({end(b), false, *its});
  }
  std::ranges::sort(edges, {}, [](const Edge& e) { return std::tuple(e.at, e.begins, e.turn); });
  std::set<Turn> here;
  std::vector<Neighbours> found;
  for (const Edge& edge : edges) {
    auto next = here.upper_bound(edge.turn);
    if (!edge.begins) next = here.erase(here.find(edge.turn));
    const bool has_next = next != here.end();
    const bool has_last = next != here.begin();
    if (edge.begins) {
      if (has_last) found.emplace_back(std::prev(next)->second, edge.turn.second);
      if (has_next) found.emplace_back(edge.turn.second, next->second);
      here.insert(next, edge.turn);
    } else if (has_last && has_next) {
      found.emplace_back(std::prev(next)->second, next->second);
    }
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
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

/// Pushes the batch's sources through the events from the first of them to the last access of a
/// second buffer: reached[p - low] has those strictly before the event at position p. An event is
/// at most one source of a pair, but may be that of several pairs.
void LayoutChecker::settle(const Batch& batch, std::vector<Neighbours>& wrong) const {
  if (batch.pairs.empty()) return;
  const std::uint32_t low = *std::ranges::min_element(batch.sources);
  std::uint32_t high = low;
  for (const Neighbours& pair : batch.pairs)
    for (const std::uint32_t v : accesses_[pair.second]) high = std::max(high, graph_.position[v]);
  std::vector<Set> own(high - low + 1, Set{}), reached(high - low + 1, Set{});
  for (std::uint32_t s = 0; s < batch.sources.size(); ++s)
    if (batch.sources[s] <= high)
      own[batch.sources[s] - low][s / 64] |= std::uint64_t{1} << (s % 64);
  for (std::uint32_t p = low; p <= high; ++p) {
    Set& mine = reached[p - low];
    for (std::size_t e = graph_.first[p]; e < graph_.first[p + 1]; ++e) {
      const std::uint32_t u = graph_.before[e];
      if (u < low) continue;  // nothing of the batch is there
      for (std::size_t w = 0; w < kWords; ++w) mine[w] |= reached[u - low][w] | own[u - low][w];
    }
  }
  for (std::size_t i = 0; i < batch.pairs.size(); ++i) {
    bool ordered = true;
    for (const std::uint32_t v : accesses_[batch.pairs[i].second]) {
      const std::uint32_t p = graph_.position[v];
      for (std::size_t s = batch.first_source[i]; s < batch.first_source[i + 1]; ++s)
        ordered = ordered && p >= low && (reached[p - low][s / 64] >> (s % 64) & 1U) != 0;
    }
    if (!ordered) wrong.push_back(batch.pairs[i]);
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
  std::vector<Neighbours> wrong;
  std::vector<std::pair<std::uint32_t, Neighbours>>
      pairs;  // by the last access of the first buffer
  for (const Neighbours& pair : neighbours()) {
    if (!may_precede(pair.first) || !may_follow(pair.second)) {
      wrong.push_back(pair);
      continue;
    }
    std::uint32_t last = 0;
    for (const std::uint32_t v : accesses_[pair.first]) last = std::max(last, graph_.position[v]);
    pairs.emplace_back(last, pair);
  }
  std::ranges::sort(pairs);
  Batch batch;
  const auto flush = [&] {
    batch.first_source.push_back(batch.sources.size());
    settle(batch, wrong);
    batch = {};
  };
  for (const auto& [last, pair] : pairs) {
    const auto sources = sources_of(pair.first);
    if (sources.empty()) continue;  // nobody waits for an input that is never read
    if (batch.sources.size() + sources.size() > kWords * 64) flush();
    batch.pairs.push_back(pair);
    batch.first_source.push_back(batch.sources.size());
    for (const std::uint32_t v : sources) batch.sources.push_back(graph_.position[v]);
  }
  flush();
  for (Neighbours& pair : wrong)
    if (pair.first > pair.second) std::swap(pair.first, pair.second);
  std::ranges::sort(wrong);
  std::vector<Violation> found;
  for (const auto& [a, b] : wrong) {
    if (found.size() >= limit_) break;
    found.push_back({fmt::format("{} and {} share bytes [{}, {}): {}; {}", info(a).name,
                                 info(b).name, std::max(begin(a), begin(b)),
                                 std::min(end(a), end(b)), why_not(a, b), why_not(b, a)),
                     {a, b}});
  }
  return found;
}

}  // namespace

std::vector<Violation> check_layout(const Trace& trace, const Layout& layout, std::size_t limit) {
  return LayoutChecker(trace, layout, limit).run();
}

}  // namespace unna
