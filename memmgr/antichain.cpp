#include "memmgr/antichain.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <tuple>

#include "base/error.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

Antichain greatest_live_sum(const Lifetimes& lifetimes, std::span<const Bytes> weights) {
  struct Event {
    std::int64_t time;
    bool begins;  // ends come first: intervals are half-open
    std::uint32_t buffer;
  };
  std::vector<Event> events;
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    for (const Interval& s : live_segments(lifetimes, i)) {
      events.push_back({s.lower, true, static_cast<std::uint32_t>(i)});
      events.push_back({s.upper, false, static_cast<std::uint32_t>(i)});
    }
  }
  std::ranges::sort(events, {},
                    [](const Event& e) { return std::tuple(e.time, e.begins, e.buffer); });
  Bytes live = 0;
  Antichain best;
  std::int64_t best_time = 0;
  for (const Event& e : events) {
    live += e.begins ? weights[e.buffer] : -weights[e.buffer];
    if (live <= best.weight) continue;
    best.weight = live;
    best_time = e.time;
  }
  for (std::size_t i = 0; i < lifetimes.size() && best.weight > 0; ++i)
    for (const Interval& s : live_segments(lifetimes, i))
      if (s.lower <= best_time && best_time < s.upper)
        best.members.push_back(static_cast<std::uint32_t>(i));
  return best;
}

/// Nodes are `element` (has bytes to hand on: its supply) and `slot` (can take bytes from its
/// predecessors: its demand). An element leads to the first slot after it on each chain, a slot to
/// the next of its chain.
class Flow {
 public:
  Flow(const OrderIndex& index, std::span<const Bytes> weights);
  Antichain antichain();

 private:
  using Node = std::uint32_t;
  struct Step {
    Node node;
    std::uint32_t arc;  ///< that was taken from it
  };

  Node slot(std::uint32_t b) const { return static_cast<Node>(n_ + b); }
  bool is_slot(Node v) const { return v >= n_; }
  std::uint32_t buffer(Node v) const { return static_cast<std::uint32_t>(is_slot(v) ? v - n_ : v); }

  void give_greedily();
  std::vector<std::uint64_t> count_successors() const;
  void give(std::uint32_t a, std::uint32_t b);
  void note_giver(std::uint32_t a, std::uint32_t b);
  bool find_levels();
  void block();
  void push(std::vector<Step>& path);

  struct Arc {
    Node to = 0;
    Bytes room = 0;  ///< 0: no such arc (now)
    std::uint32_t length = 0;
  };
  std::size_t arcs(Node v) const {
    return is_slot(v) ? 2 + givers_[buffer(v)].size() : index_.chains();
  }
  Arc arc(Node v, std::size_t number) const;
  Bytes& flow_of(Node v, std::size_t number, Bytes& sign);

  static constexpr Bytes kUnbounded = std::numeric_limits<Bytes>::max();
  static constexpr std::uint32_t kFar = std::numeric_limits<std::uint32_t>::max();

  const OrderIndex& index_;
  std::span<const Bytes> weights_;
  std::size_t n_;
  std::vector<Bytes> supply_;  ///< what is left of it
  std::vector<Bytes> demand_;
  std::vector<Bytes> given_;  ///< element a to chain k: a * chains + k
  std::vector<Bytes> along_;  ///< slot to the next of its chain
  /// By slot, elements that give to it directly. Those that have ceased to go with the next levels.
  std::vector<std::vector<std::uint32_t>> givers_;
  std::vector<std::uint32_t> level_;
  std::vector<std::uint32_t> next_arc_;
};

Flow::Flow(const OrderIndex& index, std::span<const Bytes> weights)
    : index_(index),
      weights_(weights),
      n_(weights.size()),
      supply_(weights.begin(), weights.end()),
      demand_(weights.begin(), weights.end()),
      given_(n_ * index.chains(), 0),
      along_(n_, 0),
      givers_(n_) {
  for (std::uint32_t i = 0; i < n_; ++i)
    if (index.unused(i)) supply_[i] = demand_[i] = 0;
  give_greedily();
}

/// In sequence order, from the buffers that not all later ones come after, those first that the
/// fewest come after and that could so give to the fewest others; then from those that are dead for
/// everyone. Exact on intervals, near it on orders: what is missing takes few phases.
void Flow::give_greedily() {
  const std::vector<std::uint64_t> takers = count_successors();
  const auto takers_of = [&](std::uint32_t a) { return takers[a]; };
  std::vector<std::uint32_t> open;    // still overlap a later buffer; ascending by takers
  std::vector<std::uint32_t> closed;  // do not; a queue
  std::size_t closed_head = 0;
  std::vector<std::uint32_t> last(n_);
  for (std::uint32_t p = 0; p < n_; ++p) {
    const std::uint32_t b = index_.sequence()[p];
    if (index_.unused(b)) break;
    std::erase_if(open, [&](std::uint32_t a) {
      if (supply_[a] > 0 && last[a] < p) closed.push_back(a);
      return supply_[a] == 0 || last[a] < p;
    });
    for (auto a = open.begin(); a != open.end() && demand_[b] > 0; ++a)
      if (supply_[*a] > 0 && index_.before(*a, b)) give(*a, b);
    while (demand_[b] > 0 && closed_head < closed.size()) {
      give(closed[closed_head], b);
      if (supply_[closed[closed_head]] == 0) ++closed_head;
    }
    last[b] = index_.last_overlap(b);
    open.insert(std::ranges::upper_bound(open, takers[b], {}, takers_of), b);
  }
  // give() notes where bytes enter and leave a chain; between, they add up.
  for (std::size_t k = 0; k < index_.chains(); ++k) {
    Bytes running = 0;
    for (const std::uint32_t b : index_.chain(k)) along_[b] = running += along_[b];
  }
}

std::vector<std::uint64_t> Flow::count_successors() const {
  std::vector<std::uint64_t> count(n_, 0);
  for (std::uint32_t i = 0; i < n_; ++i)
    for (std::size_t k = 0; k < index_.chains() && !index_.unused(i); ++k)
      count[i] += index_.chain(k).size() - index_.after(i, k);
  return count;
}

void Flow::give(std::uint32_t a, std::uint32_t b) {
  const Bytes amount = std::min(supply_[a], demand_[b]);
  const std::uint32_t k = index_.chain_of(b);
  const std::uint32_t first = index_.chain(k)[index_.after(a, k)];
  supply_[a] -= amount;
  demand_[b] -= amount;
  note_giver(a, first);
  given_[a * index_.chains() + k] += amount;
  along_[first] += amount;
  along_[b] -= amount;
}

/// Before element a gives more to slot b.
void Flow::note_giver(std::uint32_t a, std::uint32_t b) {
  if (given_[a * index_.chains() + index_.chain_of(b)] > 0) return;
  if (std::ranges::find(givers_[b], a) == givers_[b].end()) givers_[b].push_back(a);
}

Flow::Arc Flow::arc(Node v, std::size_t number) const {
  const std::uint32_t b = buffer(v);
  if (!is_slot(v)) {
    const auto chain = index_.chain(number);
    const std::uint32_t x = index_.after(b, number);
    if (x == chain.size()) return {};
    return {slot(chain[x]), kUnbounded, 1};
  }
  const auto chain = index_.chain(index_.chain_of(b));
  const std::size_t x = index_.index_in_chain(b);
  if (number == 0) {
    if (x + 1 == chain.size()) return {};
    return {slot(chain[x + 1]), kUnbounded, 0};
  }
  if (number == 1) {
    if (x == 0) return {};
    return {slot(chain[x - 1]), along_[chain[x - 1]], 1};
  }
  const std::uint32_t a = givers_[b][number - 2];
  return {a, given_[a * index_.chains() + index_.chain_of(b)], 1};
}

Bytes& Flow::flow_of(Node v, std::size_t number, Bytes& sign) {
  const std::uint32_t b = buffer(v);
  sign = !is_slot(v) || number == 0 ? 1 : -1;
  if (!is_slot(v)) return given_[b * index_.chains() + number];
  if (number == 0) return along_[b];
  const std::uint32_t k = index_.chain_of(b);
  if (number == 1) return along_[index_.chain(k)[index_.index_in_chain(b) - 1]];
  return given_[givers_[b][number - 2] * index_.chains() + k];
}

/// Distances from the supplies, as far as the nearest demand; false where no demand can be reached:
/// the flow is a maximum.
bool Flow::find_levels() {
  for (std::uint32_t b = 0; b < n_; ++b)
    std::erase_if(givers_[b], [&](std::uint32_t a) {
      return given_[a * index_.chains() + index_.chain_of(b)] == 0;
    });
  level_.assign(2 * n_, kFar);
  std::deque<Node> queue;
  for (Node a = 0; a < n_; ++a) {
    if (supply_[a] == 0) continue;
    level_[a] = 0;
    queue.push_back(a);
  }
  std::uint32_t nearest = kFar;
  while (!queue.empty()) {
    const Node v = queue.front();
    queue.pop_front();
    if (is_slot(v) && demand_[buffer(v)] > 0) nearest = std::min(nearest, level_[v]);
    for (std::size_t i = 0; i < arcs(v); ++i) {
      const Arc to = arc(v, i);
      if (to.room == 0 || level_[to.to] <= level_[v] + to.length) continue;
      if (level_[v] + to.length > nearest) continue;
      level_[to.to] = level_[v] + to.length;
      if (to.length == 0)
        queue.push_front(to.to);
      else
        queue.push_back(to.to);
    }
  }
  return nearest != kFar;
}

/// A blocking flow of the shortest paths, depth first.
void Flow::block() {
  next_arc_.assign(2 * n_, 0);
  std::vector<Step> path;
  for (Node a = 0; a < n_; ++a) {
    if (supply_[a] == 0) continue;
    path.assign(1, {a, 0});
    while (!path.empty()) {
      const Node v = path.back().node;
      if (is_slot(v) && demand_[buffer(v)] > 0) {
        push(path);
        continue;
      }
      std::uint32_t& i = next_arc_[v];
      Arc to;
      for (; i < arcs(v); ++i) {
        to = arc(v, i);
        if (to.room > 0 && level_[to.to] == level_[v] + to.length) break;
      }
      if (i < arcs(v)) {
        path.back().arc = i;
        path.push_back({to.to, 0});
      } else {
        path.pop_back();
        if (!path.empty()) ++next_arc_[path.back().node];
      }
    }
  }
}

/// Moves what the path can carry, and cuts the path where it is full.
void Flow::push(std::vector<Step>& path) {
  Bytes& supply = supply_[path.front().node];
  Bytes& demand = demand_[buffer(path.back().node)];
  Bytes amount = std::min(supply, demand);
  for (std::size_t i = 0; i + 1 < path.size(); ++i)
    amount = std::min(amount, arc(path[i].node, path[i].arc).room);
  supply -= amount;
  demand -= amount;
  std::optional<std::size_t> full;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (!is_slot(path[i].node)) note_giver(path[i].node, buffer(path[i + 1].node));
    Bytes sign = 0;
    Bytes& flow = flow_of(path[i].node, path[i].arc, sign);
    flow += sign * amount;
    if (!full && arc(path[i].node, path[i].arc).room == 0) full = i;
  }
  if (supply == 0)
    path.clear();
  else if (full)
    path.resize(*full + 1);
}

Antichain Flow::antichain() {
  while (find_levels()) block();
  Antichain result;
  for (std::uint32_t i = 0; i < n_; ++i) {
    if (index_.unused(i) || level_[i] == kFar || level_[slot(i)] != kFar) continue;
    result.weight += weights_[i];
    result.members.push_back(i);
  }
  return result;
}

}  // namespace

Antichain heaviest_antichain(const Lifetimes& lifetimes, const OrderIndex& index,
                             std::span<const Bytes> weights) {
  invariant(weights.size() == lifetimes.size(), "{} weights for {} buffers", weights.size(),
            lifetimes.size());
  Antichain best = lifetimes.intervals ? greatest_live_sum(lifetimes, weights)
                                       : Flow(index, weights).antichain();
  // What is never used still needs its bytes, if only while nothing else does.
  for (std::uint32_t i = 0; i < weights.size(); ++i)
    if (index.unused(i) && weights[i] > best.weight) best = {weights[i], {i}};
  return best;
}

}  // namespace unna
