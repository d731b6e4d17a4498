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
