#include "memmgr/order_index.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/target_clones.h"

namespace unna {
namespace {

/// What lifetimes look like to the index: starts that can be compared, and "a before b".
bool is_unused(const Lifetimes& l, std::size_t i) {
  if (l.order) return l.order->unused(i);
  return (*l.intervals)[i].lower >= (*l.intervals)[i].upper;
}

/// Grows along the order: b's start knows at least what a's does, and a itself, when a < b.
std::int64_t sequence_key(const Lifetimes& l, std::size_t i) {
  if (!l.order) return (*l.intervals)[i].lower;
  const auto first = l.order->first(i);
  return std::accumulate(first.begin(), first.end(), std::int64_t{0});
}

/// Everything before a is before b as well.
bool starts_no_later(const Lifetimes& l, std::size_t a, std::size_t b) {
  if (!l.order) return (*l.intervals)[a].lower <= (*l.intervals)[b].lower;
  const auto x = l.order->first(a);
  const auto y = l.order->first(b);
  for (std::size_t c = 0; c < x.size(); ++c)
    if (x[c] > y[c]) return false;
  return true;
}

UNNA_FOR_HOSTS void mark_above(const std::uint32_t* values, std::size_t count, std::uint32_t level,
                               std::uint8_t* above) {
  for (std::size_t p = 0; p < count; ++p) above[p] = values[p] > level ? 1 : 0;
}

}  // namespace

OrderIndex::OrderIndex(const Lifetimes& lifetimes) {
  make_sequence(lifetimes);
  cut_into_chains(lifetimes);
  find_successors(lifetimes);
  build_search();
  count_pairs();
}

void OrderIndex::make_sequence(const Lifetimes& lifetimes) {
  const std::size_t n = lifetimes.size();
  std::vector<std::int64_t> key(n);
  std::vector<char> idle(n);
  for (std::size_t i = 0; i < n; ++i) {
    idle[i] = static_cast<char>(is_unused(lifetimes, i));
    if (idle[i] == 0) key[i] = sequence_key(lifetimes, i);
  }
  sequence_.resize(n);
  std::iota(sequence_.begin(), sequence_.end(), 0U);
  std::ranges::stable_sort(sequence_, [&](std::uint32_t a, std::uint32_t b) {
    return idle[a] != idle[b] ? idle[a] < idle[b] : key[a] < key[b];
  });
  position_.resize(n);
  for (std::size_t p = 0; p < n; ++p) position_[sequence_[p]] = static_cast<std::uint32_t>(p);
  used_ = n - static_cast<std::size_t>(std::ranges::count(idle, 1));
}

/// Each buffer goes behind the chain's end that starts latest of those that start no later: the
/// chains stay few (one for intervals, about one a core otherwise).
void OrderIndex::cut_into_chains(const Lifetimes& lifetimes) {
  chain_of_.assign(sequence_.size(), kNoChain);
  index_in_chain_.assign(sequence_.size(), 0);
  for (std::size_t p = 0; p < used_; ++p) {
    const std::uint32_t i = sequence_[p];
    std::optional<std::size_t> best;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      const std::uint32_t tail = chains_[k].back();
      if (best && position_[tail] < position_[chains_[*best].back()]) continue;
      if (starts_no_later(lifetimes, tail, i)) best = k;
    }
    if (!best) {
      best = chains_.size();
      chains_.emplace_back();
      positions_.emplace_back();
    }
    chain_of_[i] = static_cast<std::uint32_t>(*best);
    index_in_chain_[i] = static_cast<std::uint32_t>(chains_[*best].size());
    chains_[*best].push_back(i);
    positions_[*best].push_back(static_cast<std::uint32_t>(p));
  }
}

void OrderIndex::find_successors(const Lifetimes& lifetimes) {
  const std::size_t n = sequence_.size();
  after_.assign(n * chains_.size(), 0);
  for (std::size_t i = 0; i < n; ++i) {
    if (unused(i)) continue;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      const auto first = std::ranges::partition_point(
          chains_[k], [&](std::uint32_t b) { return !lifetimes.before(i, b); });
      after_[i * chains_.size() + k] = static_cast<std::uint32_t>(first - chains_[k].begin());
    }
  }
}

void OrderIndex::build_search() {
  leaves_ = std::bit_ceil(std::max<std::size_t>(used_, 1));
  latest_.assign(chains_.size() * 2 * leaves_, 0);
  for (std::size_t k = 0; k < chains_.size(); ++k) {
    std::uint32_t* tree = latest_.data() + k * 2 * leaves_;
    for (std::size_t p = 0; p < used_; ++p) tree[leaves_ + p] = after(sequence_[p], k);
    for (std::size_t node = leaves_ - 1; node > 0; --node)
      tree[node] = std::max(tree[2 * node], tree[2 * node + 1]);
  }
}

std::uint32_t OrderIndex::first_later(std::size_t i, std::size_t k) const {
  if (chain_of_[i] == k) return index_in_chain_[i] + 1;
  const auto first = std::ranges::lower_bound(positions_[k], position_[i]);
  return static_cast<std::uint32_t>(first - positions_[k].begin());
}

void OrderIndex::count_pairs() {
  for (std::size_t i = 0; i < sequence_.size(); ++i) {
    if (unused(i)) continue;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      const std::uint32_t from = first_later(i, k);
      pairs_ += std::max(after(i, k), from) - from;
    }
  }
}

std::uint32_t OrderIndex::last_overlap(std::size_t i) const {
  std::uint32_t last = position_[i];
  if (unused(i)) return last;
  for (std::size_t k = 0; k < chains_.size(); ++k)
    if (after(i, k) > 0) last = std::max(last, position_[chains_[k][after(i, k) - 1]]);
  return last;
}

std::uint32_t OrderIndex::first_overlap(std::size_t i) const {
  if (unused(i)) return position_[i];
  const std::uint32_t* tree = latest_of(chain_of_[i]);
  const std::uint32_t index = index_in_chain_[i];
  std::size_t node = 1;  // i itself ends after it begins
  while (node < leaves_) node = tree[2 * node] > index ? 2 * node : 2 * node + 1;
  return static_cast<std::uint32_t>(node - leaves_);
}

void OrderIndex::mark_overlaps(std::size_t i, std::span<std::uint8_t> by_position) const {
  const std::size_t first = first_overlap(i);
  const std::size_t own = position_[i];
  mark_above(latest_of(chain_of_[i]) + leaves_ + first, own - first, index_in_chain_[i],
             &by_position[first]);
  std::fill_n(&by_position[own], last_overlap(i) + 1 - own, std::uint8_t{0});
  for (std::size_t k = 0; k < chains_.size(); ++k) {
    const std::uint32_t end = after(i, k);
    for (std::uint32_t x = first_later(i, k); x < end; ++x) by_position[positions_[k][x]] = 1;
  }
}

}  // namespace unna
