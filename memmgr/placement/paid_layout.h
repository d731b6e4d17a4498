#pragma once

// Placing buffers where pairs that share bytes cost something.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// A layout no higher than a limit, of some of a problem's buffers, and what the pairs to avoid
/// that share bytes in it cost (PlanProblem::avoid).
class PaidLayout {
 public:
  struct Place {
    std::int64_t cost = 0;  ///< what the buffer adds there
    Bytes at = 0;
  };

  PaidLayout(const PlanProblem& problem, Bytes limit);

  std::int64_t cost() const { return cost_; }
  /// Looks (memmgr/exact/capacity_search.h) that cheapest() has taken.
  std::uint64_t work() const { return work_; }
  /// By buffer; of one that is not placed it says nothing.
  const std::vector<Bytes>& offsets() const { return at_; }
  void put(std::uint32_t i, Bytes at);
  /// One that is not placed stays so.
  void take_out(std::uint32_t i);
  /// Of the places where the buffer rests against another or the limit, above or below: the one
  /// that adds least to the cost, the lowest among equals; none where it fits nowhere.
  std::optional<Place> cheapest(std::uint32_t i);

 private:
  struct Partner {
    std::uint32_t buffer = 0;
    std::int64_t weight = 0;
  };

  Bytes size(std::uint32_t i) const { return problem_.buffers[i].size; }
  std::span<const Partner> partners(std::uint32_t i) const {
    return std::span(partners_).subspan(row_[i], row_[i + 1] - row_[i]);
  }
  std::int64_t added(std::uint32_t i, Bytes at) const;
  void collect(std::uint32_t i);
  void merge_ranges();

  const PlanProblem& problem_;
  Bytes limit_;
  std::vector<Bytes> at_;
  std::vector<char> placed_;
  std::int64_t cost_ = 0;
  std::uint64_t work_ = 0;
  std::vector<std::size_t> row_;
  std::vector<Partner> partners_;
  std::vector<ByteRange> ranges_;  ///< open: offsets strictly within are forbidden
  std::vector<Bytes> places_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace unna
