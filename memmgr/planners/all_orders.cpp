#include "memmgr/planners/all_orders.h"

#include <algorithm>

#include "base/error.h"
#include "memmgr/placement/placement.h"

namespace unna {
namespace {

/// Depth first, without orders that rise to the best peak known.
class AllOrders {
 public:
  AllOrders(const PlanProblem& problem, Bytes below)
      : problem_(problem), below_(below), offsets_(problem.size(), 0), placed_(problem.size(), 0) {}

  std::optional<std::vector<Bytes>> run() {
    Bytes peak = 0;
    for (std::uint32_t i = 0; i < problem_.size(); ++i) {
      if (!problem_.buffers[i].fixed) continue;
      put(i, *problem_.buffers[i].fixed);
      peak = std::max(peak, offsets_[i] + problem_.buffers[i].size);
    }
    if (peak < below_) search(peak);
    return best_;
  }

 private:
  void put(std::uint32_t i, Bytes at) {
    offsets_[i] = at;
    placed_[i] = 1;
  }

  Bytes lowest(std::uint32_t i) {
    std::vector<Taken> taken;
    for (const ByteRange& r : problem_.reserved) taken.push_back({r.begin, r.end});
    for (const std::uint32_t j : problem_.neighbours(i, scratch_))
      if (placed_[j] != 0)
        problem_.for_each_forbidden(i, j, offsets_[j], [&](Bytes lo, Bytes hi) {
          taken.push_back({lo + problem_.buffers[i].size, hi});
        });
    return find_place(taken, problem_.buffers[i].size, problem_.buffers[i].alignment, Fit::lowest);
  }

  void search(Bytes peak) {
    if (std::ranges::find(placed_, 0) == placed_.end()) {
      best_ = offsets_;
      below_ = peak;
      return;
    }
    for (std::uint32_t i = 0; i < problem_.size(); ++i) {
      if (placed_[i] != 0) continue;
      const Bytes at = lowest(i);
      const Bytes higher = std::max(peak, at + problem_.buffers[i].size);
      if (higher >= below_) continue;
      put(i, at);
      search(higher);
      placed_[i] = 0;
    }
  }

  const PlanProblem& problem_;
  Bytes below_;
  std::vector<Bytes> offsets_;
  std::vector<char> placed_;
  std::optional<std::vector<Bytes>> best_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace

std::optional<std::vector<Bytes>> best_of_all_orders(const PlanProblem& problem, Bytes below) {
  invariant(problem.size() <= kAllOrders, "all orders of {} buffers", problem.size());
  return AllOrders(problem, below).run();
}

}  // namespace unna
