#include "memmgr/planners/sequence_axis.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "memmgr/placement/placement.h"

namespace unna {

std::vector<Interval> safe_intervals(const PlanProblem& problem) {
  if (problem.lifetimes.intervals) return *problem.lifetimes.intervals;
  std::vector<Interval> result;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const auto from = static_cast<std::int64_t>(problem.index.position(i));
    const auto last = static_cast<std::int64_t>(problem.index.last_overlap(i));
    result.push_back({from, problem.index.unused(i) ? from : last + 1});
  }
  return result;
}

namespace {

/// By place, what is in use there.
std::vector<Bytes> breadths(const PlanProblem& p) {
  std::vector<Bytes> breadth(p.size() + 1, 0);
  for (std::uint32_t i = 0; i < p.size(); ++i) {
    breadth[p.index.position(i)] += p.buffers[i].size;
    breadth[p.index.last_overlap(i) + 1] -= p.buffers[i].size;
  }
  std::partial_sum(breadth.begin(), breadth.end(), breadth.begin());
  breadth.pop_back();
  return breadth;
}

/// By buffer, the least of `values` over the places at which it is in use.
std::vector<std::uint32_t> least_in_use(const PlanProblem& p, std::vector<std::uint32_t> values) {
  // least[k][x]: of 2^k places from x on.
  std::vector<std::vector<std::uint32_t>> least{std::move(values)};
  for (std::size_t width = 2; width <= p.size(); width *= 2) {
    const auto& half = least.back();
    std::vector<std::uint32_t> whole(p.size() - width + 1);
    for (std::size_t x = 0; x < whole.size(); ++x)
      whole[x] = std::min(half[x], half[x + width / 2]);
    least.push_back(std::move(whole));
  }
  std::vector<std::uint32_t> result;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const std::size_t from = p.index.position(i);
    const std::size_t until = p.index.last_overlap(i) + 1;
    const auto k = static_cast<std::size_t>(std::bit_width(until - from)) - 1;
    result.push_back(std::min(least[k][from], least[k][until - (std::size_t{1} << k)]));
  }
  return result;
}

}  // namespace

std::vector<std::uint32_t> by_breadth(const PlanProblem& problem) {
  const std::vector<Bytes> breadth = breadths(problem);
  std::vector<std::uint32_t> places(problem.size());
  std::iota(places.begin(), places.end(), 0U);
  std::ranges::stable_sort(places, std::ranges::greater{},
                           [&](std::uint32_t place) { return breadth[place]; });
  std::vector<std::uint32_t> rank(problem.size());
  for (std::uint32_t k = 0; k < rank.size(); ++k) rank[places[k]] = k;
  rank = least_in_use(problem, std::move(rank));
  std::vector<std::uint32_t> order = by_size(problem);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return rank[i]; });
  return order;
}

}  // namespace unna
