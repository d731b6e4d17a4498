#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/id.h"
#include "base/units.h"
#include "isa/opcode.h"

namespace unna {

/// A set of engines, bit i for Engine i.
using EngineMask = std::uint8_t;
constexpr EngineMask engine_bit(Engine e) {
  return static_cast<EngineMask>(1U << static_cast<unsigned>(e));
}

/// On-chip memories of a core.
enum class Memory : std::uint8_t { nbin, sb, nbout };
inline constexpr std::array<std::string_view, 3> kMemoryNames = {"nbin", "sb", "nbout"};

/// An on-chip byte address as an operand word: memory in bits 30..31, byte offset below.
struct LocalAddress {
  Memory memory = Memory::nbin;
  Bytes offset = 0;

  static constexpr LocalAddress from_word(std::uint32_t word) {
    return {static_cast<Memory>(word >> 30U), static_cast<Bytes>(word & 0x3fffffffU)};
  }
  constexpr std::uint32_t word() const {
    return (static_cast<std::uint32_t>(memory) << 30U) | static_cast<std::uint32_t>(offset);
  }
  friend constexpr bool operator==(LocalAddress, LocalAddress) = default;
};

/// One instruction. Operands are 32-bit words in the order of the opcode's row in kOpcodes.
///
/// Tokens: for every ordered pair of engines of a core there is a counter. An instruction starts
/// when it has taken one token from each engine of `wait` (counter wait-engine -> own engine), and
/// when it has completed it adds one token towards each engine of `signal`. Both sides are
/// in-order, so the n-th token given is the n-th taken. Control instructions take and give none.
struct Instruction {
  Opcode opcode = Opcode::halt;
  EngineMask wait = 0;
  EngineMask signal = 0;
  OpId op;  ///< the Object's layer that the instruction belongs to, for attribution only
  std::array<std::uint32_t, kMaxOperands> operands{};

  Instruction() = default;
  Instruction(Opcode code, OpId layer) : opcode(code), op(layer) {}

  std::uint32_t get(Operand o) const { return operands[slot(o)]; }
  Instruction& set(Operand o, std::uint32_t value) {
    operands[slot(o)] = value;
    return *this;
  }
  /// For sizes and counts; throws InternalError where the value is not in [0, 2^32).
  Instruction& set_count(Operand o, std::int64_t value) {
    invariant(value >= 0 && value <= 0xffffffffLL, "{} of {} is {}, not a 32-bit count",
              info(o).name, info(opcode).mnemonic, value);
    return set(o, static_cast<std::uint32_t>(value));
  }
  Instruction& set_real(Operand o, float value) {
    return set(o, std::bit_cast<std::uint32_t>(value));
  }
  Instruction& set_local(Operand o, LocalAddress value) { return set(o, value.word()); }
  Instruction& set_fn(Operand o, Function fn) { return set(o, static_cast<std::uint32_t>(fn)); }

  std::int64_t count(Operand o) const { return get(o); }
  float real(Operand o) const { return std::bit_cast<float>(get(o)); }
  LocalAddress local(Operand o) const { return LocalAddress::from_word(get(o)); }
  Function fn(Operand o) const { return static_cast<Function>(get(o)); }
  bool has(Operand o) const {
    return detail::kSlots[static_cast<std::size_t>(opcode)][static_cast<std::size_t>(o)] >= 0;
  }

  friend bool operator==(const Instruction&, const Instruction&) = default;

 private:
  std::size_t slot(Operand o) const {
    const int s = detail::kSlots[static_cast<std::size_t>(opcode)][static_cast<std::size_t>(o)];
    invariant(s >= 0, "{} has no operand {}", info(opcode).mnemonic, info(o).name);
    return static_cast<std::size_t>(s);
  }
};

/// The engine of an instruction; none for control instructions.
constexpr std::optional<Engine> engine_of(Opcode opcode) {
  const Unit unit = info(opcode).unit;
  if (unit == Unit::control) return std::nullopt;
  return static_cast<Engine>(unit);
}

/// Set of cores of a barrier, bit i for core i.
inline std::uint64_t barrier_mask(const Instruction& i) {
  return i.get(Operand::mask_lo) | (static_cast<std::uint64_t>(i.get(Operand::mask_hi)) << 32U);
}

/// A 4-level strided descriptor as `load.n`, `load.s`, `store` and `move` have it: `run` contiguous
/// bytes, repeated n1, n2, n3 times at the given strides (bytes).
/// One side of a copy: runs of contiguous bytes, nested. Levels that repeat once, or that continue
/// the run seamlessly, are not among them.
struct StridedSide {
  Bytes run = 0;  ///< 0: nothing is copied
  std::size_t levels = 0;
  std::array<std::int64_t, 3> n{};  ///< inner to outer
  std::array<Bytes, 3> stride{};
};

struct Strided {
  Bytes run = 0;
  std::array<std::int64_t, 3> n{1, 1, 1};  ///< inner to outer
  std::array<Bytes, 3> source{0, 0, 0};
  std::array<Bytes, 3> destination{0, 0, 0};

  Bytes total() const { return run * n[0] * n[1] * n[2]; }
  Bytes source_extent() const { return extent(source); }
  Bytes destination_extent() const { return extent(destination); }

  StridedSide side(bool destination) const;

  static Strided of(const Instruction& i);
  void put(Instruction& i) const;

 private:
  /// Bytes from the first to past the last byte touched; 0 for an empty copy.
  Bytes extent(const std::array<Bytes, 3>& stride) const {
    if (total() == 0) return 0;
    return run + (n[0] - 1) * stride[0] + (n[1] - 1) * stride[1] + (n[2] - 1) * stride[2];
  }
};

}  // namespace unna
