#include "sim/compute_unit.h"

#include <fmt/format.h>

#include "base/error.h"
#include "configs/check_machine.h"
#include "sim/arithmetic.h"
#include "sim/compute/elementwise.h"
#include "sim/compute/reductions.h"
#include "sim/compute/result_sums.h"
#include "sim/compute/rows.h"
#include "sim/compute/synapse_products.h"
#include "sim/compute/tile_access.h"
#include "sim/quantised.h"

namespace unna {
namespace {

ScaleRegisters scales_of(const Instruction& i) {
  using enum Operand;
  const auto zero = [&](Operand o) { return static_cast<std::int32_t>(i.get(o)); };
  return {{i.real(s_in), zero(z_in)},
          {i.real(s_in2), zero(z_in2)},
          {i.real(s_mid), zero(z_mid)},
          {i.real(s_out), zero(z_out)}};
}

template <class A>
class TypedUnit final : public ComputeUnit {
 public:
  explicit TypedUnit(const MachineConfig& machine)
      : tiles_(machine),
        sums_(tiles_),
        products_(machine, tiles_, sums_),
        reductions_(tiles_, sums_),
        elementwise_(tiles_),
        rows_(tiles_) {}

  void execute(const Instruction& i, CoreMemory& memory) override {
    tiles_.use(memory);
    switch (i.opcode) {
      case Opcode::conv:
        return products_.conv(i);
      case Opcode::dwconv:
        return products_.depthwise(i);
      case Opcode::matmul:
        return products_.matmul(i);
      case Opcode::pool:
        return reductions_.pool(i);
      case Opcode::reduce:
        return reductions_.reduce(i);
      case Opcode::ewise:
        return elementwise_.ewise(i);
      case Opcode::act:
        return elementwise_.act(i);
      case Opcode::resize:
        return elementwise_.resize(i);
      case Opcode::move:
        return elementwise_.move(i);
      case Opcode::softmax:
      case Opcode::norm:
      case Opcode::lrn:
        return rows_.rows_of(i);
      case Opcode::lstm:
        return rows_.lstm(i);
      case Opcode::stats:
        return rows_.stats(i);
      case Opcode::quant:
        memory.scales = scales_of(i);
        return;
      default:
        throw InternalError(fmt::format("{} is no compute instruction", info(i.opcode).mnemonic));
    }
  }

  std::int64_t take_saturated() override { return tiles_.take_saturated(); }

 private:
  compute::TileAccess<A> tiles_;
  compute::ResultSums<A> sums_;
  compute::SynapseProducts<A> products_;
  compute::Reductions<A> reductions_;
  compute::Elementwise<A> elementwise_;
  compute::Rows<A> rows_;
};

/// The unit whose arithmetic has accumulators of 4 or 8 bytes.
template <template <class> class Arithmetic>
std::unique_ptr<ComputeUnit> make_whole(const MachineConfig& m) {
  if (m.core.accumulator_bytes == 4)
    return std::make_unique<TypedUnit<Arithmetic<std::int32_t>>>(m);
  return std::make_unique<TypedUnit<Arithmetic<std::int64_t>>>(m);
}

}  // namespace

std::unique_ptr<ComputeUnit> make_compute_unit(const MachineConfig& m) {
  check_computable(m);
  switch (m.data_type) {
    case DataType::fp32:
      return std::make_unique<TypedUnit<FloatArithmetic<float>>>(m);
    case DataType::fp16:
      return std::make_unique<TypedUnit<FloatArithmetic<std::uint16_t>>>(m);
    case DataType::int16:
      return make_whole<FixedArithmetic>(m);
    case DataType::int8:
      return make_whole<QuantisedArithmetic>(m);
  }
  throw InternalError("unknown number type");
}

}  // namespace unna
