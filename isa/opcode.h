#pragma once

// The instruction set as one table. A row of kOpcodes is the only place that knows an opcode:
// names, encoder, decoder, assembler, disassembler, verifier and docs/isa.md come from it.
// An operand's meaning is one row of kOperands. "How to add an opcode": docs/architecture.md.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace unna {

/// In-order units of a core. They run asynchronously and meet through tokens.
enum class Engine : std::uint8_t {
  load_neuron,   ///< DMA: DRAM -> NBin
  load_synapse,  ///< DMA: DRAM -> SB
  compute,       ///< NFU: NBin, SB, NBout -> NBout
  store,         ///< DMA: NBout -> DRAM
};
inline constexpr std::size_t kEngines = 4;
inline constexpr std::array<std::string_view, kEngines> kEngineNames = {"ln", "ls", "cp", "st"};

/// Where an instruction executes: on one engine, or in the control processor at dispatch.
enum class Unit : std::uint8_t { load_neuron, load_synapse, compute, store, control };

/// What the cost function of an instruction depends on (cost/timing.h).
enum class TimingClass : std::uint8_t { control, dma, mac, pool, elementwise, special, move };

/// How an operand is written, encoded and checked.
enum class OperandKind : std::uint8_t {
  local,   ///< on-chip byte address: memory in bits 30..31, offset below; `nbin[64]`
  buffer,  ///< index into the object's buffer table; `b12`
  count,   ///< unsigned number
  whole,   ///< signed number
  real,    ///< IEEE single precision
  fn,      ///< Function
  flags,   ///< set of AccumulateFlags
  core,    ///< core number; `c3`
};

/// Scalar functions: activations and the operations of `ewise`, `act`, `pool` and `reduce`.
// clang-format off
enum class Function : std::uint8_t {
  none, relu, clip, leaky_relu, sigmoid, tanh, hard_sigmoid, hard_swish, gelu, silu, exp, sqrt,
  reciprocal, erf, pow, log, abs, neg,
  add, sub, mul, div, max, min, mean, sum, round,
};
// clang-format on

/// What computes a function: an element-wise stage, or the interpolation table.
enum class Stage : std::uint8_t { elementwise, table };

struct FunctionInfo {
  Function function;
  std::string_view name;
  Stage stage;
};

/// One row a function, in the order of the enum.
inline constexpr auto kFunctions = std::to_array<FunctionInfo>({
    {Function::none, "none", Stage::elementwise},
    {Function::relu, "relu", Stage::elementwise},
    {Function::clip, "clip", Stage::elementwise},
    {Function::leaky_relu, "leaky_relu", Stage::elementwise},
    {Function::sigmoid, "sigmoid", Stage::table},
    {Function::tanh, "tanh", Stage::table},
    {Function::hard_sigmoid, "hard_sigmoid", Stage::table},
    {Function::hard_swish, "hard_swish", Stage::table},
    {Function::gelu, "gelu", Stage::table},
    {Function::silu, "silu", Stage::table},
    {Function::exp, "exp", Stage::table},
    {Function::sqrt, "sqrt", Stage::table},
    {Function::reciprocal, "reciprocal", Stage::table},
    {Function::erf, "erf", Stage::table},
    {Function::pow, "pow", Stage::table},
    {Function::log, "log", Stage::table},
    {Function::abs, "abs", Stage::elementwise},
    {Function::neg, "neg", Stage::elementwise},
    {Function::add, "add", Stage::elementwise},
    {Function::sub, "sub", Stage::elementwise},
    {Function::mul, "mul", Stage::elementwise},
    {Function::div, "div", Stage::table},
    {Function::max, "max", Stage::elementwise},
    {Function::min, "min", Stage::elementwise},
    {Function::mean, "mean", Stage::elementwise},
    {Function::sum, "sum", Stage::elementwise},
    {Function::round, "round", Stage::elementwise},
});

/// Whether `fn` goes through the interpolation table instead of an element-wise stage.
constexpr bool is_special(Function fn) {
  return kFunctions[static_cast<std::size_t>(fn)].stage == Stage::table;
}

// The groups of the following enums are their documentation.
/// How a tile that is one of several along the reduced dimension meets NBout.
enum AccumulateFlags : std::uint32_t {
  kAccumulate = 1,  ///< starts from the partial sums at `out` instead of from bias or zero
  kPartial = 2,     ///< leaves partial sums at `out` (accumulator_bytes each) instead of results
  kBias = 4,        ///< adds the bias of each output channel; not together with kAccumulate
  kScale = 8,       ///< int8: `bias` has records of bias, multiplier and shift; results are scaled
  kIndexed = 16,    ///< `wt` is step-indexed (isa/synapse_format.h); conv and matmul only
  kGrouped = 32,    ///< `wt` is in groups (numbers/synapse_groups.h); conv and matmul only
  kZeros = 64,      ///< groups of `wt` have zero points; only together with kGrouped
  kStates = 128,  ///< `in` is a piece of rows of which `in2` has the states; softmax and norm only
};

// clang-format off
enum class Operand : std::uint8_t {
  in, in2, wt, bias, out, out2,
  buf, off, run, n1, s1, d1, n2, s2, d2, n3, s3, d3,
  in_h, in_w, in_c, out_h, out_w, out_c, kh, kw, sy, sx, dy, dx, pad_t, pad_l,
  rows, cols, a_rs, a_cs, b_rs, b_cs, wt_rs, wt_cs,
  fn, post, acc, alpha, beta, gamma,
  y0, ys, x0, xs,
  id, mask_lo, mask_hi, core, sem,
  wt_bytes, wt_nz, pe_cycles, pe_wait,
  s_in, s_in2, s_mid, s_out,
  yd, xd,
  z_in, z_in2, z_mid, z_out,
  wt_bits, wt_group,
};
// clang-format on

struct OperandInfo {
  Operand operand;
  std::string_view name;
  OperandKind kind;
  std::string_view doc;
};

inline constexpr auto kOperands = std::to_array<OperandInfo>({
    {Operand::in, "in", OperandKind::local, "first input tile"},
    {Operand::in2, "in2", OperandKind::local, "second input tile"},
    {Operand::wt, "wt", OperandKind::local, "synapse tile (or gamma)"},
    {Operand::bias, "bias", OperandKind::local,
     "one accumulator-sized bias an output channel (or beta); with scale, records of bias, "
     "multiplier and shift"},
    {Operand::out, "out", OperandKind::local, "result tile"},
    {Operand::out2, "out2", OperandKind::local, "second result tile"},
    {Operand::buf, "buf", OperandKind::buffer, "DRAM buffer"},
    {Operand::off, "off", OperandKind::count, "first byte in the buffer"},
    {Operand::run, "run", OperandKind::count, "contiguous bytes of the innermost level"},
    {Operand::n1, "n1", OperandKind::count, "repetitions, level 1 (inner)"},
    {Operand::s1, "s1", OperandKind::count, "source stride in bytes, level 1"},
    {Operand::d1, "d1", OperandKind::count, "destination stride in bytes, level 1"},
    {Operand::n2, "n2", OperandKind::count, "repetitions, level 2"},
    {Operand::s2, "s2", OperandKind::count, "source stride in bytes, level 2"},
    {Operand::d2, "d2", OperandKind::count, "destination stride in bytes, level 2"},
    {Operand::n3, "n3", OperandKind::count, "repetitions, level 3 (outer)"},
    {Operand::s3, "s3", OperandKind::count, "source stride in bytes, level 3"},
    {Operand::d3, "d3", OperandKind::count, "destination stride in bytes, level 3"},
    {Operand::in_h, "in_h", OperandKind::count, "rows of the input tile"},
    {Operand::in_w, "in_w", OperandKind::count, "columns of the input tile"},
    {Operand::in_c, "in_c", OperandKind::count, "channels of the input tile (inner dimension)"},
    {Operand::out_h, "out_h", OperandKind::count, "rows of the output tile"},
    {Operand::out_w, "out_w", OperandKind::count, "columns of the output tile"},
    {Operand::out_c, "out_c", OperandKind::count, "channels of the output tile"},
    {Operand::kh, "kh", OperandKind::count, "kernel rows"},
    {Operand::kw, "kw", OperandKind::count, "kernel columns"},
    {Operand::sy, "sy", OperandKind::count, "vertical stride"},
    {Operand::sx, "sx", OperandKind::count, "horizontal stride"},
    {Operand::dy, "dy", OperandKind::count, "vertical dilation"},
    {Operand::dx, "dx", OperandKind::count, "horizontal dilation"},
    {Operand::pad_t, "pad_t", OperandKind::count, "padding rows above the tile"},
    {Operand::pad_l, "pad_l", OperandKind::count, "padding columns left of the tile"},
    {Operand::rows, "rows", OperandKind::count, "rows (outer dimension)"},
    {Operand::cols, "cols", OperandKind::count, "columns (inner dimension)"},
    {Operand::a_rs, "a_rs", OperandKind::count, "elements from a row of `in` to the next"},
    {Operand::a_cs, "a_cs", OperandKind::count, "elements from a column of `in` to the next"},
    {Operand::b_rs, "b_rs", OperandKind::count, "elements from a row of `in2` to the next"},
    {Operand::b_cs, "b_cs", OperandKind::count, "elements from a column of `in2` to the next"},
    {Operand::wt_rs, "wt_rs", OperandKind::count,
     "elements of `wt` from an output channel to the next"},
    {Operand::wt_cs, "wt_cs", OperandKind::count,
     "elements of `wt` from an input channel to the next"},
    {Operand::fn, "fn", OperandKind::fn, "function"},
    {Operand::post, "post", OperandKind::fn, "function applied to the result"},
    {Operand::acc, "acc", OperandKind::flags,
     "partial sums in or out, bias, scale, synapses that are indexed or in groups, states of rows"},
    {Operand::alpha, "alpha", OperandKind::real, "first parameter of the function"},
    {Operand::beta, "beta", OperandKind::real, "second parameter of the function"},
    {Operand::gamma, "gamma", OperandKind::real, "third parameter of the function"},
    {Operand::y0, "y0", OperandKind::whole, "source row of output row 0, in units of 1/yd"},
    {Operand::ys, "ys", OperandKind::count, "source rows an output row, in units of 1/yd"},
    {Operand::x0, "x0", OperandKind::whole, "source column of output column 0, in units of 1/xd"},
    {Operand::xs, "xs", OperandKind::count, "source columns an output column, in units of 1/xd"},
    {Operand::id, "id", OperandKind::count, "barrier's serial number (for messages)"},
    {Operand::mask_lo, "mask_lo", OperandKind::count, "cores 0..31 that meet, a bit each"},
    {Operand::mask_hi, "mask_hi", OperandKind::count, "cores 32..63 that meet, a bit each"},
    {Operand::core, "core", OperandKind::core, "the other core"},
    {Operand::sem, "sem", OperandKind::count, "semaphore of the waiting core"},
    {Operand::wt_bytes, "wt_bytes", OperandKind::count,
     "bytes of `wt` where it is indexed or in groups, else 0"},
    {Operand::wt_nz, "wt_nz", OperandKind::count,
     "synapses of `wt` where it is indexed, padding left out: products of an output position"},
    {Operand::pe_cycles, "pe_cycles", OperandKind::count,
     "cycles of an output position where `wt` is indexed: of each group of PEs the slowest's"},
    {Operand::pe_wait, "pe_wait", OperandKind::count,
     "cycles of an output position that PEs wait for the slowest of their group, added up"},
    {Operand::s_in, "s_in", OperandKind::real, "what 1 in `in` stands for"},
    {Operand::s_in2, "s_in2", OperandKind::real,
     "what 1 in `in2`, or in `wt` without records, stands for"},
    {Operand::s_mid, "s_mid", OperandKind::real,
     "what 1 stands for in the argument of the function, and in `out2`"},
    {Operand::s_out, "s_out", OperandKind::real, "what 1 in `out` stands for"},
    {Operand::yd, "yd", OperandKind::count, "parts of a row that y0 and ys count, at least 1"},
    {Operand::xd, "xd", OperandKind::count, "parts of a column that x0 and xs count, at least 1"},
    {Operand::z_in, "z_in", OperandKind::whole, "the number in `in` that stands for 0"},
    {Operand::z_in2, "z_in2", OperandKind::whole,
     "the number in `in2`, or in `wt`, that stands for 0"},
    {Operand::z_mid, "z_mid", OperandKind::whole,
     "the number that stands for 0 in the argument of the function, and in `out2`"},
    {Operand::z_out, "z_out", OperandKind::whole, "the number in `out` that stands for 0"},
    {Operand::wt_bits, "wt_bits", OperandKind::count,
     "bits of a code of `wt` where it is in groups, else 0"},
    {Operand::wt_group, "wt_group", OperandKind::count,
     "positions of a row of `wt` that share a scale; 0: all, or `wt` is not in groups"},
});

// clang-format off
enum class Opcode : std::uint8_t {
  halt, barrier, signal, wait,
  load_n, load_s, store,
  conv, dwconv, matmul, pool, ewise, act, reduce, softmax, norm, lrn, resize, move, lstm, quant,
  stats,
};
// clang-format on

inline constexpr std::size_t kMaxOperands = 28;

struct OpcodeInfo {
  Opcode opcode;
  std::string_view mnemonic;
  Unit unit;
  TimingClass timing;
  std::array<std::optional<Operand>, kMaxOperands> operands;  ///< leading entries are set
  std::string_view doc;
};

namespace detail {
template <class... Ops>
constexpr std::array<std::optional<Operand>, kMaxOperands> operands(Ops... ops) {
  static_assert(sizeof...(ops) <= kMaxOperands);
  return {ops...};
}
}  // namespace detail

inline constexpr auto kOpcodes = [] {
  using enum Operand;
  using detail::operands;
  return std::to_array<OpcodeInfo>({
      {Opcode::halt, "halt", Unit::control, TimingClass::control, operands(),
       "The core's program ends when all its earlier instructions have completed."},
      {Opcode::barrier, "barrier", Unit::control, TimingClass::control,
       operands(id, mask_lo, mask_hi),
       "Arrives when all earlier instructions of the core have completed; goes on when every core "
       "of the mask has arrived at its barrier of the same mask."},
      {Opcode::signal, "signal", Unit::store, TimingClass::control, operands(core, sem),
       "After the core's earlier stores: increments semaphore `sem` of the other core."},
      {Opcode::wait, "wait", Unit::load_neuron, TimingClass::control, operands(core, sem),
       "Holds the load-neuron engine until semaphore `sem` of this core, which core `core` "
       "signals, is positive; decrements it."},
      {Opcode::load_n, "load.n", Unit::load_neuron, TimingClass::dma,
       operands(out, buf, off, run, n1, s1, d1, n2, s2, d2, n3, s3, d3),
       "Strided copy from DRAM to NBin."},
      {Opcode::load_s, "load.s", Unit::load_synapse, TimingClass::dma,
       operands(out, buf, off, run, n1, s1, d1, n2, s2, d2, n3, s3, d3),
       "Strided copy from DRAM to SB."},
      {Opcode::store, "store", Unit::store, TimingClass::dma,
       operands(in, buf, off, run, n1, s1, d1, n2, s2, d2, n3, s3, d3),
       "Strided copy from NBout to DRAM."},
      {Opcode::conv, "conv", Unit::compute, TimingClass::mac,
       operands(in, wt, bias, out, in_h, in_w, in_c, out_h, out_w, out_c, kh, kw, sy, sx, dy, dx,
                pad_t, pad_l, acc, post, alpha, beta, wt_bytes, wt_nz, pe_cycles, pe_wait, wt_bits,
                wt_group),
       "Convolution: in[in_h][in_w][in_c], wt[out_c][kh][kw][in_c] -> out[out_h][out_w][out_c]. "
       "Positions outside the tile count as zero."},
      {Opcode::dwconv, "dwconv", Unit::compute, TimingClass::mac,
       operands(in, wt, bias, out, in_h, in_w, in_c, out_h, out_w, kh, kw, sy, sx, dy, dx, pad_t,
                pad_l, acc, post, alpha, beta),
       "Depthwise convolution: in[in_h][in_w][in_c], wt[in_c][kh][kw] -> out[out_h][out_w][in_c]."},
      {Opcode::matmul, "matmul", Unit::compute, TimingClass::mac,
       operands(in, wt, bias, out, rows, in_c, out_c, wt_rs, wt_cs, acc, post, alpha, beta, gamma,
                wt_bytes, wt_nz, pe_cycles, pe_wait, wt_bits, wt_group),
       "Matrix product: in[rows][in_c] x wt -> out[rows][out_c], times gamma; element (o, i) of wt "
       "at o * wt_rs + i * wt_cs."},
      {Opcode::pool, "pool", Unit::compute, TimingClass::pool,
       operands(in, out, in_h, in_w, in_c, out_h, out_w, kh, kw, sy, sx, dy, dx, pad_t, pad_l, fn,
                acc, gamma),
       "Pooling with fn max or sum over in[in_h][in_w][in_c]; positions outside the tile do not "
       "take part; sums are multiplied with gamma, or, where gamma is 0, divided by the number of "
       "positions that took part."},
      {Opcode::ewise, "ewise", Unit::compute, TimingClass::elementwise,
       operands(in, in2, out, rows, cols, a_rs, a_cs, b_rs, b_cs, fn, post, alpha, beta),
       "Element-wise binary fn with broadcast (stride 0): out[rows][cols] dense."},
      {Opcode::act, "act", Unit::compute, TimingClass::elementwise,
       operands(in, out, rows, cols, a_rs, a_cs, fn, alpha, beta),
       "Element-wise unary fn: out[rows][cols] dense."},
      {Opcode::reduce, "reduce", Unit::compute, TimingClass::elementwise,
       operands(in, out, rows, cols, a_rs, a_cs, fn, acc, gamma),
       "Reduces each row with fn sum or max: out[rows], times gamma."},
      {Opcode::softmax, "softmax", Unit::compute, TimingClass::special,
       operands(in, out, rows, cols, gamma, in2, acc),
       "Softmax of each row of gamma * in[rows][cols]."},
      {Opcode::norm, "norm", Unit::compute, TimingClass::special,
       operands(in, wt, bias, out, rows, cols, alpha, in2, acc),
       "Layer normalisation of each row of in[rows][cols] with gamma `wt`, beta `bias` and "
       "epsilon alpha."},
      {Opcode::lrn, "lrn", Unit::compute, TimingClass::special,
       operands(in, out, rows, cols, kw, alpha, beta, gamma),
       "Local response normalisation over kw channels: x / (gamma + alpha / kw * sum x^2)^beta."},
      {Opcode::resize, "resize", Unit::compute, TimingClass::elementwise,
       operands(in, out, in_h, in_w, in_c, out_h, out_w, y0, ys, x0, xs, fn, yd, xd),
       "Resampling of in[in_h][in_w][in_c] at (y0 + y * ys) / yd, (x0 + x * xs) / xd, clamped to "
       "the tile; fn none: nearest (floor), fn mean: bilinear."},
      {Opcode::move, "move", Unit::compute, TimingClass::move,
       operands(in, out, run, n1, s1, d1, n2, s2, d2, n3, s3, d3),
       "Strided copy from NBin to NBout (transpositions, gathers)."},
      {Opcode::lstm, "lstm", Unit::compute, TimingClass::special,
       operands(in, in2, out, out2, rows, cols),
       "LSTM cell: in[rows][4*cols] are the gates i, o, f, g before their functions, in2[rows]"
       "[cols] the old cell state -> out[rows][cols] output, out2[rows][cols] new cell state."},
      {Opcode::quant, "quant", Unit::compute, TimingClass::control,
       operands(s_in, s_in2, s_mid, s_out, z_in, z_in2, z_mid, z_out),
       "int8: the compute unit's registers of scales and zero points, which the core's later "
       "compute "
       "instructions read: a number q stands for (q - z) * s."},
      {Opcode::stats, "stats", Unit::compute, TimingClass::special,
       operands(in, out, rows, cols, fn, gamma, acc),
       "Adds a piece in[rows][cols] of rows to their states at out, 24 bytes each: fn max the "
       "largest of gamma * in, then fn exp the exponentials of what lies below it; fn sum the "
       "elements, then fn mul the squares of what is left of their mean. Without accumulate the "
       "states begin here."},
  });
}();

constexpr const OpcodeInfo& info(Opcode opcode) {
  return kOpcodes[static_cast<std::size_t>(opcode)];
}
constexpr const OperandInfo& info(Operand operand) {
  return kOperands[static_cast<std::size_t>(operand)];
}
constexpr std::string_view name(Function fn) {
  return kFunctions[static_cast<std::size_t>(fn)].name;
}

namespace detail {
/// Tables are indexed by their enums: row i describes enumerator i.
consteval bool tables_are_in_order() {
  for (std::size_t i = 0; i < kOpcodes.size(); ++i)
    if (static_cast<std::size_t>(kOpcodes[i].opcode) != i) return false;
  for (std::size_t i = 0; i < kOperands.size(); ++i)
    if (static_cast<std::size_t>(kOperands[i].operand) != i) return false;
  return true;
}
static_assert(tables_are_in_order());

/// slot[opcode][operand] -> position among the opcode's operands, -1 where it has none.
inline constexpr auto kSlots = [] {
  std::array<std::array<std::int16_t, kOperands.size()>, kOpcodes.size()> slots{};
  for (auto& row : slots) row.fill(-1);
  for (std::size_t op = 0; op < kOpcodes.size(); ++op)
    for (std::size_t i = 0; i < kMaxOperands; ++i)
      if (kOpcodes[op].operands[i])
        slots[op][static_cast<std::size_t>(*kOpcodes[op].operands[i])] =
            static_cast<std::int16_t>(i);
  return slots;
}();
}  // namespace detail

}  // namespace unna
