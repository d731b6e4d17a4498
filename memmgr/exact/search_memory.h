#pragma once

#include <cstdint>
#include <vector>

#include "memmgr/exact/instance.h"

namespace unna {

/// What searches of one instance at one capacity learn and leave to the next.
class SearchMemory {
 public:
  /// A state: buffers not placed yet with what they rest on. 128 bits of hash: that two states of a
  /// search of 2^40 nodes share one has a probability below 2^-48.
  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  /// Remembers up to 2^states_log2 states.
  explicit SearchMemory(const PackingInstance& instance, unsigned states_log2 = 16);

  bool has_failed(Key state) const;
  void add_failed(Key state);
  void blame(std::uint32_t section) { ++blame_[section]; }
  std::uint64_t blame_of(std::uint32_t section) const { return blame_[section]; }

 private:
  std::vector<Key> failed_;  ///< a hash table in which the later entry wins
  std::vector<std::uint64_t> blame_;
};

}  // namespace unna
