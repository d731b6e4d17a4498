#include "memmgr/planners/constructive.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "memmgr/placement/placement.h"

namespace unna {
namespace {

/// For each buffer the greatest load at a place of the sequence between its own and the last that
/// it overlaps.
std::vector<Bytes> greatest_loads(const PlanProblem& p) {
  const std::size_t n = p.size();
  std::vector<Bytes> load(n + 1, 0);
  for (std::uint32_t i = 0; i < n; ++i) {
    load[p.index.position(i)] += p.buffers[i].size;
    load[p.index.last_overlap(i) + 1] -= p.buffers[i].size;
  }
  std::partial_sum(load.begin(), load.end(), load.begin());
  // greatest[k][x]: of 2^k places from x on.
  std::vector<std::vector<Bytes>> greatest{load};
  for (std::size_t width = 2; width <= n; width *= 2) {
    const auto& half = greatest.back();
    std::vector<Bytes> whole(n - width + 1);
    for (std::size_t x = 0; x < whole.size(); ++x)
      whole[x] = std::max(half[x], half[x + width / 2]);
    greatest.push_back(std::move(whole));
  }
  std::vector<Bytes> result(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::size_t from = p.index.position(i);
    const std::size_t until = p.index.last_overlap(i) + 1;
    const auto k = static_cast<std::size_t>(std::bit_width(until - from)) - 1;
    result[i] = std::max(greatest[k][from], greatest[k][until - (std::size_t{1} << k)]);
  }
  return result;
}

std::vector<double> lifetimes_of(const PlanProblem& p) {
  std::vector<double> result(p.size());
  for (std::uint32_t i = 0; i < p.size(); ++i)
    result[i] = p.lifetimes.intervals
                    ? static_cast<double>((*p.lifetimes.intervals)[i].upper -
                                          (*p.lifetimes.intervals)[i].lower)
                    : static_cast<double>(p.index.last_overlap(i) - p.index.position(i) + 1);
  return result;
}

/// By a key, descending, those of equal keys as they stand in `order`.
template <class Key>
std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> order, Key&& key) {
  std::ranges::stable_sort(order, std::ranges::greater{}, key);
  return order;
}

}  // namespace

namespace {

/// First and last step of use, half-open: ranks of the intervals' ends, or places of the sequence.
std::vector<Interval> steps_of(const PlanProblem& p) {
  std::vector<Interval> steps(p.size());
  if (!p.lifetimes.intervals) {
    for (std::uint32_t i = 0; i < p.size(); ++i)
      steps[i] = {p.index.position(i), std::int64_t{p.index.last_overlap(i)} + 1};
    return steps;
  }
  std::vector<std::int64_t> times;
  for (const Interval& life : *p.lifetimes.intervals) {
    times.push_back(life.lower);
    times.push_back(life.upper);
  }
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  const auto rank = [&](std::int64_t t) {
    return std::ranges::lower_bound(times, t) - times.begin();
  };
  for (std::uint32_t i = 0; i < p.size(); ++i)
    steps[i] = {rank((*p.lifetimes.intervals)[i].lower), rank((*p.lifetimes.intervals)[i].upper)};
  return steps;
}

}  // namespace

std::vector<ConstructiveOrder> peak_orders(const PlanProblem& problem) {
  const std::vector<std::uint32_t> sizes = by_size(problem);
  const std::vector<Interval> steps = steps_of(problem);
  std::vector<char> at_peak(problem.size(), 0);
  std::int64_t peak = 0;
  for (const std::uint32_t i : problem.antichain) {
    at_peak[i] = 1;
    peak = std::max(peak, steps[i].lower);
  }
  const auto away = [&](std::uint32_t i) {
    return std::max({steps[i].lower - peak, peak - steps[i].upper, std::int64_t{0}});
  };
  const auto lasts = [&](std::uint32_t i) { return steps[i].upper - steps[i].lower; };
  const auto comes_first = [&](std::uint32_t i) { return -steps[i].lower; };
  const auto near_first = [&](std::uint32_t i) { return -away(i); };
  std::vector<ConstructiveOrder> orders;
  const auto add = [&](std::string_view name, const std::vector<std::uint32_t>& peak_set,
                       const std::vector<std::uint32_t>& rest) {
    std::vector<std::uint32_t> order;
    for (const std::uint32_t i : peak_set)
      if (at_peak[i] != 0) order.push_back(i);
    for (const std::uint32_t i : rest)
      if (at_peak[i] == 0) order.push_back(i);
    orders.push_back({name, std::move(order)});
  };
  const std::vector<std::uint32_t> by_steps = sorted(sizes, lasts);
  const std::vector<std::uint32_t> by_start = sorted(sizes, comes_first);
  const std::vector<std::uint32_t> by_distance = sorted(sizes, near_first);
  add("peak by steps, rest by size", by_steps, sizes);
  add("peak by size, rest by distance", sizes, by_distance);
  add("peak by start, rest by size", by_start, sizes);
  add("peak by steps, rest by distance", by_steps, by_distance);
  add("peak by start, rest by distance", by_start, by_distance);
  add("peak by size, rest by start", sizes, by_start);
  return orders;
}

ConstructiveOrder chain_order(const PlanProblem& problem) {
  std::vector<std::uint32_t> chained;
  for (std::size_t k = 0; k < problem.index.chains(); ++k)
    chained.insert(chained.end(), problem.index.chain(k).begin(), problem.index.chain(k).end());
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (problem.index.unused(i)) chained.push_back(i);
  return {"chain by chain", std::move(chained)};
}

std::vector<ConstructiveOrder> constructive_orders(const PlanProblem& problem) {
  const std::vector<std::uint32_t> sizes = by_size(problem);
  const std::vector<double> lifetime = lifetimes_of(problem);
  const std::vector<Bytes> load = greatest_loads(problem);
  std::vector<char> at_bound(problem.size(), 0);
  for (const std::uint32_t i : problem.antichain) at_bound[i] = 1;

  std::vector<ConstructiveOrder> orders;
  // What lives on beyond the peak lies below what ends with it: the rest can be stacked on both.
  const auto last = [&](std::uint32_t i) { return problem.index.last_overlap(i); };
  const auto by_load = [&](std::uint32_t i) { return load[i]; };
  const auto bound_first = [&](std::uint32_t i) { return at_bound[i]; };
  orders.push_back({"bound first", sorted(sizes, bound_first)});
  orders.push_back({"load", sorted(sizes, by_load)});
  orders.push_back({"bound first, then load and end",
                    sorted(sorted(sorted(sizes, last), by_load), bound_first)});
  orders.push_back({"size", sizes});
  orders.push_back({"area", sorted(sizes, [&](std::uint32_t i) {
                      return lifetime[i] * static_cast<double>(problem.buffers[i].size);
                    })});
  orders.push_back({"lifetime", sorted(sizes, [&](std::uint32_t i) { return lifetime[i]; })});
  std::vector<std::uint32_t> arrival(problem.sequence().begin(), problem.sequence().end());
  orders.push_back({"arrival", arrival});
  std::ranges::reverse(arrival);
  orders.push_back({"departure", arrival});
  return orders;
}

}  // namespace unna
