#pragma once

// The contents of a core's buffers and registers.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/error.h"
#include "configs/machine.h"
#include "isa/instruction.h"
#include "numbers/quantised.h"
#include "sim/poisoned_memory.h"

namespace unna {

/// int8: what numbers stand for in the operands of compute instructions (opcode `quant`).
struct ScaleRegisters {
  Quantisation in, in2, mid, out;
};

/// Results that were below and above what the number type holds.
struct Saturated {
  std::int64_t low = 0, high = 0;

  std::int64_t all() const { return low + high; }
};

class CoreMemory {
 public:
  explicit CoreMemory(const CoreConfig& core)
      : memories_{PoisonedMemory(core.nbin_bytes), PoisonedMemory(core.sb_bytes),
                  PoisonedMemory(core.nbout_bytes)} {}

  /// Throws InternalError where the range is not within its memory.
  std::span<std::byte> at(LocalAddress address, Bytes size) {
    const std::span<std::byte> memory = memories_[static_cast<std::size_t>(address.memory)].bytes();
    invariant(address.offset >= 0 && size >= 0 &&
                  address.offset + size <= static_cast<Bytes>(memory.size()),
              "an instruction touches bytes [{}, {}) of {}", address.offset, address.offset + size,
              kMemoryNames[static_cast<std::size_t>(address.memory)]);
    return memory.subspan(static_cast<std::size_t>(address.offset), static_cast<std::size_t>(size));
  }

  ScaleRegisters scales;

 private:
  std::array<PoisonedMemory, 3> memories_;
};

/// Copies as the descriptor says; `from` and `to` are where it begins.
inline void copy_strided(const Strided& s, const std::byte* from, std::byte* to) {
  for (std::int64_t k = 0; k < s.n[2]; ++k)
    for (std::int64_t j = 0; j < s.n[1]; ++j) {
      const std::byte* source = from + k * s.source[2] + j * s.source[1];
      std::byte* target = to + k * s.destination[2] + j * s.destination[1];
      for (std::int64_t i = 0; i < s.n[0]; ++i)
        std::memcpy(target + i * s.destination[0], source + i * s.source[0],
                    static_cast<std::size_t>(s.run));
    }
}

}  // namespace unna
