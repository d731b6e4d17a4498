#include "memmgr/exact/descent.h"

#include <algorithm>
#include <numeric>

#include "memmgr/placement/placement.h"

namespace unna {
namespace {

/// Ends of buffers that rest on one another are multiples of what divides all sizes, alignments,
/// fixed offsets and reserved ranges.
Bytes common_unit(const PlanProblem& problem) {
  Bytes unit = 0;
  for (const PlanBuffer& b : problem.buffers) {
    unit = std::gcd(unit, b.size);
    if (b.alignment != 1) unit = std::gcd(unit, b.alignment);
    if (b.fixed) unit = std::gcd(unit, *b.fixed);
  }
  for (const ByteRange& r : problem.reserved) unit = std::gcd(unit, r.end);
  return std::max<Bytes>(unit, 1);
}

/// Shares of the work, in looks. The first one, at the bound, is what nearly all packings that have
/// a plan there need, which grows with the square of the buffers; later ones are short at first.
constexpr std::uint64_t kFirstWork = 60'000'000;
constexpr std::uint64_t kFirstWorkOfPair = 75;
constexpr std::uint64_t kLaterWork = 20'000'000;
/// One turn of so many goes to the bound, more where the search for perfect packings helps there.
constexpr std::uint64_t kTurns = 8;
constexpr std::uint64_t kTurnsOfPerfect = 2;

}  // namespace

Descent::Descent(const PlanProblem& problem, std::vector<Bytes> offsets, std::uint64_t seed)
    : problem_(problem),
      seed_(seed),
      offsets_(std::move(offsets)),
      peak_(peak_of(problem, offsets_)),
      bound_(problem.lower_bound),
      unit_(common_unit(problem)) {
  bound_ = std::min(peak_, round_up(bound_, unit_));
}

void Descent::offer(const std::vector<Bytes>& offsets) {
  const Bytes peak = peak_of(problem_, offsets);
  if (peak >= peak_) return;
  peak_ = peak;
  offsets_ = offsets;
}

void Descent::go_on_with(std::unique_ptr<CapacitySearch> at_bound) {
  at_bound_ = std::move(at_bound);
  turn_ = 1;
}

void Descent::raise_bound(Bytes impossible) {
  bound_ = std::max(bound_, std::min(peak_, round_up(impossible + 1, unit_)));
}

Bytes Descent::next_capacity() const {
  const Bytes low = std::max(bound_, goal_);
  const Bytes step = std::max(unit_, round_up((peak_ - low) >> caution_, unit_));
  return std::max(low, peak_ - step);
}

void Descent::step(std::uint64_t work, Budget& budget) {
  const Bytes low = std::max(bound_, goal_);
  const bool perfect = at_bound_ && at_bound_->capacity() == low && at_bound_->is_perfect();
  const bool first = turn_++ % (perfect ? kTurnsOfPerfect : kTurns) == 0;
  const Bytes capacity = first ? low : next_capacity();
  Budget share{std::min(work, budget.work), budget.deadline, budget.threads};
  const std::uint64_t given = share.work;
  std::unique_ptr<CapacitySearch> other;
  if (capacity == low && (!at_bound_ || at_bound_->capacity() != low))
    at_bound_ = std::make_unique<CapacitySearch>(problem_, low, seed_);
  if (capacity != low) other = std::make_unique<CapacitySearch>(problem_, capacity, seed_ + turn_);
  CapacitySearch& search = other ? *other : *at_bound_;
  const SearchEnd end = search.go_on(share);
  budget.work -= given - share.work;
  if (end == SearchEnd::found) {
    offer(search.offsets());
    if (!first) caution_ = std::max(1, caution_ - 1);
  }
  if (end == SearchEnd::impossible) raise_bound(capacity);
  if (end == SearchEnd::limit && !first) ++caution_;
}

void Descent::run(Budget& budget) {
  std::uint64_t spent = 0;
  while (!closed() && budget.work > 0 && !budget.out_of_time()) {
    const std::uint64_t before = budget.work;
    const std::uint64_t n = problem_.size();
    const std::uint64_t share = turn_ == 0 ? std::max(kFirstWork, kFirstWorkOfPair * n * n)
                                           : std::max(kLaterWork, spent / 16);
    step(share, budget);
    spent += before - budget.work;
    // Making a search costs, too, whatever comes of it.
    budget.work -= std::min<std::uint64_t>(budget.work, 20 * problem_.size());
    if ((peak_ - std::max(bound_, goal_)) >> caution_ == 0) caution_ = 1;
  }
}

}  // namespace unna
