#include "flow/fit_rounds.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace unna {
namespace {

/// Footprints are compared by ratio.
double height(Bytes footprint) {
  return std::log(static_cast<double>(std::max<Bytes>(1, footprint)));
}

}  // namespace

std::vector<std::size_t> evenly(std::span<const Bytes> footprints, std::size_t count) {
  std::vector<std::size_t> chosen;
  if (footprints.empty()) return chosen;
  const double most = height(footprints.front());
  const double least = height(footprints.back());
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double wanted =
        most + (least - most) * static_cast<double>(i) / static_cast<double>(count - 1);
    while (at + 1 < footprints.size() && height(footprints[at]) > wanted + 1e-9) ++at;
    if (chosen.empty() || chosen.back() != at) chosen.push_back(at);
  }
  return chosen;
}

std::vector<std::size_t> in_gaps(std::span<const Bytes> footprints,
                                 std::map<std::size_t, double> costs, double dear,
                                 std::size_t count) {
  std::vector<std::size_t> chosen;
  while (chosen.size() < count) {
    double largest = 0;
    std::size_t best = 0;
    double cost = 0;
    for (auto a = costs.begin(); a != costs.end() && std::next(a) != costs.end(); ++a) {
      const auto b = std::next(a);
      if (b->first - a->first < 2 || std::min(a->second, b->second) > dear) continue;
      const double step = height(footprints[a->first]) - height(footprints[b->first]);
      const double area = step * (0.01 + std::abs(std::log(b->second / a->second)));
      if (area <= largest) continue;
      const double middle = height(footprints[b->first]) + step / 2;
      std::size_t at = a->first + 1;
      while (at + 1 < b->first && height(footprints[at]) > middle) ++at;
      largest = area;
      best = at;
      cost = std::sqrt(a->second * b->second);
    }
    if (largest == 0) break;
    costs[best] = cost;
    chosen.push_back(best);
  }
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace unna
