// int8: what each compute instruction does with scales, at its edges.

#include "numbers/quantised.h"

#include <gtest/gtest.h>

#include "sim/compute_unit.h"

namespace unna {
namespace {

using enum Operand;
using I8 = std::vector<std::int8_t>;

constexpr LocalAddress kIn{Memory::nbin, 0}, kIn2{Memory::nbin, 1024}, kWt{Memory::sb, 0},
    kRecords{Memory::sb, 2048}, kOut{Memory::nbout, 0}, kOut2{Memory::nbout, 2048};

/// One int8 core.
class Chip {
 public:
  explicit Chip(Bytes accumulator = 4)
      : machine_(machine(accumulator)),
        memory_(machine_.core),
        unit_(make_compute_unit(machine_)) {}

  void put(LocalAddress at, const I8& values) {
    std::memcpy(memory_.at(at, std::ssize(values)).data(), values.data(), values.size());
  }
  /// Bias, multiplier and shift of each channel.
  void put_records(const std::vector<std::pair<std::int64_t, double>>& records) {
    LocalAddress at = kRecords;
    for (const auto& [bias_value, factor] : records) {
      const Requantiser r = Requantiser::of(factor);
      const auto width = static_cast<std::size_t>(machine_.core.accumulator_bytes);
      std::byte* to = memory_.at(at, static_cast<Bytes>(width) + 8).data();
      std::memcpy(to, &bias_value, width);
      std::memcpy(to + width, &r, sizeof r);
      at.offset += static_cast<Bytes>(width) + 8;
    }
  }
  void scales(float x, float x2, float mid, float y) {
    Instruction i(Opcode::quant, OpId(0));
    i.set_real(s_in, x).set_real(s_in2, x2).set_real(s_mid, mid).set_real(s_out, y);
    unit_->execute(i, memory_);
  }
  /// Scales of 1, and these zero points.
  void zeros(std::int32_t x, std::int32_t x2, std::int32_t mid, std::int32_t y) {
    Instruction i(Opcode::quant, OpId(0));
    for (const Operand o : {s_in, s_in2, s_mid, s_out}) i.set_real(o, 1);
    const std::pair<Operand, std::int32_t> points[] = {
        {z_in, x}, {z_in2, x2}, {z_mid, mid}, {z_out, y}};
    for (const auto& [operand, zero] : points) i.set(operand, static_cast<std::uint32_t>(zero));
    unit_->execute(i, memory_);
  }
  std::int64_t saturated() { return unit_->take_saturated(); }
  I8 run(const Instruction& i, std::size_t count, LocalAddress at = kOut) {
    unit_->execute(i, memory_);
    I8 values(count);
    std::memcpy(values.data(), memory_.at(at, static_cast<Bytes>(count)).data(), count);
    return values;
  }

 private:
  static MachineConfig machine(Bytes accumulator) {
    MachineConfig m;
    m.data_type = DataType::int8;
    m.core.accumulator_bytes = accumulator;
    return m;
  }
  MachineConfig machine_;
  CoreMemory memory_;
  std::unique_ptr<ComputeUnit> unit_;
};

Instruction instruction(Opcode opcode, std::initializer_list<std::pair<Operand, std::int64_t>> o) {
  Instruction i(opcode, OpId(0));
  const std::pair<Operand, LocalAddress> addresses[] = {
      {in, kIn}, {in2, kIn2}, {wt, kWt}, {bias, kRecords}, {out, kOut}, {out2, kOut2}};
  for (const auto& [operand, address] : addresses)
    if (i.has(operand)) i.set_local(operand, address);
  for (const Operand one : {kh, kw, sy, sx, dy, dx, out_h, out_w, out_c, in_h, in_w, in_c, rows})
    if (i.has(one)) i.set(one, 1);
  if (i.has(Operand::gamma)) i.set_real(Operand::gamma, 1);
  for (const auto& [operand, value] : o) i.set_count(operand, value);
  return i;
}

TEST(Int8Conv, each_channel_has_its_bias_multiplier_and_shift) {
  for (const Bytes accumulator : {4, 8}) {
    Chip chip(accumulator);
    chip.put(kIn, {100});
    chip.put(kWt, {2, 2, -3});
    chip.put_records({{0, 0.5}, {3, 0.25}, {0, 1}});
    // 200 * 0.5; 203 * 0.25 = 50.75; -300 saturates
    EXPECT_EQ(chip.run(instruction(Opcode::conv, {{out_c, 3}, {acc, kBias | kScale}}), 3),
              (I8{100, 51, -128}));
  }
}

TEST(Int8Conv, partial_sums_are_scaled_once_they_are_whole) {
  Chip chip;
  chip.put(kIn, {100});
  chip.put(kWt, {100});
  chip.put_records({{-1, 0.005}});
  chip.run(instruction(Opcode::conv, {{acc, kBias | kScale | kPartial}}), 1);
  // 2 * 100 * 100 - 1
  EXPECT_EQ(chip.run(instruction(Opcode::conv, {{acc, kAccumulate | kScale}}), 1), I8{100});
}

TEST(Int8Conv, operands_and_results_are_counted_from_their_zero_points) {
  Chip chip;
  chip.put(kIn, {-128, 127});
  chip.put(kWt, {-128, 3});
  chip.put_records({{5, 0.25}});
  chip.zeros(127, 2, -7, -7);
  // (-255 * -130 + 0 * 1 + 5) / 4 - 7 saturates; with weights of 1 and 3: -255 * -1 / 4 - 7
  const Instruction i = instruction(Opcode::conv, {{in_c, 2}, {acc, kBias | kScale}});
  EXPECT_EQ(chip.run(i, 1), I8{127});
  EXPECT_EQ(chip.saturated(), 1);
  chip.put(kWt, {1, 3});
  EXPECT_EQ(chip.run(i, 1), I8{58});
  EXPECT_EQ(chip.saturated(), 0);
}

TEST(Int8Conv, padding_stands_for_zero_whatever_the_zero_point_is) {
  Chip chip;
  chip.put(kIn, {20, 30});
  chip.put(kWt, {1, 1, 1});
  chip.put_records({{0, 1}});
  chip.zeros(10, 0, 0, 0);
  EXPECT_EQ(
      chip.run(instruction(Opcode::conv,
                           {{in_w, 2}, {out_w, 3}, {kw, 3}, {pad_l, 2}, {acc, kBias | kScale}}),
               3),
      (I8{10, 30, 30}));
}

TEST(Int8Function, is_applied_between_zero_points) {
  Chip chip;
  chip.put(kIn, {-50, 0, 50});
  chip.zeros(0, 0, 0, 100);
  const Instruction relu =
      instruction(Opcode::act, {{cols, 3},
                                {a_cs, 1},
                                {a_rs, 3},
                                {fn, std::int64_t{static_cast<std::int64_t>(Function::relu)}}});
  EXPECT_EQ(chip.run(relu, 3), (I8{100, 100, 127}));
  EXPECT_EQ(chip.saturated(), 1);
  chip.zeros(0, 0, -50, -128);
  EXPECT_EQ(chip.run(relu, 3), (I8{-128, -78, -28}));
  // What a zero point of -128 cuts off is a function, no loss.
  EXPECT_EQ(chip.saturated(), 0);
}

TEST(Int8Conv, what_a_function_clamps_is_not_lost) {
  Chip chip;
  chip.put(kIn, {100, -100});
  chip.put(kWt, {2});
  chip.put_records({{0, 1}});
  for (const auto& [function, lost] :
       {std::pair(Function::none, 2), std::pair(Function::relu, 1), std::pair(Function::clip, 0)}) {
    Instruction i = instruction(Opcode::conv, {{in_w, 2}, {out_w, 2}, {acc, kBias | kScale}});
    i.set(post, static_cast<std::uint32_t>(function));
    i.set_real(alpha, 0).set_real(beta, 127);
    chip.run(i, 2);
    EXPECT_EQ(chip.saturated(), lost) << name(function);
  }
}

TEST(Int8Depthwise, channels_are_the_inner_dimension) {
  Chip chip;
  chip.put(kIn, {1, 2, 3, 4});  // two positions of two channels
  chip.put(kWt, {1, 1, 1, 1});
  chip.put_records({{0, 1}, {0, 10}});
  EXPECT_EQ(
      chip.run(instruction(Opcode::dwconv, {{in_w, 2}, {in_c, 2}, {kw, 2}, {acc, kBias | kScale}}),
               2),
      (I8{4, 60}));
}

TEST(Int8Matmul, of_computed_operands_takes_the_registers) {
  Chip chip;
  chip.put(kIn, {10, 20});
  chip.put(kWt, {3, 4});
  chip.scales(0.5F, 0.25F, 2, 2);
  Instruction i = instruction(Opcode::matmul, {{in_c, 2}, {wt_cs, 1}, {wt_rs, 2}});
  EXPECT_EQ(chip.run(i, 1), I8{7});  // 110 / 16 = 6.875
  i.set_real(Operand::gamma, 2);
  EXPECT_EQ(chip.run(i, 1), I8{14});
}

TEST(Int8Product, a_function_goes_from_one_scale_to_another) {
  Chip chip;
  chip.put(kIn, {1});
  chip.put(kWt, {1});
  chip.put_records({{15, 1}});  // 16
  chip.scales(1, 1, 0.25F, 1.0F / 128);
  Instruction i = instruction(Opcode::conv, {{acc, kBias | kScale}});
  i.set_fn(post, Function::sigmoid);
  EXPECT_EQ(chip.run(i, 1), I8{126});  // sigmoid(4) = 0.98201 = 125.7 / 128
}

Instruction binary(Function f) {
  Instruction i = instruction(Opcode::ewise, {{cols, 1}, {a_cs, 1}, {b_cs, 1}});
  return i.set_fn(fn, f).set_fn(post, Function::none);
}

TEST(Int8Ewise, operands_are_brought_to_the_result_s_scale) {
  Chip chip;
  chip.put(kIn, {10});
  chip.put(kIn2, {-3});
  chip.scales(0.5F, 2, 0.25F, 0.25F);  // 5 and -6 in quarters
  EXPECT_EQ(chip.run(binary(Function::add), 1), I8{-4});
  EXPECT_EQ(chip.run(binary(Function::sub), 1), I8{44});
  EXPECT_EQ(chip.run(binary(Function::max), 1), I8{20});
  EXPECT_EQ(chip.run(binary(Function::min), 1), I8{-24});
  EXPECT_EQ(chip.run(binary(Function::mul), 1), I8{-120});
  EXPECT_EQ(chip.run(binary(Function::div), 1), I8{-3});  // -0.8333 = -3.33 quarters
}

TEST(Int8Ewise, is_rounded_once) {
  Chip chip;
  chip.put(kIn, {1});
  chip.put(kIn2, {1});
  chip.scales(0.25F, 0.25F, 1, 1);
  EXPECT_EQ(chip.run(binary(Function::add), 1), I8{1});  // not 0 + 0
  chip.scales(1, 1, 0.001F, 0.001F);
  EXPECT_EQ(chip.run(binary(Function::add), 1), I8{127});
}

TEST(Int8Ewise, division_by_zero_saturates) {
  Chip chip;
  chip.put(kIn2, {0});
  for (const auto& [numerator, quotient] :
       {std::pair(1, 127), std::pair(-1, -128), std::pair(0, 0)}) {
    chip.put(kIn, {static_cast<std::int8_t>(numerator)});
    EXPECT_EQ(chip.run(binary(Function::div), 1), I8{static_cast<std::int8_t>(quotient)});
  }
}

I8 act(Chip& chip, Function f, float a, float b, const I8& x) {
  chip.put(kIn, x);
  Instruction i = instruction(Opcode::act, {{cols, std::ssize(x)}, {a_cs, 1}});
  i.set_fn(fn, f).set_real(alpha, a).set_real(beta, b);
  return chip.run(i, x.size());
}

TEST(Int8Act, simple_functions_are_exact_in_the_result_s_scale) {
  Chip chip;
  chip.scales(0.5F, 1, 0.5F, 0.25F);
  EXPECT_EQ(act(chip, Function::relu, 0, 0, {-5, 5, 127}), (I8{0, 10, 127}));
  EXPECT_EQ(act(chip, Function::clip, -1, 6, {-128, 5, 127}), (I8{-4, 10, 24}));
  EXPECT_EQ(act(chip, Function::leaky_relu, 0.1F, 0, {-50, 5}), (I8{-10, 10}));
  EXPECT_EQ(act(chip, Function::abs, 0, 0, {-5, -128}), (I8{10, 127}));
  EXPECT_EQ(act(chip, Function::neg, 0, 0, {5, -128}), (I8{-10, 127}));
}

TEST(Int8Act, the_registers_are_each_core_s_own) {
  Chip one, other;
  one.scales(0.5F, 1, 0.5F, 0.25F);
  EXPECT_EQ(act(one, Function::relu, 0, 0, {5}), I8{10});
  EXPECT_EQ(act(other, Function::relu, 0, 0, {5}), I8{5});
}

TEST(Int8Pool, sums_are_scaled_and_padding_of_max_does_not_count) {
  Chip chip;
  chip.put(kIn, {-10, -20});
  chip.scales(1, 1, 0.5F, 0.5F);
  Instruction i = instruction(Opcode::pool, {{in_w, 2}, {kw, 2}});
  i.set_fn(fn, Function::sum).set_real(Operand::gamma, 0.5F);
  EXPECT_EQ(chip.run(i, 1), I8{-30});
  chip.scales(1, 1, 1, 1);
  i = instruction(Opcode::pool, {{in_w, 2}, {kw, 3}, {pad_l, 1}});
  i.set_fn(fn, Function::max);
  EXPECT_EQ(chip.run(i, 1), I8{-10});
}

TEST(Int8Reduce, sums_rows) {
  Chip chip;
  chip.put(kIn, {100, 100, 100, -100, 0, 7});
  chip.scales(1, 1, 4, 4);
  Instruction i = instruction(Opcode::reduce, {{rows, 2}, {cols, 3}, {a_rs, 3}, {a_cs, 1}});
  i.set_fn(fn, Function::sum);
  EXPECT_EQ(chip.run(i, 2), (I8{75, -23}));
}

TEST(Int8Softmax, of_equal_elements_is_uniform) {
  Chip chip;
  chip.put(kIn, {-128, -128, -128, -128});
  chip.scales(0.1F, 1, 1, 1.0F / 128);
  EXPECT_EQ(chip.run(instruction(Opcode::softmax, {{cols, 4}}), 4), (I8{32, 32, 32, 32}));
  chip.put(kIn, {127, -128, -128, -128});
  EXPECT_EQ(chip.run(instruction(Opcode::softmax, {{cols, 4}}), 4), (I8{127, 0, 0, 0}));
}

TEST(Int8Norm, is_the_same_at_any_scale_of_its_input) {
  Chip chip;
  chip.put(kIn, {-100, 100});
  chip.put(kWt, {64, 64});
  const std::vector<std::int32_t> beta_values = {0, 10 << 16};  // in units of the result
  for (const float scale : {1e-3F, 1.0F, 100.0F}) {
    chip.put(kRecords, I8(reinterpret_cast<const std::int8_t*>(beta_values.data()),
                          reinterpret_cast<const std::int8_t*>(beta_values.data()) + 8));
    chip.scales(scale, 1.0F / 64, 1.0F / 32, 1.0F / 32);
    const I8 y = chip.run(instruction(Opcode::norm, {{cols, 2}}), 2);
    EXPECT_NEAR(y[0], -32, 1) << scale;
    EXPECT_NEAR(y[1], 42, 1) << scale;
  }
}

TEST(Int8Lrn, squares_are_of_values_not_of_integers) {
  Chip chip;
  chip.put(kIn, {100});
  chip.scales(0.01F, 1, 0.01F, 0.01F);  // 1 / (1 + 1)
  Instruction i = instruction(Opcode::lrn, {{cols, 1}, {kw, 1}});
  i.set_real(alpha, 1).set_real(beta, 1).set_real(Operand::gamma, 1);
  EXPECT_NEAR(chip.run(i, 1)[0], 50, 1);
}

TEST(Int8Lstm, the_new_state_has_the_scale_mid) {
  Chip chip;
  chip.put(kIn, {127, 127, -128, 16});  // in open, out open, forget all, 0.5
  chip.put(kIn2, {100});
  chip.scales(1.0F / 32, 1, 1.0F / 128, 1.0F / 64);
  // Open is sigmoid(4): 0.982 * tanh(0.5) = 0.4538; forgotten: 0.018 * 100.
  const I8 h = chip.run(instruction(Opcode::lstm, {{cols, 1}}), 1);
  I8 c(1);
  c = chip.run(instruction(Opcode::lstm, {{cols, 1}}), 1, kOut2);
  EXPECT_EQ(c, I8{127});  // 2.25 saturates at 0.992
  EXPECT_NEAR(h[0], 0.982 * std::tanh(127.0 / 128) * 64, 1);
}

TEST(Int8Resize, interpolates_whole_numbers) {
  Chip chip;
  chip.put(kIn, {0, 127});
  Instruction i = instruction(Opcode::resize, {{in_w, 2}, {out_w, 3}});
  i.set_fn(fn, Function::mean).set(xs, 1).set(xd, 2).set(yd, 1);
  EXPECT_EQ(chip.run(i, 3), (I8{0, 64, 127}));
}

}  // namespace
}  // namespace unna
