#include "memmgr/exact/search_memory.h"

namespace unna {

SearchMemory::SearchMemory(const PackingInstance& instance, unsigned states_log2)
    : failed_(std::size_t{1} << states_log2), blame_(instance.members.size(), 1) {}

bool SearchMemory::has_failed(Key state) const {
  const Key& slot = failed_[state.low & (failed_.size() - 1)];
  return slot.low == state.low && slot.high == state.high;
}

void SearchMemory::add_failed(Key state) {
  failed_[state.low & (failed_.size() - 1)] = state;
}

}  // namespace unna
