#pragma once

// How the weights of a program stand in memory, for another program that is to find them there.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/parameters.h"
#include "compiler/tile.h"

namespace unna {

class SynapseTable;

/// The synapses of a kernel.
struct PackedWeight {
  SynapsePacking packing;
  std::int64_t channels = 1;         ///< parts that the kernel's channels are cut into
  std::vector<SynapseBlock> blocks;  ///< in the order in which they stand
  std::shared_ptr<const SynapseTable> table = nullptr;  ///< where they are not dense
};
using PackedWeights = std::map<std::string, PackedWeight, std::less<>>;  ///< by weight

}  // namespace unna
