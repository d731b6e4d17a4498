// Edges of a partial order as chains: a topological order cut greedily into paths, and for each
// element how far along each path its predecessors reach.

#include <algorithm>

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

/// Starts of elements take this many numbers at most: a gigabyte with the index.
constexpr std::size_t kMostStarts = std::size_t{1} << 26U;

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
  const Adjacency predecessors(size, edges, true);

  std::vector<ChainOrder::Mark> place(size);
  std::vector<std::uint32_t> tail;  // last element of each path
  for (const std::uint32_t i : sequence) {
    const auto before = predecessors.of(i);
    const auto end =
        std::ranges::find_if(before, [&](std::uint32_t j) { return tail[place[j].chain] == j; });
    if (end == before.end()) {
      place[i] = {static_cast<std::uint32_t>(tail.size()), 1};
      tail.push_back(i);
    } else {
      place[i] = {place[*end].chain, place[*end].position + 1};
      tail[place[i].chain] = i;
    }
  }
  if (!tail.empty() && size > kMostStarts / tail.size())
    throw InputError(
        fmt::format("the order of {} buffers falls into {} chains, expected at most {}", size,
                    tail.size(), kMostStarts / size));

  std::vector<std::uint32_t> known(size * tail.size(), 0);
  const auto row = [&](std::uint32_t i) {
    return std::span(known).subspan(i * tail.size(), tail.size());
  };
  for (const std::uint32_t i : sequence) {
    for (const std::uint32_t j : predecessors.of(i)) {
      const auto theirs = row(j);
      std::ranges::transform(row(i), theirs, row(i).begin(),
                             [](std::uint32_t a, std::uint32_t b) { return std::max(a, b); });
      auto& known_of_chain = row(i)[place[j].chain];
      known_of_chain = std::max(known_of_chain, place[j].position);
    }
  }
  ChainOrder order(tail.size());
  for (std::uint32_t i = 0; i < size; ++i) order.add(std::span(&place[i], 1), row(i));
  return order;
}

}  // namespace unna
