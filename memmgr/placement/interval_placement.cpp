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
  static constexpr std::size_t kCapacity = 256;

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

/// Rectangles that are placed, once all together, and again by the stretches of time that they
/// meet: stretches of several widths, each beginning in the middle of the one before. Who asks
/// looks at the shortest stretch that holds its life, and so at little that is far away in time. Of
/// the stretches, and of all together, those that no life asks for stay empty.
class PlacedByTime {
 public:
  PlacedByTime(std::span<const PlacedRects::Life> lives, Rank times) {
    std::int64_t lived = 0;
    for (const PlacedRects::Life& life : lives) lived += std::max(life.until - life.from, 0);
    const auto n = static_cast<std::int64_t>(lives.size());
    // So that a life meets five stretches of the shorter kind on average.
    std::int64_t stride = std::max<std::int64_t>(64, n == 0 ? 0 : lived / (3 * n));
    for (; stride * kLeastStretches < times; stride *= kWider)
      levels_.push_back({static_cast<Rank>(stride),
                         std::vector<Stretch>(static_cast<std::size_t>(times / stride + 1))});
    for (const PlacedRects::Life& life : lives) stretch_of(life).asked = true;
  }

  void insert(PlacedRects::Life life, Bytes begin, Bytes end) {
    if (all_.asked) all_.placed.insert(life, begin, end);
    for (Level& level : levels_) {
      const auto last = std::min<std::int64_t>((life.until - std::int64_t{1}) / level.stride,
                                               std::ssize(level.stretches) - 1);
      for (auto k = std::max<std::int64_t>(0, life.from / level.stride - std::int64_t{1});
           k <= last; ++k) {
        Stretch& stretch = level.stretches[static_cast<std::size_t>(k)];
        if (stretch.asked) stretch.placed.insert(life, begin, end);
      }
    }
  }

  /// `life` is one of those that the constructor was given.
  Bytes find(PlacedRects::Life life, Bytes size, Bytes alignment, Fit fit) {
    return stretch_of(life).placed.find(life, size, alignment, fit);
  }

 private:
  static constexpr std::int64_t kWider = 32;
  static constexpr std::int64_t kLeastStretches = 8;

  struct Stretch {
    PlacedRects placed;
    bool asked = false;
  };
  struct Level {
    Rank stride;  ///< stretch k is [k, k + 2) strides
    std::vector<Stretch> stretches;
  };

  /// The shortest that holds the life.
  Stretch& stretch_of(PlacedRects::Life life) {
    for (Level& level : levels_) {
      if (life.from >= life.until) break;
      const Rank k = life.from / level.stride;
      if (life.until <= (std::int64_t{k} + 2) * level.stride)
        return level.stretches[static_cast<std::size_t>(k)];
    }
    return all_;
  }

  std::vector<Level> levels_;  ///< shorter ones first
  Stretch all_;
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
                                   Fit fit, const Deadline& deadline, Bytes below) {
  const std::vector<PlacedRects::Life> lives = ranks(problem);
  std::vector<Bytes> offsets(problem.size(), 0);
  std::vector<char> done(problem.size(), 0);
  Rank times = 0;
  for (const PlacedRects::Life& life : lives) times = std::max(times, life.until);
  PlacedByTime placed(lives, times);
  for (const ByteRange& r : problem.reserved) placed.insert({0, times + 1}, r.begin, r.end);
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
    if (done[i] != 0) continue;
    const Bytes at = placed.find(lives[i], b.size, b.alignment, fit);
    if (at + b.size >= below) return {};
    put(i, at);
  }
  return offsets;
}

}  // namespace unna
