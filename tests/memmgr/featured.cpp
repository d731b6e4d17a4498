#include "tests/memmgr/featured.h"

#include <fmt/format.h>

#include <algorithm>

#include "memmgr/complete_problem.h"

namespace unna::test {
namespace {

bool chance(Rng& rng, std::uint64_t percent) {
  return rng.chance(percent, 100);
}

std::vector<Gap> random_gaps(Rng& rng, Interval life, Bytes size) {
  std::vector<Gap> gaps;
  if (!chance(rng, 40)) return gaps;
  std::int64_t from = life.lower;
  while (from < life.upper && gaps.size() < 2) {
    Gap gap;
    gap.time.lower = rng.between(from, life.upper - 1);
    gap.time.upper = rng.between(gap.time.lower + 1, life.upper);
    if (chance(rng, 60)) {
      gap.kept_begin = rng.between(0, size);
      gap.kept_end = rng.between(gap.kept_begin, size);
    }
    gaps.push_back(gap);
    from = gap.time.upper;
  }
  return gaps;
}

void add_lifetimes(Rng& rng, const FeaturedShape& shape, Featured& f) {
  Lifetimes& l = f.problem.lifetimes;
  for (const PlanBuffer& b : f.problem.buffers) l.buffers.push_back({b.name, b.size, {}, {}});
  if (shape.order) {
    for (std::uint32_t i = 0; i < shape.buffers; ++i)
      for (std::uint32_t j = i + 1; j < shape.buffers; ++j)
        if (rng.chance(3, 2 * shape.buffers)) f.edges.push_back({i, j});
    rng.shuffle(f.edges);
    l.kind = LivenessKind::edges;
    l.order = order_of_edges(shape.buffers, f.edges);
    return;
  }
  l.intervals.emplace();
  for (const PlanBuffer& b : f.problem.buffers) {
    const std::int64_t lower = rng.between(0, shape.horizon - 1);
    l.intervals->push_back({lower, rng.between(lower + 1, shape.horizon)});
    l.gaps.push_back(random_gaps(rng, l.intervals->back(), b.size));
  }
}

void add_pairs(Rng& rng, PlanProblem& p) {
  const bool apart = chance(rng, 40);
  const bool in_place = chance(rng, 60);
  for (std::uint32_t i = 0; i < p.size(); ++i)
    for (std::uint32_t j = 0; j < p.size(); ++j) {
      if (i == j || !rng.chance(2, 1 + p.size())) continue;
      const bool used = std::ranges::any_of(p.in_place, [&](BufferPair x) {
        return std::minmax(x.first, x.second) == std::minmax(i, j);
      });
      if (apart && i < j && !used && chance(rng, 40))
        p.apart.push_back({i, j});
      else if (in_place && p.buffers[j].size <= p.buffers[i].size && !used &&
               std::ranges::count(p.apart, BufferPair{std::min(i, j), std::max(i, j)}) == 0)
        p.in_place.push_back({i, j});
    }
}

void add_fixed(Rng& rng, const FeaturedShape& shape, Featured& f) {
  if (!chance(rng, 50)) return;
  auto& buffers = f.problem.buffers;
  for (std::uint32_t i = 0; i < buffers.size(); ++i) {
    if (!rng.chance(1, 3)) continue;
    const Bytes at =
        rng.between(0, 2 * shape.max_size / buffers[i].alignment) * buffers[i].alignment;
    bool free = may_lie(f, i, at);
    for (std::uint32_t j = 0; j < i; ++j)
      free = free && (!buffers[j].fixed || may_lie(f, i, at, j, *buffers[j].fixed));
    if (free) buffers[i].fixed = at;
  }
}

struct Range {
  Bytes begin = 0;
  Bytes end = 0;
};

/// What a buffer that lies at `at` needs at a time.
Range needed(const PlanProblem& p, std::uint32_t i, Bytes at, std::int64_t time) {
  const Interval life = (*p.lifetimes.intervals)[i];
  if (time < life.lower || time >= life.upper) return {at, at};
  if (!p.lifetimes.gaps.empty())
    for (const Gap& gap : p.lifetimes.gaps[i])
      if (gap.time.lower <= time && time < gap.time.upper)
        return {at + gap.kept_begin, at + gap.kept_end};
  return {at, at + p.buffers[i].size};
}

bool meet(Range a, Range b) {
  for (Bytes byte = a.begin; byte < a.end; ++byte)
    if (b.begin <= byte && byte < b.end) return true;
  return false;
}

bool reaches(const Featured& f, std::uint32_t from, std::uint32_t to) {
  return std::ranges::any_of(f.edges, [&](BufferPair e) {
    return e.first == from && (e.second == to || reaches(f, e.second, to));
  });
}

bool contains(const std::vector<BufferPair>& pairs, std::uint32_t a, std::uint32_t b) {
  return std::ranges::any_of(pairs, [&](BufferPair x) {
    return (x.first == a && x.second == b) || (x.first == b && x.second == a);
  });
}

bool place_rest(const Featured& f, Bytes capacity, std::vector<Bytes>& offsets) {
  const auto i = static_cast<std::uint32_t>(offsets.size());
  if (i == f.problem.size()) return true;
  for (Bytes at = 0; at + f.problem.buffers[i].size <= capacity; ++at) {
    bool free = may_lie(f, i, at);
    for (std::uint32_t j = 0; j < i && free; ++j) free = may_lie(f, i, at, j, offsets[j]);
    if (!free) continue;
    offsets.push_back(at);
    if (place_rest(f, capacity, offsets)) return true;
    offsets.pop_back();
  }
  return false;
}

}  // namespace

bool may_lie(const Featured& f, std::uint32_t i, Bytes at_i, std::uint32_t j, Bytes at_j) {
  const PlanProblem& p = f.problem;
  const Range whole_i{at_i, at_i + p.buffers[i].size};
  const Range whole_j{at_j, at_j + p.buffers[j].size};
  if (contains(p.apart, i, j) && meet(whole_i, whole_j)) return false;
  if (contains(p.in_place, i, j) && at_i == at_j) return true;
  if (!p.lifetimes.intervals)
    return reaches(f, i, j) || reaches(f, j, i) || !meet(whole_i, whole_j);
  constexpr std::int64_t kHorizon = 64;
  for (std::int64_t time = 0; time < kHorizon; ++time)
    if (meet(needed(p, i, at_i, time), needed(p, j, at_j, time))) return false;
  return true;
}

bool may_lie(const Featured& f, std::uint32_t i, Bytes at) {
  const PlanBuffer& b = f.problem.buffers[i];
  if (at < 0 || at % b.alignment != 0 || (b.fixed && at != *b.fixed)) return false;
  return std::ranges::none_of(f.problem.reserved, [&](const ByteRange& r) {
    return meet({at, at + b.size}, {r.begin, r.end});
  });
}

bool is_valid(const Featured& f, const std::vector<Bytes>& offsets) {
  for (std::uint32_t i = 0; i < offsets.size(); ++i) {
    if (!may_lie(f, i, offsets[i])) return false;
    for (std::uint32_t j = 0; j < i; ++j)
      if (!may_lie(f, i, offsets[i], j, offsets[j])) return false;
  }
  return true;
}

Bytes exhaustive_optimum(const Featured& f) {
  for (Bytes capacity = 0;; ++capacity) {
    std::vector<Bytes> offsets;
    if (place_rest(f, capacity, offsets)) return capacity;
  }
}

Featured random_featured(Rng& rng, const FeaturedShape& shape) {
  Featured f;
  PlanProblem& p = f.problem;
  const bool aligned = chance(rng, 40);
  for (std::size_t i = 0; i < shape.buffers; ++i) {
    PlanBuffer b;
    b.name = fmt::format("b{}", i);
    b.size = rng.between(chance(rng, 10) ? 0 : 1, shape.max_size);
    if (aligned) b.alignment = rng.between(1, 4);
    p.buffers.push_back(std::move(b));
  }
  add_lifetimes(rng, shape, f);
  add_pairs(rng, p);
  if (chance(rng, 40))
    for (int r = 0; r < 2; ++r) {
      const Bytes begin = rng.between(0, 3 * shape.max_size);
      p.reserved.push_back({begin, begin + rng.between(0, shape.max_size)});
    }
  add_fixed(rng, shape, f);
  complete_problem(p);
  return f;
}

}  // namespace unna::test
