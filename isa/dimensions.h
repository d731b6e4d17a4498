#pragma once

// Arithmetic on an instruction's operands that can't overflow.

#include <cstdint>
#include <initializer_list>
#include <limits>

#include "base/error.h"
#include "isa/instruction.h"

namespace unna {

/// Product of counts. They can be anything that fits the encoding: throws InputError where they
/// multiply to more than 2^61, which is no tile.
inline std::int64_t product(std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result) ||
        result > std::numeric_limits<std::int64_t>::max() / 4)
      throw InputError("an instruction's dimensions multiply to more than 2^61, expected a tile");
  }
  return result;
}

inline std::int64_t product(const Instruction& i, std::initializer_list<Operand> operands) {
  std::int64_t result = 1;
  for (const Operand o : operands) result = product({result, i.count(o)});
  return result;
}

inline bool has_flag(const Instruction& i, AccumulateFlags flag) {
  return (i.get(Operand::acc) & flag) != 0;
}

}  // namespace unna
