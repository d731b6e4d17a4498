#include "memmgr/bound.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "memmgr/antichain.h"
#include "memmgr/clique.h"

namespace unna {
namespace {

/// Buffers and what each needs, together.
struct Clique {
  Bytes weight = 0;
  std::vector<std::uint32_t> members;
  std::vector<Bytes> bytes;
};

/// Buffers linked by in-place pairs, by the number of their component.
std::vector<std::uint32_t> components(const PlanProblem& p) {
  std::vector<std::uint32_t> parent(p.size());
  std::iota(parent.begin(), parent.end(), 0U);
  const auto root = [&](std::uint32_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (const BufferPair pair : p.in_place) parent[root(pair.first)] = root(pair.second);
  for (std::uint32_t i = 0; i < p.size(); ++i) parent[i] = root(i);
  return parent;
}

/// Members of different components may not share a byte while both need some; so each component
/// takes at least what its neediest member does, and those add up.
class LiveSum {
 public:
  explicit LiveSum(const PlanProblem& problem)
      : problem_(problem), component_(components(problem)), needs_(problem.size()) {}

  Clique greatest() {
    collect_events();
    Bytes live = 0;
    Bytes most = 0;
    std::int64_t when = 0;
    for (const Event& e : events_) {
      auto& needs = needs_[component_[e.buffer]];
      live -= needs.empty() ? 0 : *needs.rbegin();
      if (e.begins)
        needs.insert(e.bytes);
      else
        needs.erase(needs.find(e.bytes));
      live += needs.empty() ? 0 : *needs.rbegin();
      if (live > most) std::tie(most, when) = std::pair(live, e.time);
    }
    return at(when, most);
  }

 private:
  struct Event {
    std::int64_t time;
    bool begins;  // ends come first: intervals are half-open
    std::uint32_t buffer;
    Bytes bytes;
  };

  void collect_events() {
    for (std::uint32_t i = 0; i < problem_.size(); ++i) {
      for (const LivePiece& piece : live_pieces(problem_.lifetimes, i, problem_.buffers[i].size)) {
        const Bytes bytes = piece.end - piece.begin;
        events_.push_back({piece.time.lower, true, i, bytes});
        events_.push_back({piece.time.upper, false, i, bytes});
      }
    }
    std::ranges::sort(events_, {},
                      [](const Event& e) { return std::tuple(e.time, e.begins, e.buffer); });
  }

  /// The neediest of each component at a time.
  Clique at(std::int64_t when, Bytes weight) const {
    std::map<std::uint32_t, std::pair<Bytes, std::uint32_t>> neediest;
    for (std::uint32_t i = 0; i < problem_.size(); ++i)
      for (const LivePiece& piece : live_pieces(problem_.lifetimes, i, problem_.buffers[i].size))
        if (piece.time.lower <= when && when < piece.time.upper) {
          auto& best = neediest[component_[i]];
          if (piece.end - piece.begin > best.first) best = {piece.end - piece.begin, i};
        }
    std::map<std::uint32_t, Bytes> by_buffer;
    for (const auto& [component, best] : neediest) by_buffer[best.second] = best.first;
    Clique clique{weight, {}, {}};
    for (const auto& [buffer, bytes] : by_buffer) {
      clique.members.push_back(buffer);
      clique.bytes.push_back(bytes);
    }
    return clique;
  }

  const PlanProblem& problem_;
  std::vector<std::uint32_t> component_;
  std::vector<std::multiset<Bytes>> needs_;  ///< of a component's live members
  std::vector<Event> events_;
};

Clique heaviest(const PlanProblem& p, std::span<const Bytes> weights) {
  Antichain chain = heaviest_antichain(p.lifetimes, p.index, weights);
  std::erase_if(chain.members, [&](std::uint32_t i) { return weights[i] == 0; });
  Clique clique{chain.weight, std::move(chain.members), {}};
  for (const std::uint32_t i : clique.members) clique.bytes.push_back(weights[i]);
  return clique;
}

/// Every in-place pair has a target and a source. Where targets weigh nothing, an antichain's
/// weight is that of buffers of which no two may share, so that it bounds any plan; and likewise
/// where sources weigh nothing. The better of the two.
Clique heaviest_without_sharing(const PlanProblem& p) {
  std::vector<Bytes> first;
  for (const PlanBuffer& b : p.buffers) first.push_back(b.size);
  if (p.in_place.empty()) return heaviest(p, first);
  std::vector<Bytes> second = first;
  for (const BufferPair pair : p.in_place) {
    first[pair.second] = 0;
    second[pair.first] = 0;
  }
  Clique sources = heaviest(p, first);
  Clique targets = heaviest(p, second);
  return sources.weight >= targets.weight ? sources : targets;
}

void raise(PlanProblem& p, Bytes bound, BoundKind kind, std::vector<std::uint32_t> buffers) {
  if (bound <= p.lower_bound) return;
  p.lower_bound = bound;
  p.bound_kind = kind;
  p.bound_buffers = std::move(buffers);
}

/// Of buffers with one alignment the largest can lie nowhere lower than a smaller one.
void raise_to_lowest_ends(PlanProblem& p) {
  std::map<Bytes, std::uint32_t> largest;
  for (std::uint32_t i = 0; i < p.size(); ++i) {
    const auto [it, is_new] = largest.try_emplace(p.buffers[i].alignment, i);
    if (p.buffers[it->second].size < p.buffers[i].size) it->second = i;
  }
  for (const auto& [alignment, i] : largest) {
    const Bytes size = p.buffers[i].size;
    Bytes at = 0;
    for (const ByteRange& r : p.reserved)
      if (at < r.end && at + size > r.begin) at = round_up(r.end, alignment);
    if (size > 0) raise(p, at + size, BoundKind::single, {i});
  }
}

/// All bytes of one lie elsewhere than all of the other, wherever they lie.
bool disjoint(const PlanProblem& p, std::uint32_t i, std::uint32_t j) {
  if (!p.conflict(i, j)) return false;
  bool all = false;
  p.for_each_forbidden(i, j, 0, [&](Bytes lo, Bytes hi) {
    all = all || (lo <= -p.buffers[i].size && hi >= p.buffers[j].size);
  });
  return all;
}

/// Two that are kept apart, and of what must be disjoint from both the largest that are from one
/// another, taken greedily.
void raise_to_apart(PlanProblem& p) {
  constexpr std::size_t kMostTests = 20'000'000;
  std::size_t tests = 0;
  std::vector<std::uint32_t> scratch;
  for (const BufferPair pair : p.apart) {
    std::vector<std::uint32_t> members{pair.first, pair.second};
    std::vector<std::uint32_t> near;
    for (const std::uint32_t j : p.neighbours(pair.first, scratch))
      if (j != pair.second && disjoint(p, j, pair.first) && disjoint(p, j, pair.second))
        near.push_back(j);
    std::ranges::sort(near, [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(-p.buffers[a].size, a) < std::pair(-p.buffers[b].size, b);
    });
    for (const std::uint32_t j : near) {
      if ((tests += members.size()) > kMostTests) break;
      if (std::ranges::all_of(members, [&](std::uint32_t m) { return disjoint(p, j, m); }))
        members.push_back(j);
    }
    Bytes need = 0;
    for (const std::uint32_t m : members) need += p.buffers[m].size;
    raise(p, end_of_unreserved(p.reserved, need), BoundKind::apart, std::move(members));
  }
}

/// The heaviest buffers that must be disjoint pair by pair, by times or because they are kept
/// apart.
void raise_to_clique(PlanProblem& p) {
  constexpr std::size_t kMostBuffers = 1000;
  constexpr std::uint64_t kMostNodes = 5000;
  constexpr std::uint64_t kMostLooks = 20'000'000;
  if (p.apart.empty() || p.size() > kMostBuffers) return;
  BitGraph graph(p.size());
  std::vector<std::uint32_t> scratch;
  std::vector<Bytes> weights;
  for (std::uint32_t i = 0; i < p.size(); ++i) {
    weights.push_back(p.buffers[i].size);
    for (const std::uint32_t j : p.neighbours(i, scratch))
      if (i < j && disjoint(p, i, j)) graph.link(i, j);
  }
  std::vector<std::uint32_t> members =
      heavy_clique(graph, weights, 0, std::min(kMostNodes, kMostLooks / (p.size() * p.size()) + 1));
  Bytes need = 0;
  for (const std::uint32_t m : members) need += p.buffers[m].size;
  raise(p, end_of_unreserved(p.reserved, need), BoundKind::apart, std::move(members));
}

}  // namespace

Bytes end_of_unreserved(std::span<const ByteRange> reserved, Bytes need) {
  Bytes end = need;
  for (const ByteRange& r : reserved)
    if (r.begin < end) end += r.end - r.begin;
  return end;
}

void find_bound(PlanProblem& problem) {
  const bool by_time = problem.lifetimes.intervals && !problem.plain();
  Clique clique = by_time ? LiveSum(problem).greatest() : heaviest_without_sharing(problem);
  problem.lower_bound = end_of_unreserved(problem.reserved, clique.weight);
  problem.bound_kind = BoundKind::together;
  problem.antichain = std::move(clique.members);
  problem.antichain_bytes = std::move(clique.bytes);
  problem.bound_buffers = problem.antichain;
  raise_to_lowest_ends(problem);
  raise_to_apart(problem);
  raise_to_clique(problem);
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (const PlanBuffer& b = problem.buffers[i]; b.fixed)
      raise(problem, *b.fixed + b.size, BoundKind::fixed, {i});
}

}  // namespace unna
