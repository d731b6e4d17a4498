#include "memmgr/planners/order_climb.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "memmgr/placement/placement.h"

namespace unna {

bool OrderClimb::try_order(std::vector<std::uint32_t> order, Budget& budget) {
  const auto moved = std::ranges::mismatch(order, order_).in1;
  const auto same = static_cast<std::size_t>(moved - order.begin());
  auto [offsets, work] =
      attempt_in_order(problem_, order, Fit::lowest, budget.deadline, peak_ + 1, {same, offsets_});
  // To make the order, and to put down what stays, takes some looks a buffer.
  budget.work -= std::min(budget.work, work + 8 * problem_.size());
  if (offsets.size() != problem_.size()) return false;
  peak_ = peak_of(problem_, offsets);
  offsets_ = std::move(offsets);
  order_ = std::move(order);
  return true;
}

/// In the order of its offsets every buffer comes to lie as low, or lower.
void OrderClimb::offer(const std::vector<Bytes>& offsets) {
  const Bytes peak = peak_of(problem_, offsets);
  if (!offsets_.empty() && peak >= peak_) return;
  order_.resize(offsets.size());
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  std::ranges::stable_sort(order_, {}, [&](std::uint32_t i) { return offsets[i]; });
  offsets_ = place_in_order(problem_, order_, Fit::lowest);
  if (peak_of(problem_, offsets_) > peak) offsets_ = offsets;  // in place or with gaps it may be
  peak_ = peak_of(problem_, offsets_);
}

std::vector<std::uint32_t> OrderClimb::with_peak_earlier() {
  constexpr double kUnit = 1.0 / static_cast<double>(1U << 20U);
  constexpr std::uint64_t kScales = 6;
  const auto chance = [&] { return static_cast<double>(rng_.below(1U << 20U)) * kUnit; };
  const double reach = static_cast<double>(order_.size() >> rng_.below(kScales));
  std::vector<std::pair<double, std::uint32_t>> places;
  places.reserve(order_.size());
  for (const std::uint32_t i : order_) {
    double place = static_cast<double>(places.size());
    if (offsets_[i] + problem_.buffers[i].size >= peak_) place -= chance() * chance() * reach;
    places.emplace_back(place, i);
  }
  std::ranges::stable_sort(places, {}, &std::pair<double, std::uint32_t>::first);
  std::vector<std::uint32_t> order;
  order.reserve(places.size());
  for (const auto& [place, i] : places) order.push_back(i);
  return order;
}

void OrderClimb::run(Bytes goal, Budget& budget) {
  while (peak_ > goal && budget.work > 0 && !budget.out_of_time())
    try_order(with_peak_earlier(), budget);
}

}  // namespace unna
