// What a state of the search rests on, and which decisions a failure is due to.

#include <algorithm>

#include "memmgr/exact/reason.h"
#include "memmgr/exact/search.h"

namespace unna {

void PackingSearch::add_level(Reason reason, std::uint32_t level) const {
  const std::size_t bit = std::min<std::size_t>(level, 64 * words_ - 1);
  reason[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

bool PackingSearch::rests_on(std::uint32_t level) const {
  if (level >= 64 * words_ - 1) return true;
  return (conflict_[level / 64] >> (level % 64) & 1U) != 0;
}

/// That a buffer was passed over, and what is below it.
void PackingSearch::add_rest(Reason reason, std::uint32_t k) {
  add_level(reason, passed_at_[k]);
  add(reason, row(why_floor_, k));
  for (const std::uint32_t j : in_.neighbours[k])
    if (placed_[j] != 0) add(reason, row(why_placed_, j));
}

void PackingSearch::explain_lift(Reason reason, std::uint32_t k, Bytes low) {
  add_rest(reason, k);
  for (const std::uint32_t j : in_.neighbours[k])
    if (placed_[j] == 0 && in_.size[j] < low) add(reason, row(why_low_, j));
  meter_.count_work(in_.neighbours[k].size() * words_ / 4);
}

/// The conflict is that the buffers of a section which start at `from` or above are too many.
void PackingSearch::blame_section(std::uint32_t section, Bytes from) {
  memory_.blame(section);
  std::ranges::fill(conflict_, 0);
  for (const std::uint32_t j : in_.members[section])
    if (placed_[j] == 0 && low_[j] >= from) add(conflict_, row(why_low_, j));
}

/// The conflict is all that makes the state.
void PackingSearch::blame_state(const Part& part) {
  std::ranges::fill(conflict_, 0);
  for (const std::uint32_t k : part) {
    add(conflict_, row(why_floor_, k));
    add(conflict_, row(why_low_, k));
    if (passed_[k] != 0) add_rest(conflict_, k);
  }
}

}  // namespace unna
