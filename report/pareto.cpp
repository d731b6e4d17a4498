#include "report/pareto.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace unna {

bool dominates(const Scores& a, const Scores& b) {
  invariant(a.size() == b.size(), "a point of {} figures, another of {}", a.size(), b.size());
  return a != b && std::ranges::equal(a, b, std::ranges::less_equal{});
}

std::vector<std::size_t> pareto_front(std::span<const Scores> points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return points[i]; });
  // What dominates a point, or is equal and comes first, has come before it in this order.
  std::vector<std::size_t> front;
  for (const std::size_t i : order)
    if (std::ranges::none_of(front, [&](std::size_t f) {
          return points[f] == points[i] || dominates(points[f], points[i]);
        }))
      front.push_back(i);
  std::ranges::sort(front);
  return front;
}

std::size_t lexicographic_choice(std::span<const Scores> points, double slack) {
  invariant(!points.empty(), "a choice of nothing");
  std::vector<std::size_t> left(points.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t f = 0; f + 1 < points[0].size(); ++f) {
    const auto figure = [&](std::size_t i) { return points[i][f]; };
    const double best = figure(*std::ranges::min_element(left, {}, figure));
    const double most = best + slack * std::abs(best);
    std::erase_if(left, [&](std::size_t i) { return figure(i) > most; });
  }
  // From here on nothing is equal any more: the last figure, then all of them.
  return *std::ranges::min_element(left, [&](std::size_t a, std::size_t b) {
    const double last_a = points[a].back(), last_b = points[b].back();
    return last_a != last_b ? last_a < last_b : points[a] < points[b];
  });
}

}  // namespace unna
