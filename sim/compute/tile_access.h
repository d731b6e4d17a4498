#pragma once

// What all compute instructions share: the core's buffers as elements of a number type, and the
// arithmetic of that type.

#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/instruction.h"
#include "sim/core_memory.h"
#include "sim/quantised.h"

namespace unna::compute {

inline bool has_flag(const Instruction& i, AccumulateFlags flag) {
  return (i.get(Operand::acc) & flag) != 0;
}

/// Extent of a tile of any strides, in elements.
constexpr std::int64_t hull(std::int64_t n_rows, std::int64_t rs, std::int64_t n_cols,
                            std::int64_t cs) {
  return (n_rows - 1) * rs + (n_cols - 1) * cs + 1;
}

template <class A>
class TileAccess {
 public:
  using Element = typename A::Element;
  using Value = typename A::Value;
  using Sum = typename A::Sum;

  static constexpr bool kQuantised = std::is_same_v<A, QuantisedArithmetic<Sum>>;
  static constexpr Bytes kElement = sizeof(Element);
  static constexpr Bytes kSum = sizeof(Sum);

  explicit TileAccess(const MachineConfig& machine) : arithmetic_(machine) {}

  /// Of the instruction that is executed next.
  void use(CoreMemory& memory) {
    memory_ = &memory;
    if constexpr (kQuantised) arithmetic_.set_scales(memory.scales);
  }
  A& arithmetic() { return arithmetic_; }
  std::span<std::byte> at(LocalAddress address, Bytes bytes) { return memory_->at(address, bytes); }

  /// `count` elements at an operand as what they are computed with: in place where that is
  /// possible, else in `scratch`.
  const Value* values(const Instruction& i, Operand o, std::int64_t count,
                      std::vector<Value>& scratch) {
    const std::span<std::byte> raw = memory_->at(i.local(o), count * kElement);
    if constexpr (std::is_same_v<Value, Element>)
      if (reinterpret_cast<std::uintptr_t>(raw.data()) % alignof(Element) == 0)
        return reinterpret_cast<const Value*>(raw.data());
    scratch.resize(static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < scratch.size(); ++k) {
      Element e;
      std::memcpy(&e, &raw[k * sizeof(Element)], sizeof e);
      scratch[k] = A::load(e);
    }
    if constexpr (kQuantised)
      if (const Value zero = arithmetic_.zero_of(o); zero != 0)
        for (Value& v : scratch) v = static_cast<Value>(v - zero);
    return scratch.data();
  }

  void put(const Instruction& i, Operand o, const std::vector<Element>& tile) {
    std::memcpy(memory_->at(i.local(o), static_cast<Bytes>(tile.size()) * kElement).data(),
                tile.data(), tile.size() * sizeof(Element));
  }

  /// result = `n_rows` x `n_cols` elements of operand `in`, as they are.
  void gather(const Instruction& i, std::int64_t n_rows, std::int64_t n_cols,
              std::vector<Element>& result) {
    const std::int64_t ars = i.count(Operand::a_rs), acs = i.count(Operand::a_cs);
    const auto raw = at(i.local(Operand::in), hull(n_rows, ars, n_cols, acs) * kElement);
    result.resize(static_cast<std::size_t>(n_rows * n_cols));
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c)
        std::memcpy(&result[static_cast<std::size_t>(r * n_cols + c)],
                    &raw[static_cast<std::size_t>((r * ars + c * acs) * kElement)],
                    sizeof(Element));
  }

  /// Nothing is lost where `function` would have clamped it.
  void keep_losses(Function function) {
    const Saturated s = arithmetic_.take_saturated();
    if (function != Function::clip) lost_ += function == Function::relu ? s.high : s.all();
  }
  std::int64_t take_saturated() {
    keep_losses(Function::none);
    return std::exchange(lost_, 0);
  }

 private:
  A arithmetic_;
  CoreMemory* memory_ = nullptr;
  std::int64_t lost_ = 0;  ///< results that saturated
};

}  // namespace unna::compute
