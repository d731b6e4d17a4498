#include "memmgr/planners/placement.h"

#include <algorithm>
#include <numeric>

namespace unna {

Bytes find_place(std::vector<Taken>& taken, Bytes size, Bytes alignment, Fit fit) {
  std::ranges::sort(taken, {}, &Taken::begin);
  Bytes floor = 0;  // everything below is taken, or a gap that was looked at
  std::optional<Bytes> place;
  Bytes smallest = 0;
  for (const Taken& t : taken) {
    const Bytes at = round_up(floor, alignment);
    const Bytes gap = t.begin - floor;
    if (at + size <= t.begin && (!place || gap < smallest)) {
      if (fit == Fit::lowest) return at;
      place = at;
      smallest = gap;
    }
    floor = std::max(floor, t.end);
  }
  return place.value_or(round_up(floor, alignment));
}

std::vector<Bytes> place_in_order(const PlanProblem& problem, std::span<const std::uint32_t> order,
                                  Fit fit) {
  std::vector<Bytes> offsets(problem.size(), 0);
  std::vector<char> placed(problem.size(), 0);
  for (std::size_t i = 0; i < problem.size(); ++i) {
    if (!problem.buffers[i].fixed) continue;
    offsets[i] = *problem.buffers[i].fixed;
    placed[i] = 1;
  }
  std::vector<Taken> taken;
  std::vector<std::uint32_t> scratch;
  for (const std::uint32_t i : order) {
    if (placed[i] != 0) continue;
    taken.clear();
    for (const std::uint32_t j : problem.neighbours(i, scratch))
      if (placed[j] != 0) taken.push_back({offsets[j], offsets[j] + problem.buffers[j].size});
    offsets[i] = find_place(taken, problem.buffers[i].size, problem.buffers[i].alignment, fit);
    placed[i] = 1;
  }
  return offsets;
}

Bytes peak_of(const PlanProblem& problem, std::span<const Bytes> offsets) {
  Bytes peak = 0;
  for (std::size_t i = 0; i < offsets.size(); ++i)
    peak = std::max(peak, offsets[i] + problem.buffers[i].size);
  return peak;
}

std::vector<std::uint32_t> by_size(const PlanProblem& problem) {
  std::vector<std::uint32_t> order(problem.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::uint32_t i) { return problem.buffers[i].size; });
  return order;
}

}  // namespace unna
