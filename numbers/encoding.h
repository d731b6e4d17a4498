#pragma once

// Real numbers to the bytes that stand in memory, and back.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "configs/machine.h"
#include "numbers/fixed.h"

namespace unna {

/// Rounded to single precision, as an instruction's operand is. Not inline: where it is written
/// out, g++ 12 leaves both conversions of two neighbouring values away when it vectorises them.
double to_single(double value);

/// Neurons and synapses have `fraction` bits behind the point where they are fixed point; sums of
/// products, and so biases, have twice as many. In int8 there are none: values are in units of
/// their tensor's scale.
struct Encoding {
  DataType type = DataType::int16;
  FixedFormat fixed;
  Bytes accumulator_bytes = 4;

  static Encoding of(const MachineConfig& machine);

  bool is_fixed() const { return type == DataType::int8 || type == DataType::int16; }
  /// Rounds to nearest and saturates; `bytes` has room for as many elements.
  void put_elements(std::span<const double> values, std::span<std::byte> bytes) const;
  void put_accumulators(std::span<const double> values, std::span<std::byte> bytes) const;
  /// The element that begins at byte `offset`: its value, exactly.
  double element(std::span<const std::byte> bytes, std::size_t offset) const;
};

}  // namespace unna
