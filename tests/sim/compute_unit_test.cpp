// What each compute instruction does to the contents of the buffers, at its edges.

#include "sim/compute_unit.h"

#include <gtest/gtest.h>

#include <limits>

#include "numbers/half.h"

namespace unna {
namespace {

using enum Operand;
using I16 = std::vector<std::int16_t>;
using I32 = std::vector<std::int32_t>;
using F32 = std::vector<float>;

constexpr LocalAddress kIn{Memory::nbin, 0}, kIn2{Memory::nbin, 1024}, kWt{Memory::sb, 0},
    kBiases{Memory::sb, 2048}, kOut{Memory::nbout, 0}, kOut2{Memory::nbout, 2048};

MachineConfig machine(DataType type) {
  MachineConfig m;
  m.data_type = type;
  return m;
}

/// One core's buffers, and the unit of a machine.
class Chip {
 public:
  explicit Chip(const MachineConfig& m = machine(DataType::int16))
      : memory_(m.core), unit_(make_compute_unit(m)) {}

  template <class T>
  void put(LocalAddress at, const std::vector<T>& values) {
    const auto size = static_cast<Bytes>(values.size() * sizeof(T));
    std::memcpy(memory_.at(at, size).data(), values.data(), static_cast<std::size_t>(size));
  }
  template <class T>
  std::vector<T> get(LocalAddress at, std::size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(), memory_.at(at, static_cast<Bytes>(count * sizeof(T))).data(),
                count * sizeof(T));
    return values;
  }
  /// The first `count` elements that the instruction leaves at its `out`.
  template <class T>
  std::vector<T> run(const Instruction& i, std::size_t count) {
    unit_->execute(i, memory_);
    return get<T>(kOut, count);
  }

 private:
  CoreMemory memory_;
  std::unique_ptr<ComputeUnit> unit_;
};

Instruction instruction(Opcode opcode, std::initializer_list<std::pair<Operand, std::int64_t>> o) {
  Instruction i(opcode, OpId(0));
  const std::pair<Operand, LocalAddress> addresses[] = {
      {in, kIn}, {in2, kIn2}, {wt, kWt}, {bias, kBiases}, {out, kOut}, {out2, kOut2}};
  for (const auto& [operand, address] : addresses)
    if (i.has(operand)) i.set_local(operand, address);
  for (const Operand one : {kh, kw, sy, sx, dy, dx, out_h, out_w, out_c, in_h, in_w, in_c, rows})
    if (i.has(one)) i.set(one, 1);
  for (const auto& [operand, value] : o) i.set_count(operand, value);
  return i;
}

constexpr std::int16_t kOne = 256;  ///< 1.0 in Q7.8

TEST(Conv, one_element_is_one_product_rounded_halves_up) {
  Chip chip;
  chip.put(kIn, I16{3});
  chip.put(kWt, I16{128});  // 3 * 0.5 = 1.5 units
  EXPECT_EQ(chip.run<std::int16_t>(instruction(Opcode::conv, {}), 1), I16{2});
  chip.put(kIn, I16{-3});
  EXPECT_EQ(chip.run<std::int16_t>(instruction(Opcode::conv, {}), 1), I16{-1});
}

TEST(Conv, results_saturate_at_both_ends) {
  Chip chip;
  chip.put(kIn, I16{32767, 32767});
  chip.put(kWt, I16{kOne, kOne, -kOne, -kOne});
  EXPECT_EQ(chip.run<std::int16_t>(instruction(Opcode::conv, {{in_c, 2}, {out_c, 2}}), 2),
            (I16{32767, -32768}));
}

TEST(Conv, accumulators_wrap_so_that_a_sum_does_not_depend_on_its_order) {
  Chip chip;
  chip.put(kIn, I16{32767, 32767, 32767, 32767});
  chip.put(kWt, I16{32767, 32767, 32767, 32767});
  Instruction i = instruction(Opcode::conv, {{in_c, 4}});
  i.set(acc, kPartial);
  const auto exact = std::int64_t{4} * 32767 * 32767;
  EXPECT_EQ(chip.run<std::int32_t>(i, 1), I32{static_cast<std::int32_t>(exact)});
  MachineConfig wide = machine(DataType::int16);
  wide.core.accumulator_bytes = 8;
  Chip other(wide);
  other.put(kIn, I16{32767, 32767, 32767, 32767});
  other.put(kWt, I16{32767, 32767, 32767, 32767});
  EXPECT_EQ(other.run<std::int64_t>(i, 1), std::vector<std::int64_t>{exact});
}

TEST(Conv, positions_outside_count_as_zero_and_strides_skip) {
  Chip chip;
  chip.put(kIn, I16{1 * kOne, 2 * kOne, 3 * kOne, 4 * kOne, 5 * kOne, 6 * kOne});  // 2 x 3
  chip.put(kWt, I16(9, kOne));
  Instruction i = instruction(Opcode::conv, {{in_h, 2},
                                             {in_w, 3},
                                             {out_h, 2},
                                             {out_w, 2},
                                             {kh, 3},
                                             {kw, 3},
                                             {sx, 2},
                                             {pad_t, 1},
                                             {pad_l, 1}});
  EXPECT_EQ(chip.run<std::int16_t>(i, 4), (I16{12 * kOne, 16 * kOne, 12 * kOne, 16 * kOne}));
}

TEST(Conv, dilated_windows_meet_the_right_synapses) {
  Chip chip;
  chip.put(kIn, I16{kOne, 10, 10, 2 * kOne, 10});  // 1 x 5, two channels none
  chip.put(kWt, I16{kOne, 3 * kOne});
  Instruction i = instruction(Opcode::conv, {{in_w, 5}, {kw, 2}, {dx, 3}});
  EXPECT_EQ(chip.run<std::int16_t>(i, 1), I16{7 * kOne});
}

TEST(Conv, partial_sums_go_on_where_they_stopped) {
  Chip chip;
  chip.put(kIn, I16{3});
  chip.put(kWt, I16{128});
  chip.put(kBiases, I32{1000});
  Instruction i = instruction(Opcode::conv, {});
  i.set(acc, kBias | kPartial);
  EXPECT_EQ(chip.run<std::int32_t>(i, 1), I32{1384});
  i.set(acc, kAccumulate | kPartial);
  EXPECT_EQ(chip.run<std::int32_t>(i, 1), I32{1768});
  i.set(acc, kAccumulate);
  EXPECT_EQ(chip.run<std::int16_t>(i, 1), I16{8});  // 2152 / 256 = 8.4
}

TEST(Conv, the_last_of_the_partial_sums_does_not_trip_over_its_results) {
  Chip chip;
  chip.put(kIn, I16(4, 0));
  chip.put(kWt, I16(2, 0));
  chip.put(kOut, I32{256, 512, 768, 1024, 1280, 1536, 1792, 2048});
  Instruction i = instruction(Opcode::conv, {{in_w, 4}, {out_w, 4}, {out_c, 2}});
  i.set(acc, kAccumulate);
  EXPECT_EQ(chip.run<std::int16_t>(i, 8), (I16{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Conv, the_function_is_applied_to_the_rounded_result) {
  Chip chip;
  chip.put(kIn, I16{-kOne, 7 * kOne, 3 * kOne});
  chip.put(kWt, I16{kOne});
  Instruction i = instruction(Opcode::conv, {{in_w, 3}, {out_w, 3}});
  i.set_fn(post, Function::clip).set_real(alpha, 0).set_real(beta, 6);
  EXPECT_EQ(chip.run<std::int16_t>(i, 3), (I16{0, 6 * kOne, 3 * kOne}));
}

TEST(Depthwise, each_channel_has_a_window_of_its_own) {
  Chip chip;
  chip.put(kIn, I16{1, 10, 2, 20, 3, 30});  // 1 x 3 x 2 channels
  chip.put(kWt, I16{kOne, 2 * kOne, 3 * kOne, 4 * kOne});
  Instruction i =
      instruction(Opcode::dwconv, {{in_w, 3}, {in_c, 2}, {out_w, 3}, {kw, 2}, {pad_l, 1}});
  EXPECT_EQ(chip.run<std::int16_t>(i, 6), (I16{2, 40, 5, 110, 8, 180}));
}

TEST(Matmul, takes_synapses_at_any_strides_and_scales_before_rounding) {
  Chip chip;
  chip.put(kIn, I16{1 * kOne, 2 * kOne, 3 * kOne, 4 * kOne});  // 2 x 2
  chip.put(kWt, I16{1 * kOne, 10 * kOne, 2 * kOne, 20 * kOne});
  Instruction i = instruction(Opcode::matmul, {{rows, 2}, {in_c, 2}, {out_c, 2}});
  i.set(wt_rs, 2).set(wt_cs, 1).set_real(Operand::gamma, 1);
  EXPECT_EQ(chip.run<std::int16_t>(i, 4), (I16{21 * kOne, 42 * kOne, 43 * kOne, 86 * kOne}));
  i.set(wt_rs, 1).set(wt_cs, 2).set_real(Operand::gamma, 0.5F);
  EXPECT_EQ(chip.run<std::int16_t>(i, 4), (I16{5 * kOne / 2, 25 * kOne, 11 * kOne / 2, 55 * kOne}));
}

TEST(Pool, positions_outside_do_not_take_part) {
  Chip chip;
  chip.put(kIn, I16{-5, -7});
  Instruction i = instruction(Opcode::pool, {{in_w, 2}, {out_w, 3}, {kw, 2}, {pad_l, 1}});
  i.set_fn(fn, Function::max);
  EXPECT_EQ(chip.run<std::int16_t>(i, 3), (I16{-5, -5, -7}));
  i.set_fn(fn, Function::sum);
  EXPECT_EQ(chip.run<std::int16_t>(i, 3), (I16{-5, -6, -7}));  // divided by 1, 2, 1
  i.set_real(Operand::gamma, 0.5F);
  EXPECT_EQ(chip.run<std::int16_t>(i, 3), (I16{-2, -6, -3}));  // -2.5 and -3.5, halves up
}

TEST(Ewise, operands_are_broadcast_and_results_saturate) {
  Chip chip;
  chip.put(kIn, I16{32000, -32000, 5, 6});
  chip.put(kIn2, I16{1000, -1000});
  Instruction i = instruction(Opcode::ewise,
                              {{rows, 2}, {cols, 2}, {a_rs, 2}, {a_cs, 1}, {b_rs, 0}, {b_cs, 1}});
  i.set_fn(fn, Function::add);
  EXPECT_EQ(chip.run<std::int16_t>(i, 4), (I16{32767, -32768, 1005, -994}));
  i.set_fn(fn, Function::mul);
  EXPECT_EQ(chip.run<std::int16_t>(i, 4), (I16{32767, 32767, 20, -23}));
}

TEST(Act, takes_functions_from_the_table_and_the_others_exactly) {
  Chip chip;
  chip.put(kIn, I16{0, 2 * kOne, -32768, 32767});
  Instruction i = instruction(Opcode::act, {{cols, 4}, {a_rs, 4}, {a_cs, 1}});
  i.set_fn(fn, Function::sigmoid);
  EXPECT_EQ(chip.run<std::int16_t>(i, 4), (I16{128, 225, 0, kOne}));
  i.set_fn(fn, Function::neg);
  EXPECT_EQ(chip.run<std::int16_t>(i, 4), (I16{0, -2 * kOne, 32767, -32767}));
}

TEST(Reduce, sums_each_row_times_gamma) {
  Chip chip;
  chip.put(kIn, I16{1, 2, 3, 4, 5, 6});
  Instruction i = instruction(Opcode::reduce, {{rows, 3}, {cols, 2}, {a_rs, 1}, {a_cs, 3}});
  i.set_fn(fn, Function::sum).set_real(Operand::gamma, 0.5F);
  EXPECT_EQ(chip.run<std::int16_t>(i, 3), (I16{3, 4, 5}));
  i.set_fn(fn, Function::max).set_real(Operand::gamma, 1);
  EXPECT_EQ(chip.run<std::int16_t>(i, 3), (I16{4, 5, 6}));
}

/// Softmax or norm of a row of 6 elements in pieces of `cut` and the rest, through states at kOut2.
template <class T>
std::vector<T> in_pieces(Chip& chip, const std::vector<T>& row, std::size_t cut, Function first,
                         Function second, Instruction last) {
  const std::vector<T> pieces[] = {{row.begin(), row.begin() + static_cast<std::ptrdiff_t>(cut)},
                                   {row.begin() + static_cast<std::ptrdiff_t>(cut), row.end()}};
  std::uint32_t flags = 0;
  for (const Function function : {first, second})
    for (const std::vector<T>& piece : pieces) {
      chip.put(kIn, piece);
      Instruction i = instruction(Opcode::stats, {{cols, static_cast<std::int64_t>(piece.size())}});
      i.set_local(out, kOut2).set_fn(fn, function).set_real(Operand::gamma, 1).set(acc, flags);
      chip.template run<T>(i, 1);
      flags = kAccumulate;
    }
  std::vector<T> results;
  for (const std::vector<T>& piece : pieces) {
    chip.put(kIn, piece);
    last.set_count(cols, static_cast<std::int64_t>(piece.size()));
    last.set(acc, kStates).set_local(in2, kOut2);
    const std::vector<T> part = chip.template run<T>(last, piece.size());
    results.insert(results.end(), part.begin(), part.end());
  }
  return results;
}

TEST(Stats, a_row_in_pieces_gives_what_the_whole_row_gives) {
  Instruction softmax = instruction(Opcode::softmax, {{cols, 6}});
  softmax.set_real(Operand::gamma, 1);
  Chip reals(machine(DataType::fp32));
  const F32 row = {1, -2, 0.5F, 3, -4, 2.5F};
  reals.put(kIn, row);
  const F32 whole = reals.run<float>(softmax, 6);
  Chip fixed;
  const I16 numbers = {kOne, -2 * kOne, 128, 3 * kOne, -4 * kOne, 640};
  fixed.put(kIn, numbers);
  const I16 whole_numbers = fixed.run<std::int16_t>(softmax, 6);
  for (const std::size_t cut : {1U, 3U, 5U}) {
    EXPECT_EQ(in_pieces(reals, row, cut, Function::max, Function::exp, softmax), whole);
    EXPECT_EQ(in_pieces(fixed, numbers, cut, Function::max, Function::exp, softmax), whole_numbers);
  }
}

TEST(Stats, a_norm_in_pieces_knows_the_length_of_its_row) {
  Instruction norm = instruction(Opcode::norm, {{cols, 6}});
  norm.set_real(alpha, 0);
  Chip chip(machine(DataType::fp32));
  chip.put(kWt, F32{1, 1, 1, 1, 1, 1});
  chip.put(kBiases, F32{0, 0, 0, 0, 0, 0});
  const F32 row = {1, 3, 1, 3, 1, 3};
  EXPECT_EQ(in_pieces(chip, row, 4, Function::sum, Function::mul, norm),
            (F32{-1, 1, -1, 1, -1, 1}));
}

TEST(Lrn, the_window_is_cut_at_the_ends) {
  Chip chip(machine(DataType::fp32));
  chip.put(kIn, F32{1, 2, 3});
  Instruction i = instruction(Opcode::lrn, {{cols, 3}, {kw, 3}});
  i.set_real(alpha, 3).set_real(beta, 1).set_real(Operand::gamma, 1);
  EXPECT_EQ(chip.run<float>(i, 3), (F32{1.0F / 6, 2.0F / 15, 3.0F / 14}));
}

TEST(Resize, bilinear_is_clamped_to_the_tile) {
  Chip chip(machine(DataType::fp32));
  chip.put(kIn, F32{0, 4});
  Instruction i =
      instruction(Opcode::resize, {{in_w, 2}, {out_w, 4}, {ys, 4}, {yd, 4}, {xs, 2}, {xd, 4}});
  i.set_fn(fn, Function::mean).set(x0, static_cast<std::uint32_t>(-1));
  EXPECT_EQ(chip.run<float>(i, 4), (F32{0, 1, 3, 4}));
  i.set_fn(fn, Function::none).set(x0, 0);
  EXPECT_EQ(chip.run<float>(i, 4), (F32{0, 0, 4, 4}));
}

TEST(Lstm, gates_are_in_the_order_i_o_f_g) {
  Chip chip(machine(DataType::fp32));
  chip.put(kIn, F32{100, 100, -100, 0.5F});  // in open, out open, forget all
  chip.put(kIn2, F32{7});
  const F32 h = chip.run<float>(instruction(Opcode::lstm, {{cols, 1}}), 1);
  EXPECT_FLOAT_EQ(chip.get<float>(kOut2, 1)[0], std::tanh(0.5F));
  EXPECT_FLOAT_EQ(h[0], std::tanh(std::tanh(0.5F)));
}

TEST(Half, is_stored_rounded_and_accumulated_in_single_precision) {
  Chip chip(machine(DataType::fp16));
  const auto h = [](float v) { return float_to_half(v); };
  chip.put(kIn, std::vector<std::uint16_t>{h(2048), h(1), h(1)});
  chip.put(kWt, std::vector<std::uint16_t>(3, h(1)));
  // In half precision, 2048 + 1 is 2048.
  EXPECT_EQ(chip.run<std::uint16_t>(instruction(Opcode::conv, {{in_c, 3}}), 1)[0], h(2050));
}

TEST(ComputeUnit, types_without_values_are_refused) {
  MachineConfig odd = machine(DataType::fp32);
  odd.core.accumulator_bytes = 8;
  EXPECT_THROW(make_compute_unit(odd), InputError);
}

}  // namespace
}  // namespace unna
