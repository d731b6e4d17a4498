#include "memmgr/planners/order_climb.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "memmgr/placement/placement.h"
#include "memmgr/planners/constructive.h"

namespace unna {

bool OrderClimb::try_order(std::vector<std::uint32_t> order, Budget& budget) {
  const Bytes above = offsets_.empty() ? std::numeric_limits<Bytes>::max() : peak_ + 1;
  std::vector<Bytes> offsets = place_in_order(problem_, order, Fit::lowest, budget.deadline, above);
  budget.work -= std::min(budget.work, placement_work(problem_));
  if (offsets.size() != problem_.size()) return false;
  peak_ = peak_of(problem_, offsets);
  offsets_ = std::move(offsets);
  order_ = std::move(order);
  return true;
}

void OrderClimb::start(Bytes goal, Budget& budget) {
  std::vector<ConstructiveOrder> orders = conflict_orders(problem_);
  for (ConstructiveOrder& order : constructive_orders(problem_)) orders.push_back(std::move(order));
  for (ConstructiveOrder& order : orders) {
    if (!offsets_.empty() && (peak_ <= goal || budget.work == 0 || budget.out_of_time())) return;
    const std::vector<Bytes> before = offsets_;
    const std::vector<std::uint32_t> order_before = order_;
    const Bytes peak_before = peak_;
    if (!try_order(std::move(order.order), budget) || before.empty() || peak_ < peak_before)
      continue;
    offsets_ = before;  // of equals the first
    order_ = order_before;
  }
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
  if (offsets_.empty()) start(goal, budget);
  while (!offsets_.empty() && peak_ > goal && budget.work > 0 && !budget.out_of_time())
    try_order(with_peak_earlier(), budget);
}

}  // namespace unna
