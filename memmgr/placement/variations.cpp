#include "memmgr/placement/variations.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "memmgr/placement/placement.h"

namespace unna {

namespace {

/// Offsets that a buffer may have: multiples of its alignment from `first` to `last`, both such.
struct Room {
  Bytes first = 0;
  Bytes last = 0;
};

/// The rooms of one buffer among others, for a placement that changes step by step.
class Rooms {
 public:
  explicit Rooms(const PlanProblem& problem) : problem_(problem) {}

  /// Of buffer i among its neighbours with `placed`, none ending above `limit`; ascending.
  std::span<const Room> find(std::uint32_t i, std::span<const Bytes> offsets,
                             const std::vector<bool>& placed, Bytes limit) {
    const PlanBuffer& b = problem_.buffers[i];
    forbidden_.clear();
    for (const ByteRange& r : problem_.reserved) forbidden_.push_back({r.begin - b.size, r.end});
    for (const std::uint32_t j : problem_.neighbours(i, scratch_))
      if (placed[j])
        problem_.for_each_forbidden(i, j, offsets[j], [&](Bytes lo, Bytes hi) {
          forbidden_.push_back({lo, hi});
        });
    std::ranges::sort(forbidden_, {}, [](const ByteRange& r) { return std::pair(r.begin, r.end); });
    rooms_.clear();
    const auto add = [&](Bytes from, Bytes to) {
      const Room room{round_up(from, b.alignment), to / b.alignment * b.alignment};
      if (to >= from && room.first <= room.last) rooms_.push_back(room);
    };
    Bytes floor = 0;
    for (const ByteRange& open : forbidden_) {  // both of its ends are allowed
      add(floor, std::min(open.begin, limit - b.size));
      floor = std::max(floor, open.end);
    }
    add(floor, limit - b.size);
    return rooms_;
  }

 private:
  const PlanProblem& problem_;
  std::vector<ByteRange> forbidden_;
  std::vector<std::uint32_t> scratch_;
  std::vector<Room> rooms_;
};

std::vector<std::uint32_t> by_offset(std::span<const Bytes> offsets) {
  std::vector<std::uint32_t> order(offsets.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return offsets[i]; });
  return order;
}

Bytes random_place(const Room& room, Bytes alignment, Rng& rng) {
  switch (rng.below(3)) {
    case 0:
      return room.first;
    case 1:
      return room.last;
    default:
      return room.first + alignment * rng.between(0, (room.last - room.first) / alignment);
  }
}

}  // namespace

std::optional<std::vector<Bytes>> mirrored(const PlanProblem& problem,
                                           std::span<const Bytes> offsets) {
  if (!problem.plain() || !problem.reserved.empty()) return std::nullopt;
  const Bytes top = peak_of(problem, offsets);
  std::vector<Bytes> result;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const PlanBuffer& b = problem.buffers[i];
    result.push_back(top - offsets[i] - b.size);
    if (b.fixed || result.back() % b.alignment != 0) return std::nullopt;
  }
  return result;
}

std::vector<Bytes> moved(const PlanProblem& problem, std::vector<Bytes> offsets, Bytes limit,
                         std::size_t moves, Rng& rng) {
  if (problem.size() == 0) return offsets;
  Rooms rooms(problem);
  const std::vector<bool> all(problem.size(), true);
  for (; moves > 0; --moves) {
    const auto i = static_cast<std::uint32_t>(rng.below(problem.size()));
    const PlanBuffer& b = problem.buffers[i];
    const auto found = rooms.find(i, offsets, all, limit);
    if (!b.fixed && !found.empty())
      offsets[i] = random_place(found[rng.below(found.size())], b.alignment, rng);
  }
  return offsets;
}

std::vector<Bytes> reordered(const PlanProblem& problem, std::span<const Bytes> offsets,
                             std::size_t swaps, Rng& rng) {
  std::vector<std::uint32_t> order = by_offset(offsets);
  for (; swaps > 0 && !order.empty(); --swaps)
    std::swap(order[rng.below(order.size())], order[rng.below(order.size())]);
  return place_in_order(problem, order, Fit::lowest);
}

std::vector<Bytes> realigned(const PlanProblem& problem, std::span<const Bytes> offsets,
                             Bytes alignment) {
  PlanProblem coarse = problem;
  for (PlanBuffer& b : coarse.buffers)
    if (!b.fixed) b.alignment = std::lcm(b.alignment, alignment);
  return place_in_order(coarse, by_offset(offsets), Fit::lowest);
}

std::vector<Bytes> most_recent(const PlanProblem& problem, Bytes limit) {
  std::vector<Bytes> offsets(problem.size(), 0);
  std::vector<bool> placed(problem.size(), false);
  std::vector<std::uint32_t> before;  // placed, in this order
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (const auto fixed = problem.buffers[i].fixed) {
      offsets[i] = *fixed;
      placed[i] = true;
    }
  Rooms rooms(problem);
  for (const std::uint32_t i : problem.sequence()) {
    if (!placed[i]) {
      const auto fits = [&](const Room& r, Bytes at) { return r.first <= at && at <= r.last; };
      const auto found = rooms.find(i, offsets, placed, limit);
      const auto over = std::find_if(before.rbegin(), before.rend(), [&](std::uint32_t j) {
        return offsets[j] % problem.buffers[i].alignment == 0 &&
               std::ranges::any_of(found, [&](const Room& r) { return fits(r, offsets[j]); });
      });
      if (over != before.rend())
        offsets[i] = offsets[*over];
      else
        offsets[i] =
            rooms.find(i, offsets, placed, std::numeric_limits<Bytes>::max() / 2).front().first;
      placed[i] = true;
    }
    before.push_back(i);
  }
  return offsets;
}

}  // namespace unna
