#include "memmgr/placement/interval_placement.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>

#include "base/target_clones.h"
#include "memmgr/placement/gap_search.h"

namespace unna {
namespace {

using Rank = std::int32_t;

/// hit[k] = whether [lower[k], upper[k]) meets [from, until). Compiled for AVX2 as well; the
/// function chosen makes no difference to the result.
UNNA_FOR_HOSTS void mark_hits(const Rank* lower, const Rank* upper, std::size_t count, Rank from,
                              Rank until, std::uint8_t* hit) {
  for (std::size_t k = 0; k < count; ++k)
    hit[k] = static_cast<std::uint8_t>(static_cast<int>(lower[k] < until) &
                                       static_cast<int>(upper[k] > from));
}

/// Rectangles that are placed, by ascending offset, in blocks that split when full.
class PlacedRects {
 public:
  struct Life {
    Rank from = 0, until = 0;
  };

  void insert(Life life, Bytes begin, Bytes end) {
    if (blocks_.empty()) blocks_.push_back(std::make_unique<Block>());
    auto at =
        std::ranges::upper_bound(blocks_, begin, {}, [](const auto& b) { return b->first(); });
    if (at != blocks_.begin()) --at;
    if ((*at)->count == kCapacity) {
      at = blocks_.insert(at + 1, (*at)->split()) - 1;
      if ((*(at + 1))->first() <= begin) ++at;
    }
    (*at)->insert(life, begin, end);
  }

  Bytes find(Life life, Bytes size, Bytes alignment, Fit fit) const {
    GapSearch search(size, alignment, fit);
    std::array<std::uint8_t, kCapacity> hit;
    for (const auto& block : blocks_) {
      if (block->earliest >= life.until || block->latest <= life.from) continue;
      const std::size_t count = block->count;
      mark_hits(block->lower.data(), block->upper.data(), count, life.from, life.until, hit.data());
      std::fill(hit.begin() + static_cast<std::ptrdiff_t>(count),
                hit.begin() + static_cast<std::ptrdiff_t>(std::min(kCapacity, count + 8)), 0);
      for (std::size_t k = 0; k < count; k += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, &hit[k], 8);
        if (word == 0) continue;
        for (std::size_t j = k; j < k + 8; ++j)
          if (hit[j] != 0 && search.pass(block->begin[j], block->end[j])) return search.place();
      }
    }
    return search.place();
  }

 private:
  static constexpr std::size_t kCapacity = 1024;

  struct Block {
    std::size_t count = 0;
    Rank earliest = std::numeric_limits<Rank>::max();
    Rank latest = std::numeric_limits<Rank>::min();
    std::array<Rank, kCapacity> lower, upper;
    std::array<Bytes, kCapacity> begin, end;

    Bytes first() const { return count == 0 ? 0 : begin[0]; }

    void insert(Life life, Bytes from, Bytes to) {
      const auto at = std::upper_bound(begin.begin(),
                                       begin.begin() + static_cast<std::ptrdiff_t>(count), from) -
                      begin.begin();
      const auto put = [&](auto& values, auto value) {
        const auto where = values.begin() + at;
        std::copy_backward(where, values.begin() + static_cast<std::ptrdiff_t>(count),
                           values.begin() + static_cast<std::ptrdiff_t>(count) + 1);
        *where = value;
      };
      put(lower, life.from);
      put(upper, life.until);
      put(begin, from);
      put(end, to);
      ++count;
      earliest = std::min(earliest, life.from);
      latest = std::max(latest, life.until);
    }

    /// Its upper half.
    std::unique_ptr<Block> split() {
      auto other = std::make_unique<Block>();
      const std::size_t half = count / 2;
      for (std::size_t k = half; k < count; ++k)
        other->insert({lower[k], upper[k]}, begin[k], end[k]);
      count = half;
      return other;
    }
  };

  std::vector<std::unique_ptr<Block>> blocks_;
};

/// Lifetimes by the rank of their ends, which fits 32 bits.
std::vector<PlacedRects::Life> ranks(const PlanProblem& problem) {
  std::vector<std::int64_t> times;
  for (const Interval& life : *problem.lifetimes.intervals) {
    times.push_back(life.lower);
    times.push_back(life.upper);
  }
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  const auto rank = [&](std::int64_t t) {
    return static_cast<Rank>(std::ranges::lower_bound(times, t) - times.begin());
  };
  std::vector<PlacedRects::Life> result;
  result.reserve(problem.size());
  for (const Interval& life : *problem.lifetimes.intervals)
    result.push_back({rank(life.lower), rank(life.upper)});
  return result;
}

}  // namespace

bool placed_by_intervals(const PlanProblem& problem) {
  return problem.lifetimes.intervals && problem.lifetimes.gaps.empty() && problem.apart.empty() &&
         problem.in_place.empty();
}

std::vector<Bytes> place_intervals(const PlanProblem& problem, std::span<const std::uint32_t> order,
                                   Fit fit, const Deadline& deadline) {
  const std::vector<PlacedRects::Life> lives = ranks(problem);
  std::vector<Bytes> offsets(problem.size(), 0);
  std::vector<char> done(problem.size(), 0);
  PlacedRects placed;
  for (const ByteRange& r : problem.reserved)
    placed.insert({std::numeric_limits<Rank>::min(), std::numeric_limits<Rank>::max()}, r.begin,
                  r.end);
  const auto put = [&](std::uint32_t i, Bytes at) {
    offsets[i] = at;
    done[i] = 1;
    if (lives[i].from < lives[i].until && problem.buffers[i].size > 0)
      placed.insert(lives[i], at, at + problem.buffers[i].size);
  };
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (problem.buffers[i].fixed) put(i, *problem.buffers[i].fixed);
  DeadlineWatch watch(deadline);
  for (const std::uint32_t i : order) {
    if (watch.passed()) return {};
    const PlanBuffer& b = problem.buffers[i];
    if (done[i] == 0) put(i, placed.find(lives[i], b.size, b.alignment, fit));
  }
  return offsets;
}

}  // namespace unna
