#include "memmgr/placement/scan_placement.h"

#include <algorithm>
#include <array>
#include <bit>
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

/// Of 64 flags that are 0 or 1, one bit each.
std::uint64_t bits_of(const std::uint8_t* flags) {
  std::uint64_t bits = 0;
  for (std::size_t k = 0; k < 8; ++k) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, flags + 8 * k, 8);
    // The product's top byte gathers the eight lowest bits.
    bits |= (eight * 0x0102040810204080U >> 56U) << (8 * k);
  }
  return bits;
}

/// When a buffer is in use, in ranks.
struct Life {
  Rank from = 0, until = 0;
};

/// A buffer that is placed, or bytes that nobody may use.
struct Rect {
  Life life;
  Bytes begin = 0, end = 0;
};

/// Rectangles that are placed, by ascending offset, in blocks that split when full.
class PlacedRects {
 public:
  void insert(const Rect& rect) {
    if (blocks_.empty()) blocks_.push_back(std::make_unique<Block>());
    auto at =
        std::ranges::upper_bound(blocks_, rect.begin, {}, [](const auto& b) { return b->first(); });
    if (at != blocks_.begin()) --at;
    if ((*at)->count == kCapacity) {
      at = blocks_.insert(at + 1, (*at)->split()) - 1;
      if ((*(at + 1))->first() <= rect.begin) ++at;
    }
    (*at)->insert(rect);
  }

  /// Among those whose lives meet `life`; `conflicts(from)`: whether one whose life begins there
  /// counts.
  template <class Conflicts>
  Bytes find(Life life, Bytes size, Bytes alignment, Fit fit, Conflicts&& conflicts) const {
    GapSearch search(size, alignment, fit);
    std::array<std::uint8_t, kCapacity> hit{};
    for (const auto& block : blocks_) {
      if (block->earliest >= life.until || block->latest <= life.from) continue;
      const std::size_t count = block->count;
      mark_hits(block->lower.data(), block->upper.data(), count, life.from, life.until, hit.data());
      for (std::size_t first = 0; first < count; first += 64) {
        std::uint64_t hits = bits_of(&hit[first]);
        if (count - first < 64) hits &= (std::uint64_t{1} << (count - first)) - 1;
        for (; hits != 0; hits &= hits - 1) {
          const std::size_t k = first + static_cast<std::size_t>(std::countr_zero(hits));
          if (conflicts(block->lower[k]) && search.pass(block->begin[k], block->end[k]))
            return search.place();
        }
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

    void insert(const Rect& rect) {
      const auto at =
          std::upper_bound(begin.begin(), begin.begin() + static_cast<std::ptrdiff_t>(count),
                           rect.begin) -
          begin.begin();
      const auto put = [&](auto& values, auto value) {
        const auto where = values.begin() + at;
        std::copy_backward(where, values.begin() + static_cast<std::ptrdiff_t>(count),
                           values.begin() + static_cast<std::ptrdiff_t>(count) + 1);
        *where = value;
      };
      put(lower, rect.life.from);
      put(upper, rect.life.until);
      put(begin, rect.begin);
      put(end, rect.end);
      ++count;
      earliest = std::min(earliest, rect.life.from);
      latest = std::max(latest, rect.life.until);
    }

    /// Its upper half.
    std::unique_ptr<Block> split() {
      auto other = std::make_unique<Block>();
      const std::size_t half = count / 2;
      for (std::size_t k = half; k < count; ++k)
        other->insert({{lower[k], upper[k]}, begin[k], end[k]});
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
  PlacedByTime(std::span<const Life> lives, Rank times) {
    std::int64_t lived = 0;
    for (const Life& life : lives) lived += std::max(life.until - life.from, 0);
    const auto n = static_cast<std::int64_t>(lives.size());
    // So that a life meets five stretches of the shorter kind on average.
    std::int64_t stride = std::max<std::int64_t>(64, n == 0 ? 0 : lived / (3 * n));
    for (; stride * kLeastStretches < times; stride *= kWider)
      levels_.push_back({static_cast<Rank>(stride),
                         std::vector<Stretch>(static_cast<std::size_t>(times / stride + 1))});
    for (const Life& life : lives)
      if (life.from < life.until) stretch_of(life).asked = true;
  }

  void insert(const Rect& rect) {
    if (all_.asked) all_.placed.insert(rect);
    for (Level& level : levels_) {
      const auto last = std::min<std::int64_t>((rect.life.until - std::int64_t{1}) / level.stride,
                                               std::ssize(level.stretches) - 1);
      for (auto k = std::max<std::int64_t>(0, rect.life.from / level.stride - std::int64_t{1});
           k <= last; ++k) {
        Stretch& stretch = level.stretches[static_cast<std::size_t>(k)];
        if (stretch.asked) stretch.placed.insert(rect);
      }
    }
  }

  /// `life` is one of those that the constructor was given.
  template <class Conflicts>
  Bytes find(Life life, Bytes size, Bytes alignment, Fit fit, Conflicts&& conflicts) {
    return stretch_of(life).placed.find(life, size, alignment, fit, conflicts);
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
  Stretch& stretch_of(Life life) {
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
std::vector<Life> ranks(std::span<const Interval> lifetimes) {
  std::vector<std::int64_t> times;
  for (const Interval& life : lifetimes) {
    times.push_back(life.lower);
    times.push_back(life.upper);
  }
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  const auto rank = [&](std::int64_t t) {
    return static_cast<Rank>(std::ranges::lower_bound(times, t) - times.begin());
  };
  std::vector<Life> lives;
  lives.reserve(lifetimes.size());
  for (const Interval& life : lifetimes) lives.push_back({rank(life.lower), rank(life.upper)});
  return lives;
}

Rank latest(std::span<const Life> lives) {
  Rank last = 0;
  for (const Life& life : lives) last = std::max(last, life.until);
  return last;
}

/// Buffers in use for an interval each: whose lives meet may not share bytes.
class IntervalPlacer : public Placer {
 public:
  explicit IntervalPlacer(const PlanProblem& problem)
      : problem_(problem),
        lives_(ranks(*problem.lifetimes.intervals)),
        placed_(lives_, latest(lives_)) {
    const Life always{0, latest(lives_) + 1};
    for (const ByteRange& r : problem.reserved) placed_.insert({always, r.begin, r.end});
  }

  void put(std::uint32_t i, Bytes at) override {
    const Bytes size = problem_.buffers[i].size;
    if (size > 0 && lives_[i].from < lives_[i].until) placed_.insert({lives_[i], at, at + size});
  }
  Bytes find(std::uint32_t i, Fit fit) override {
    const PlanBuffer& b = problem_.buffers[i];
    return placed_.find(lives_[i], b.size, b.alignment, fit, [](Rank) { return true; });
  }

 private:
  const PlanProblem& problem_;
  std::vector<Life> lives_;
  PlacedByTime placed_;
};

/// Buffers of a partial order. Time is the place in the sequence: a buffer lives at its own, and is
/// asked to meet all from the first to the last one that it overlaps. Most of them it does overlap.
class OrderPlacer : public Placer {
 public:
  explicit OrderPlacer(const PlanProblem& problem)
      : problem_(problem),
        windows_(windows_of(problem)),
        placed_(windows_, static_cast<Rank>(problem.size())),
        conflicts_(problem.size() + 1, 1) {
    const Life always{kAlways, static_cast<Rank>(problem.size())};
    for (const ByteRange& r : problem.reserved) placed_.insert({always, r.begin, r.end});
  }

  void put(std::uint32_t i, Bytes at) override {
    const Bytes size = problem_.buffers[i].size;
    if (size == 0 || problem_.index.unused(i)) return;
    const auto place = static_cast<Rank>(problem_.index.position(i));
    placed_.insert({{place, place + 1}, at, at + size});
  }
  Bytes find(std::uint32_t i, Fit fit) override {
    if (!problem_.index.unused(i))
      problem_.index.mark_overlaps(i, std::span(conflicts_).subspan(1));
    const PlanBuffer& b = problem_.buffers[i];
    return placed_.find(windows_[i], b.size, b.alignment, fit, [&](Rank place) {
      return conflicts_[static_cast<std::size_t>(place - kAlways)] != 0;
    });
  }

 private:
  static constexpr Rank kAlways = -1;  ///< the place of what is reserved

  static std::vector<Life> windows_of(const PlanProblem& problem) {
    std::vector<Life> windows(problem.size());
    for (std::size_t i = 0; i < problem.size(); ++i)
      if (!problem.index.unused(i))
        windows[i] = {static_cast<Rank>(problem.index.first_overlap(i)),
                      static_cast<Rank>(problem.index.last_overlap(i)) + 1};
    return windows;
  }

  const PlanProblem& problem_;
  std::vector<Life> windows_;
  PlacedByTime placed_;
  std::vector<std::uint8_t>
      conflicts_;  ///< by place + 1: it conflicts with the buffer to be placed
};

}  // namespace

bool placed_by_scan(const PlanProblem& problem) {
  return problem.lifetimes.gaps.empty() && problem.apart.empty() && problem.in_place.empty();
}

std::unique_ptr<Placer> scan_placer(const PlanProblem& problem) {
  if (problem.lifetimes.intervals) return std::make_unique<IntervalPlacer>(problem);
  return std::make_unique<OrderPlacer>(problem);
}

}  // namespace unna
