// Edges of a partial order as chains: a topological order cut greedily, and for each element how
// far along each chain its predecessors reach.

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "memmgr/lifetimes.h"

namespace unna {
namespace {

/// Neighbours by element, as compressed rows; those of an element in the order of the edges.
class Adjacency {
 public:
  Adjacency(std::size_t size, std::span<const BufferPair> edges, bool backwards) : row_(size + 1) {
    const auto from = [&](BufferPair e) { return backwards ? e.second : e.first; };
    for (const BufferPair e : edges) ++row_[from(e) + 1];
    for (std::size_t i = 0; i < size; ++i) row_[i + 1] += row_[i];
    column_.resize(edges.size());
    auto fill = row_;
    for (const BufferPair e : edges) column_[fill[from(e)]++] = backwards ? e.first : e.second;
  }
  std::span<const std::uint32_t> of(std::uint32_t i) const {
    return std::span(column_).subspan(row_[i], row_[i + 1] - row_[i]);
  }

 private:
  std::vector<std::size_t> row_;
  std::vector<std::uint32_t> column_;
};

/// Elements after all their predecessors (Kahn 1962), those that became free first first; what lies
/// on or behind a circle is missing.
std::vector<std::uint32_t> topological(std::size_t size, const Adjacency& successors,
                                       std::vector<std::uint32_t>& open) {
  open.assign(size, 0);
  for (std::uint32_t i = 0; i < size; ++i)
    for (const std::uint32_t j : successors.of(i)) ++open[j];
  std::vector<std::uint32_t> sequence;
  for (std::uint32_t i = 0; i < size; ++i)
    if (open[i] == 0) sequence.push_back(i);
  for (std::size_t p = 0; p < sequence.size(); ++p)
    for (const std::uint32_t j : successors.of(sequence[p]))
      if (--open[j] == 0) sequence.push_back(j);
  return sequence;
}

/// Cuts a partial order into chains, element by element in topological order. Each goes on a chain
/// of which it knows the last element, directly or through others: so a chain that was left for
/// another goes on where the two meet again, and chains stay about as many as elements that are not
/// ordered at all.
class ChainCutter {
 public:
  explicit ChainCutter(std::size_t size) : place_(size), row_(size) {}

  void add(std::uint32_t i, std::span<const std::uint32_t> predecessors) {
    known_.assign(tail_.size(), 0);
    for (const std::uint32_t j : predecessors) {
      const std::vector<std::uint32_t>& theirs = row_[j];
      for (std::size_t c = 0; c < theirs.size(); ++c) known_[c] = std::max(known_[c], theirs[c]);
      std::uint32_t& of_chain = known_[place_[j].chain];
      of_chain = std::max(of_chain, place_[j].position);
    }
    place_[i] = append(i, predecessors);
    row_[i] = known_;
  }

  ChainOrder order() const {
    ChainOrder order(tail_.size());
    std::vector<std::uint32_t> first;
    for (std::size_t i = 0; i < row_.size(); ++i) {
      first = row_[i];
      first.resize(tail_.size(), 0);
      order.add(std::span(&place_[i], 1), first);
    }
    return order;
  }

 private:
  /// Starts of elements take this many numbers at most: a gigabyte with the index.
  static constexpr std::size_t kMostStarts = std::size_t{1} << 26U;

  void check_size() const {
    if (!tail_.empty() && row_.size() > kMostStarts / tail_.size())
      throw InputError(
          fmt::format("the order of {} buffers needs more than {} chains, expected at most {}",
                      row_.size(), kMostStarts / row_.size(), kMostStarts / row_.size()));
  }

  std::optional<std::uint32_t> last_grown_of_known() const {
    std::optional<std::uint32_t> best;
    for (std::uint32_t c = 0; c < tail_.size(); ++c) {
      if (known_[c] != place_[tail_[c]].position) continue;
      if (!best || grown_[c] > grown_[*best]) best = c;
    }
    return best;
  }

  /// To the chain that has waited longest of those that end in a predecessor: the others are still
  /// to be gone on with by their own next ones. If there is none, to the chain that grew last of
  /// those whose last element is known through others.
  ChainOrder::Mark append(std::uint32_t i, std::span<const std::uint32_t> predecessors) {
    std::optional<std::uint32_t> best;
    for (const std::uint32_t j : predecessors) {
      const std::uint32_t c = place_[j].chain;
      if (tail_[c] == j && (!best || grown_[c] < grown_[*best])) best = c;
    }
    if (!best) best = last_grown_of_known();
    if (!best) {
      best = static_cast<std::uint32_t>(tail_.size());
      tail_.push_back(i);
      grown_.push_back(++added_);
      check_size();
      return {*best, 1};
    }
    const std::uint32_t position = place_[tail_[*best]].position + 1;
    tail_[*best] = i;
    grown_[*best] = ++added_;
    return {*best, position};
  }

  std::vector<ChainOrder::Mark> place_;
  std::vector<std::vector<std::uint32_t>> row_;  ///< how far along each chain known there was
  std::vector<std::uint32_t> tail_;              ///< last element of each chain
  std::vector<std::uint64_t> grown_;             ///< when each was appended to
  std::uint64_t added_ = 0;
  std::vector<std::uint32_t> known_;
};

}  // namespace

std::vector<std::uint32_t> find_cycle(std::size_t size, std::span<const BufferPair> edges) {
  std::vector<std::uint32_t> open;
  topological(size, Adjacency(size, edges, false), open);
  const auto stuck = std::ranges::find_if(open, [](std::uint32_t n) { return n > 0; });
  if (stuck == open.end()) return {};
  // Whoever is stuck has a predecessor that is, too: going back must come round.
  const Adjacency predecessors(size, edges, true);
  std::vector<std::uint32_t> path{static_cast<std::uint32_t>(stuck - open.begin())};
  std::vector<char> seen(size, 0);
  while (seen[path.back()] == 0) {
    seen[path.back()] = 1;
    for (const std::uint32_t i : predecessors.of(path.back())) {
      if (open[i] == 0) continue;
      path.push_back(i);
      break;
    }
  }
  path.erase(path.begin(), std::ranges::find(path, path.back()));
  path.pop_back();
  std::ranges::reverse(path);
  std::rotate(path.begin(), std::ranges::min_element(path), path.end());
  return path;
}

ChainOrder order_of_edges(std::size_t size, std::span<const BufferPair> edges) {
  std::vector<std::uint32_t> open;
  const auto sequence = topological(size, Adjacency(size, edges, false), open);
  if (sequence.size() != size) throw InputError("the order has a circle, expected none");
  ChainCutter cutter(size);
  const Adjacency predecessors(size, edges, true);
  for (const std::uint32_t i : sequence) cutter.add(i, predecessors.of(i));
  return cutter.order();
}

}  // namespace unna
