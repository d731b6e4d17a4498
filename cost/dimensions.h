#pragma once

// What an instruction computes, as sizes: the functions that say what it costs all start here.

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "isa/dimensions.h"
#include "isa/instruction.h"

namespace unna {

/// A lane of the NFU is one 16-bit word wide.
inline constexpr Bytes kLaneBytes = 2;

/// The sums that conv, dwconv, matmul and pool compute: for each of `positions` x `channels` one of
/// `taps` x `inputs` elements.
struct Reduction {
  std::int64_t positions = 0;
  std::int64_t channels = 0;
  std::int64_t taps = 0;    ///< kernel positions
  std::int64_t inputs = 0;  ///< elements at each
  bool own_inputs = false;  ///< every channel sums neurons of its own (depthwise, pooling)

  std::int64_t length() const { return taps * inputs; }
};
std::optional<Reduction> reduction(const Instruction& instruction);

/// Multiply-accumulates that an instruction executes (conv, dwconv, matmul; 0 for others), and what
/// they would be with no synapse pruned.
Macs macs(const Instruction& instruction);
Macs dense_macs(const Instruction& instruction);

}  // namespace unna
