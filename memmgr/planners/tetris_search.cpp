#include "memmgr/planners/tetris_search.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace unna {

Neighbourhoods::Neighbourhoods(const PlanProblem& problem, std::span<const std::uint32_t> aside) {
  invariant(problem.lists_stored(), "decoding needs neighbour lists");
  std::vector<char> out(problem.size(), 0);
  for (const std::uint32_t i : aside) out[i] = 1;
  std::vector<std::uint32_t> scratch;
  row.push_back(0);
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    if (out[i] == 0)
      for (const std::uint32_t j : problem.neighbours(i, scratch))
        if (out[j] == 0) column.push_back(j);
    row.push_back(column.size());
  }
}

Decoder::Decoder(const PlanProblem& problem, const Neighbourhoods& around)
    : problem_(problem), around_(around), placed_(problem.size(), 0) {}

/// From the floor up: whoever is in the way lifts the buffer onto itself, until no one is.
Bytes Decoder::lowest_place(std::uint32_t buffer) {
  const Bytes size = problem_.buffers[buffer].size;
  const Bytes alignment = problem_.buffers[buffer].alignment;
  const auto neighbours = around_.of(buffer);
  begin_.clear();
  end_.clear();
  for (const ByteRange& r : problem_.reserved) {
    begin_.push_back(r.begin);
    end_.push_back(r.end);
  }
  for (const std::uint32_t j : neighbours)
    if (placed_[j] != 0)
      problem_.for_each_forbidden(buffer, j, genome_->offsets[j], [&](Bytes lo, Bytes hi) {
        begin_.push_back(lo + size);
        end_.push_back(hi);
      });
  visits_ += neighbours.size();
  Bytes at = 0;
  for (bool lifted = true; lifted;) {
    lifted = false;
    visits_ += begin_.size();
    for (std::size_t k = 0; k < begin_.size();) {
      if (end_[k] > at && begin_[k] >= at + size) {
        ++k;
        continue;
      }
      // In the way, or below already: it has no more to say in either case.
      if (end_[k] > at && (begin_[k] < end_[k] || !problem_.plain())) {
        at = alignment == 1 ? end_[k] : round_up(end_[k], alignment);
        lifted = true;
      }
      begin_[k] = begin_.back();
      end_[k] = end_.back();
      begin_.pop_back();
      end_.pop_back();
    }
  }
  return at;
}

bool Decoder::decode(Genome& genome, std::size_t kept, Bytes cutoff) {
  genome_ = &genome;
  std::ranges::fill(placed_, 0);
  genome.peak = 0;
  genome.excess = 0;
  const auto note = [&](std::uint32_t i) {
    placed_[i] = 1;
    const Bytes end = genome.offsets[i] + problem_.buffers[i].size;
    genome.peak = std::max(genome.peak, end);
    genome.excess += std::max<Bytes>(end - problem_.lower_bound, 0);
  };
  for (std::uint32_t i = 0; i < problem_.size(); ++i) {
    if (!problem_.buffers[i].fixed) continue;
    genome.offsets[i] = *problem_.buffers[i].fixed;
    note(i);
  }
  for (std::size_t p = 0; p < genome.order.size(); ++p) {
    const std::uint32_t i = genome.order[p];
    if (placed_[i] != 0) continue;
    if (p >= kept) genome.offsets[i] = lowest_place(i);
    note(i);
    if (genome.peak > cutoff) return false;
  }
  return true;
}

/// Order crossover (Davis 1985) with the slice at the front, so that its placements carry over; now
/// and then with the slice in the middle.
std::size_t cross(const Genome& a, const Genome& b, Rng& rng, Genome& child) {
  const std::size_t n = a.order.size();
  std::size_t from = 0;
  std::size_t until = rng.below(n + 1);
  if (rng.chance(1, 4)) {
    from = rng.below(n);
    until = from + rng.below(n - from + 1);
  }
  child = a;
  std::vector<char> taken(a.offsets.size(), 0);
  for (std::size_t p = from; p < until; ++p) taken[a.order[p]] = 1;
  std::size_t p = 0;
  for (const std::uint32_t i : b.order) {
    if (taken[i] != 0) continue;
    if (p == from) p = until;
    child.order[p++] = i;
  }
  std::size_t kept = 0;
  while (kept < n && child.order[kept] == a.order[kept]) ++kept;
  return kept;
}

namespace {

/// Moves the buffer at place `from` to an earlier place.
void move_forward(std::vector<std::uint32_t>& order, std::size_t from, std::size_t to) {
  const auto first = order.begin() + static_cast<std::ptrdiff_t>(to);
  const auto it = order.begin() + static_cast<std::ptrdiff_t>(from);
  std::rotate(first, it, it + 1);
}

bool sticks_out(const PlanProblem& p, const Genome& g, std::uint32_t i) {
  return g.offsets[i] + p.buffers[i].size > p.lower_bound;
}

/// Squeaky wheel: all that ends above the bound is placed earlier, by random steps.
std::size_t promote_sticking_out(const PlanProblem& p, const Genome& g, Rng& rng, Genome& child) {
  const std::size_t n = g.order.size();
  const std::uint64_t reach = 1 + rng.below(n);
  std::vector<std::pair<std::int64_t, std::uint32_t>> keyed;
  for (std::size_t x = 0; x < n; ++x) {
    auto key = static_cast<std::int64_t>(2 * x);
    if (sticks_out(p, g, g.order[x]) && rng.chance(3, 4))
      key -= static_cast<std::int64_t>(2 * rng.below(reach)) + 1;
    keyed.emplace_back(key, g.order[x]);
  }
  std::ranges::stable_sort(keyed, {}, &std::pair<std::int64_t, std::uint32_t>::first);
  std::size_t kept = n;
  for (std::size_t x = n; x-- > 0;) {
    child.order[x] = keyed[x].second;
    if (child.order[x] != g.order[x]) kept = x;
  }
  return kept;
}

/// Someone of the pile under a buffer at the peak, or beside it.
std::uint32_t from_the_tight_region(const PlanProblem& p, const Neighbourhoods& around,
                                    const Genome& g, Rng& rng) {
  std::vector<std::uint32_t> top;
  for (const std::uint32_t i : g.order)
    if (sticks_out(p, g, i)) top.push_back(i);
  if (top.empty()) return g.order[rng.below(g.order.size())];
  std::uint32_t at = top[rng.below(top.size())];
  std::vector<std::uint32_t> below;
  for (std::uint64_t steps = rng.below(6); steps > 0; --steps) {
    below.clear();
    for (const std::uint32_t j : around.of(at))
      if (g.offsets[j] + p.buffers[j].size <= g.offsets[at]) below.push_back(j);
    if (below.empty()) break;
    at = below[rng.below(below.size())];
  }
  return at;
}

}  // namespace

std::size_t mutate_anywhere(const Genome& parent, Rng& rng, Genome& child) {
  child = parent;
  const std::size_t n = parent.order.size();
  if (n < 2) return n;
  std::size_t a = rng.below(n);
  std::size_t b = rng.below(n);
  if (a > b) std::swap(a, b);
  if (rng.chance(1, 2))
    std::swap(child.order[a], child.order[b]);
  else
    move_forward(child.order, b, a);
  return a;
}

std::size_t mutate(const PlanProblem& problem, const Neighbourhoods& around, const Genome& parent,
                   Rng& rng, Genome& child) {
  child = parent;
  const std::size_t n = parent.order.size();
  if (n < 2) return n;
  if (rng.chance(1, 5)) return promote_sticking_out(problem, parent, rng, child);
  std::size_t kept = n;
  for (std::uint64_t moves = 1 + rng.below(3); moves > 0; --moves) {
    const std::uint32_t who = rng.chance(4, 5) ? from_the_tight_region(problem, around, parent, rng)
                                               : parent.order[rng.below(n)];
    const auto place =
        static_cast<std::size_t>(std::ranges::find(child.order, who) - child.order.begin());
    std::size_t other = rng.below(n);
    if (rng.chance(1, 2)) {
      std::swap(child.order[place], child.order[other]);
    } else {
      if (other > place) other = rng.below(place + 1);
      move_forward(child.order, place, other);
    }
    kept = std::min({kept, place, other});
  }
  return kept;
}

}  // namespace unna
