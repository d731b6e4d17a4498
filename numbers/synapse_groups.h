#pragma once

// Synapses in groups: codes of 4 or 8 bits, of which those of a group, along the inputs of one
// output channel, share a scale and, where the model has them, a zero point. So language models
// are published today (Frantar et al., "GPTQ", ICLR 2023; Lin et al., "AWQ", MLSys 2024; ONNX
// Runtime's MatMulNBits). A synapse is scale * (code - zero point), rounded to the machine's number
// type: PEs expand them as they are read from SB.
//
// A tile is its rows, one an output channel, one behind the other. A row, little-endian:
//
//   codes of its positions   `bits` each, two's complement, then zeros up to a whole byte
//   scales of its groups     half precision; single precision where elements have 4 bytes
//   zero points              a byte each, where the format has them
//   zeros up to a whole element

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "numbers/encoding.h"

namespace unna {

struct GroupFormat {
  std::int64_t bits = 4;  ///< 4 or 8
  std::int64_t size = 0;  ///< positions of a group, the last one may have fewer; 0: all of a row
  bool zeros = false;     ///< groups have zero points other than 0

  friend auto operator<=>(const GroupFormat&, const GroupFormat&) = default;
};

inline std::int64_t groups_of(const GroupFormat& format, std::int64_t positions) {
  return format.size == 0 ? 1 : ceil_div(positions, format.size);
}

/// Bytes of a scale, where elements have `element` bytes.
inline Bytes scale_bytes(Bytes element) {
  return element == 4 ? 4 : 2;
}

/// Bytes of a row of that many positions, which begins with a group.
inline Bytes grouped_row_bytes(const GroupFormat& format, std::int64_t positions, Bytes element) {
  const std::int64_t groups = groups_of(format, positions);
  return round_up(ceil_div<Bytes>(positions * format.bits, 8) +
                      groups * (scale_bytes(element) + (format.zeros ? 1 : 0)),
                  element);
}

/// A row: codes by position, scales and zero points (none: 0) by group.
struct GroupedRow {
  std::vector<std::int8_t> codes;
  std::vector<float> scales;
  std::vector<std::int8_t> zeros;
};

/// Appends a row as it stands in memory. Scales are rounded to their bytes.
void append_row(const GroupFormat& format, const GroupedRow& row, Bytes element,
                std::vector<std::byte>& out);

/// What PEs make of a row: values in the machine's number type, exactly as its elements have them.
/// `bytes` are those of one row of `positions`.
void expand_row(const GroupFormat& format, std::span<const std::byte> bytes, std::int64_t positions,
                const Encoding& encoding, std::vector<std::byte>& elements);

/// A scale as a row has it.
float stored_scale(float scale, Bytes element);

}  // namespace unna
