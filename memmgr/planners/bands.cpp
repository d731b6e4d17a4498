#include "memmgr/planners/bands.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"

namespace unna {
namespace {

class BandCutter {
 public:
  BandCutter(const PlanProblem& problem, std::uint64_t most_work)
      : problem_(problem),
        order_(*problem.lifetimes.order),
        known_(problem.size(), 0),
        most_work_(most_work) {
    for (std::uint32_t i = 0; i < problem.size(); ++i) {
      const auto first = order_.first(i);
      if (!problem.index.unused(i))
        known_[i] = std::accumulate(first.begin(), first.end(), std::int64_t{0});
    }
  }

  std::vector<Band> run() {
    find_components();
    std::vector<std::uint32_t> early;  // have no predecessors
    for (const std::uint32_t i : problem_.sequence()) {
      if (problem_.index.unused(i)) continue;
      if (known_[i] == 0)
        early.push_back(i);
      else
        append(i);
    }
    for (const Chain& chain : chains_) live_.push_back(live_of(chain));
    std::ranges::stable_sort(early, std::ranges::greater{},
                             [&](std::uint32_t i) { return problem_.buffers[i].size; });
    for (const std::uint32_t i : early) insert_cheapest(i);
    improve();
    std::vector<Band> bands;
    for (const Chain& chain : chains_)
      if (!chain.empty()) bands.push_back(band_of(chain));
    return bands;
  }

 private:
  using Chain = std::vector<std::uint32_t>;

  /// Buffers linked by the order, directly or through others: threads that never wait for one
  /// another are components of their own, and so get bands of their own.
  void find_components() {
    component_.resize(problem_.size());
    std::iota(component_.begin(), component_.end(), 0U);
    const auto root = [&](std::uint32_t i) {
      while (component_[i] != i) i = component_[i] = component_[component_[i]];
      return i;
    };
    const OrderIndex& index = problem_.index;
    const auto link = [&](std::uint32_t a, std::uint32_t b) { component_[root(a)] = root(b); };
    std::vector<std::size_t> linked_from;  // the rest of each chain is linked already
    for (std::size_t k = 0; k < index.chains(); ++k) linked_from.push_back(index.chain(k).size());
    for (std::uint32_t i = 0; i < problem_.size(); ++i) {
      if (index.unused(i)) continue;
      for (std::size_t k = 0; k < index.chains(); ++k) {
        const auto chain = index.chain(k);
        const std::size_t after = index.after(i, k);
        if (after < chain.size()) link(i, chain[after]);
        for (; linked_from[k] > after; --linked_from[k]) link(i, chain[linked_from[k] - 1]);
      }
    }
    for (std::uint32_t i = 0; i < problem_.size(); ++i) component_[i] = root(i);
  }

  /// Everything before a is before b as well.
  bool nested(std::uint32_t a, std::uint32_t b) const {
    if (known_[a] > known_[b]) return false;
    const auto x = order_.first(a);
    const auto y = order_.first(b);
    for (std::size_t c = 0; c < x.size(); ++c)
      if (x[c] > y[c]) return false;
    return true;
  }

  /// Buffers that come after both.
  std::uint64_t common_successors(std::uint32_t a, std::uint32_t b) const {
    const OrderIndex& index = problem_.index;
    std::uint64_t sum = 0;
    for (std::size_t k = 0; k < index.chains(); ++k)
      sum += index.chain(k).size() - std::max(index.after(a, k), index.after(b, k));
    return sum;
  }

  void append(std::uint32_t i) {
    std::optional<std::size_t> best;
    std::pair<std::int64_t, std::uint64_t> most;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      const std::uint32_t tail = chains_[k].back();
      if (component_[tail] != component_[i]) continue;
      if (best && known_[tail] < most.first) continue;
      if (!nested(tail, i)) continue;
      const std::pair key{known_[tail], common_successors(tail, i)};
      if (best && key <= most) continue;
      best = k;
      most = key;
    }
    if (!best) {
      best = chains_.size();
      chains_.emplace_back();
    }
    chains_[*best].push_back(i);
  }

  /// Levels are sets of predecessors; a member ends at the level of the first one that it is among.
  std::vector<Interval> lives_of(const Chain& chain) const {
    std::vector<Interval> lives(chain.size());
    std::int64_t level = -1;
    for (std::size_t x = 0; x < chain.size(); ++x) {
      if (x == 0 || known_[chain[x]] != known_[chain[x - 1]]) ++level;
      lives[x].lower = level;
    }
    for (std::size_t x = 0; x < chain.size(); ++x) {
      const auto end = std::partition_point(
          chain.begin() + static_cast<std::ptrdiff_t>(x) + 1, chain.end(),
          [&](std::uint32_t b) { return !problem_.index.before(chain[x], b); });
      lives[x].upper = end == chain.end()
                           ? level + 1
                           : lives[static_cast<std::size_t>(end - chain.begin())].lower;
    }
    return lives;
  }

  Bytes live_of(const Chain& chain) const {
    const std::vector<Interval> lives = lives_of(chain);
    std::vector<Bytes> change(chain.size() + 2, 0);
    for (std::size_t x = 0; x < chain.size(); ++x) {
      change[static_cast<std::size_t>(lives[x].lower)] += problem_.buffers[chain[x]].size;
      change[static_cast<std::size_t>(lives[x].upper)] -= problem_.buffers[chain[x]].size;
    }
    Bytes live = 0;
    Bytes most = 0;
    for (const Bytes c : change) most = std::max(most, live += c);
    return most;
  }

  std::size_t place_for(const Chain& chain, std::uint32_t i) const {
    return static_cast<std::size_t>(
        std::ranges::upper_bound(chain, known_[i], {}, [&](std::uint32_t b) { return known_[b]; }) -
        chain.begin());
  }

  /// With i where its predecessors say; none where they are not nested there.
  std::optional<Chain> with(const Chain& chain, std::uint32_t i) const {
    const std::size_t at = place_for(chain, i);
    if (at > 0 && !nested(chain[at - 1], i)) return std::nullopt;
    if (at < chain.size() && !nested(i, chain[at])) return std::nullopt;
    Chain more = chain;
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(at), i);
    return more;
  }

  /// Where it costs least, and among those where it is released soonest.
  void insert_cheapest(std::uint32_t i) {
    std::optional<std::size_t> best;
    std::pair<Bytes, double> least;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      const Chain& chain = chains_[k];
      if (component_[chain.front()] != component_[i]) continue;
      const auto end = std::ranges::partition_point(
          chain, [&](std::uint32_t b) { return !problem_.index.before(i, b); });
      const double share =
          static_cast<double>(end - chain.begin()) / static_cast<double>(chain.size());
      const std::pair cost{live_of(*with(chain, i)) - live_[k], share};
      if (best && cost >= least) continue;
      best = k;
      least = cost;
    }
    if (!best) {  // it comes before and after nothing: any will do
      if (chains_.empty()) {
        chains_.emplace_back();
        live_.push_back(0);
      }
      best = 0;
    }
    chains_[*best] = *with(chains_[*best], i);
    live_[*best] = live_of(chains_[*best]);
  }

  void improve() {
    std::vector<std::size_t> chain_of(problem_.size(), chains_.size());
    for (std::size_t k = 0; k < chains_.size(); ++k)
      for (const std::uint32_t i : chains_[k]) chain_of[i] = k;
    for (bool moved = true; moved;) {
      moved = false;
      for (std::uint32_t i = 0; i < problem_.size(); ++i) {
        if (chain_of[i] == chains_.size()) continue;
        if (work_ > most_work_) return;
        if (const auto to = move_from(chain_of[i], i)) {
          chain_of[i] = *to;
          moved = true;
        }
      }
    }
  }

  std::optional<std::size_t> move_from(std::size_t from, std::uint32_t i) {
    Chain rest = chains_[from];
    rest.erase(std::ranges::find(rest, i));
    const Bytes rest_live = live_of(rest);
    work_ += 12 * rest.size();
    const Bytes gain = live_[from] - rest_live;
    if (gain <= 0) return std::nullopt;
    std::optional<std::size_t> best;
    Bytes least = gain;
    Chain best_chain;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      if (k == from) continue;
      std::optional<Chain> more = with(chains_[k], i);
      if (!more) continue;
      work_ += 12 * more->size();
      const Bytes cost = live_of(*more) - live_[k];
      if (cost >= least) continue;
      least = cost;
      best = k;
      best_chain = std::move(*more);
    }
    if (!best) return std::nullopt;
    live_[*best] += least;
    chains_[*best] = std::move(best_chain);
    live_[from] = rest_live;
    chains_[from] = std::move(rest);
    return best;
  }

  Band band_of(const Chain& chain) const { return {chain, lives_of(chain), live_of(chain)}; }

  const PlanProblem& problem_;
  const ChainOrder& order_;
  std::vector<std::int64_t> known_;  ///< grows with the set of predecessors
  std::vector<std::uint32_t> component_;
  std::vector<Chain> chains_;
  std::vector<Bytes> live_;
  std::uint64_t most_work_;
  std::uint64_t work_ = 0;
};

}  // namespace

bool can_be_banded(const PlanProblem& problem) {
  return problem.lifetimes.order && problem.plain() && problem.apart.empty() &&
         problem.reserved.empty() &&
         std::ranges::none_of(problem.buffers, [](const auto& b) { return b.fixed.has_value(); });
}

std::vector<Band> cut_into_bands(const PlanProblem& problem, std::uint64_t most_work) {
  return BandCutter(problem, most_work).run();
}

PlanProblem band_problem(const PlanProblem& problem, const Band& band) {
  PlanProblem part;
  part.lifetimes.intervals = band.lives;
  for (const std::uint32_t i : band.members) {
    part.buffers.push_back(problem.buffers[i]);
    part.lifetimes.buffers.push_back({problem.buffers[i].name, problem.buffers[i].size, {}, {}});
  }
  complete_problem(part);
  return part;
}

std::vector<Bytes> stack_bands(const PlanProblem& problem, const std::vector<Band>& bands,
                               const std::vector<std::vector<Bytes>>& offsets) {
  std::vector<Bytes> stacked(problem.size(), 0);
  Bytes floor = 0;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    Bytes top = floor;
    for (std::size_t k = 0; k < bands[b].members.size(); ++k) {
      const std::uint32_t i = bands[b].members[k];
      stacked[i] = floor + offsets[b][k];
      top = std::max(top, stacked[i] + problem.buffers[i].size);
    }
    floor = top;
  }
  if (problem.index.pairs() > kManyPairs) return stacked;
  std::vector<std::uint32_t> order(problem.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return stacked[i]; });
  return place_in_order(problem, order, Fit::lowest);
}

}  // namespace unna
