#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "isa/accesses.h"
#include "isa/assembly.h"
#include "isa/synapse_format.h"
#include "isa/verify_checks.h"
#include "numbers/synapse_groups.h"

namespace unna::detail {
namespace {

using enum Operand;

constexpr bool is_unary(Function fn) {
  return fn <= Function::neg || fn == Function::round;
}

/// Functions that an opcode takes as `fn`.
std::span<const Function> functions(Opcode opcode) {
  static constexpr Function kPool[] = {Function::max, Function::sum};
  static constexpr Function kEwise[] = {Function::add, Function::sub, Function::mul,
                                        Function::div, Function::max, Function::min};
  static constexpr Function kResize[] = {Function::none, Function::mean};
  static constexpr Function kStats[] = {Function::max, Function::exp, Function::sum, Function::mul};
  switch (opcode) {
    case Opcode::pool:
    case Opcode::reduce:
      return kPool;
    case Opcode::ewise:
      return kEwise;
    case Opcode::resize:
      return kResize;
    case Opcode::stats:
      return kStats;
    default:
      return {};
  }
}

void check_function(const Site& site, const OperandInfo& row, std::uint32_t word) {
  const auto fn = static_cast<Function>(word);
  const Opcode opcode = site.instruction().opcode;
  if (word >= kFunctions.size())
    site.reject("{} is {}, expected a function below {}", row.name, word, kFunctions.size());
  if (row.operand == post || opcode == Opcode::act) {
    if (!is_unary(fn))
      site.reject("{} is {}, expected a function of one operand", row.name, name(fn));
    return;
  }
  const std::span<const Function> allowed = functions(opcode);
  if (std::find(allowed.begin(), allowed.end(), fn) != allowed.end()) return;
  std::string names;
  for (const Function f : allowed) names += fmt::format("{}{}", names.empty() ? "" : ", ", name(f));
  site.reject("{} is {}, expected one of: {}", row.name, name(fn), names);
}

/// Operators over rows have flags of their own.
void check_row_flags(const Site& site, std::uint32_t word) {
  const Opcode opcode = site.instruction().opcode;
  const bool by_row = opcode == Opcode::softmax || opcode == Opcode::norm;
  if (by_row && (word & ~kStates) != 0) site.reject("acc is {:#x}, expected none or states", word);
  if (opcode == Opcode::stats && (word & ~kAccumulate) != 0)
    site.reject("acc is {:#x}, expected none or accumulate", word);
  if (!by_row && (word & kStates) != 0)
    site.reject("acc has states, expected them with softmax and norm only");
}

void check_flags(const Site& site, std::uint32_t word) {
  if ((word &
       ~(kAccumulate | kPartial | kBias | kScale | kIndexed | kGrouped | kZeros | kStates)) != 0)
    site.reject(
        "acc is {:#x}, expected a set of accumulate, partial, bias, scale, indexed, grouped, "
        "zeros and states",
        word);
  check_row_flags(site, word);
  if ((word & kIndexed) != 0 && !site.instruction().has(wt_bytes))
    site.reject("acc has indexed, expected it with conv and matmul only");
  if ((word & (kGrouped | kZeros)) != 0 && !site.instruction().has(wt_bits))
    site.reject("acc has grouped or zeros, expected them with conv and matmul only");
  if ((word & kScale) != 0 && site.object.data_type != DataType::int8)
    site.reject("acc has scale, expected none but in int8");
  if ((word & (kBias | kScale)) == 0) return;
  if ((word & kBias) != 0 && (word & kAccumulate) != 0)
    site.reject("acc adds a bias to partial sums that have it, expected only one of the two");
  if (!site.instruction().has(bias))
    site.reject("acc has bias or scale, expected none with an instruction without that operand");
}

/// Extents, repetitions and kernels; strides over elements may be 0 (broadcast), padding too.
constexpr auto kMustBePositive = [] {
  std::array<bool, kOperands.size()> table{};
  for (const Operand operand : {run, n1, n2, n3, in_h, in_w, in_c, out_h, out_w, out_c,
                                kh,  kw, sy, sx, dy,   dx,   rows, cols,  yd,    xd})
    table[static_cast<std::size_t>(operand)] = true;
  return table;
}();

void check_operand(const Site& site, const OperandInfo& row, std::uint32_t word) {
  switch (row.kind) {
    case OperandKind::local:
      if (word >> 30U >= kMemoryNames.size())
        site.reject("{} is {:#x}, expected an address in nbin, sb or nbout", row.name, word);
      return;
    case OperandKind::buffer:
      if (word >= site.object.buffers.size())
        site.reject("{} is b{}, expected a buffer below b{}", row.name, word,
                    site.object.buffers.size());
      return;
    case OperandKind::core:
      if (word >= site.object.streams.size() || word == site.core)
        site.reject("{} is c{}, expected another core below c{}", row.name, word,
                    site.object.streams.size());
      return;
    case OperandKind::count:
      if (word == 0 && kMustBePositive[static_cast<std::size_t>(row.operand)])
        site.reject("{} is 0, expected 1 or more", row.name);
      return;
    case OperandKind::real:
      if (!std::isfinite(std::bit_cast<float>(word)))
        site.reject("{} is not finite, expected a number", row.name);
      if (site.instruction().opcode == Opcode::quant && std::bit_cast<float>(word) <= 0)
        site.reject("{} is {}, expected a scale above 0", row.name, std::bit_cast<float>(word));
      return;
    case OperandKind::fn:
      return check_function(site, row, word);
    case OperandKind::flags:
      return check_flags(site, word);
    case OperandKind::whole: {
      const auto value = static_cast<std::int32_t>(word);
      if (site.instruction().opcode == Opcode::quant && (value < -128 || value > 127))
        site.reject("{} is {}, expected a zero point from -128 to 127", row.name, value);
      return;
    }
  }
}

/// Products of operands that stand for extents; an operand that an opcode does not have counts 1.
constexpr std::array<std::array<std::optional<Operand>, 4>, 14> kProducts = {{
    {in_h, in_w, in_c},
    {out_h, out_w, out_c, in_c},
    {out_c, kh, kw, in_c},
    {rows, cols},
    {rows, in_c},
    {rows, out_c},
    {run, n1, n2, n3},
    {n1, s1},
    {n1, d1},
    {n2, s2},
    {n2, d2},
    {n3, s3},
    {n3, d3},
    {kw, cols},
}};

/// The products of each opcode as positions of its operands; -1 where there is none.
constexpr auto kProductSlots = [] {
  std::array<std::array<std::array<std::int16_t, 4>, kProducts.size()>, kOpcodes.size()> table{};
  for (std::size_t op = 0; op < kOpcodes.size(); ++op)
    for (std::size_t p = 0; p < kProducts.size(); ++p)
      for (std::size_t k = 0; k < 4; ++k)
        table[op][p][k] =
            kProducts[p][k] ? kSlots[op][static_cast<std::size_t>(*kProducts[p][k])] : -1;
  return table;
}();

/// Nothing that is computed from operands afterwards overflows once these products are small.
void check_products(const Site& site) {
  constexpr double kLimit = 1ULL << 44U;
  const Instruction& i = site.instruction();
  for (const auto& product : kProductSlots[static_cast<std::size_t>(i.opcode)]) {
    double value = 1;
    for (const std::int16_t slot : product)
      if (slot >= 0) value *= i.operands[static_cast<std::size_t>(slot)];
    if (value > kLimit)
      site.reject("extents multiply to more than 2^44, expected a tile that fits on the chip");
  }
}

/// What an instruction says of synapses in groups: exactly what such a tile takes.
void check_grouped(const Site& site) {
  const Instruction& i = site.instruction();
  if (!i.has(wt_bits)) return;
  if (!has_flag(i, kGrouped)) {
    for (const Operand o : {wt_bits, wt_group})
      if (i.get(o) != 0)
        site.reject("{} is {}, expected 0 as wt is not in groups", info(o).name, i.get(o));
    if (has_flag(i, kZeros)) site.reject("zero points of synapses that are not in groups");
    return;
  }
  if (has_flag(i, kIndexed)) site.reject("wt is indexed and in groups, expected one of them");
  if (site.object.core.expansion != Expansion::groups)
    site.reject("wt is in groups, expected a core that expands them");
  if (i.get(wt_bits) != 4 && i.get(wt_bits) != 8)
    site.reject("wt_bits is {}, expected 4 or 8", i.get(wt_bits));
  if (i.opcode == Opcode::matmul && (i.get(wt_rs) != i.get(in_c) || i.get(wt_cs) != 1))
    site.reject("wt is in groups and has strides, expected {} and 1", i.get(in_c));
  const std::int64_t row =
      i.count(in_c) * (i.opcode == Opcode::conv ? i.count(kh) * i.count(kw) : 1);
  const GroupFormat format{i.count(wt_bits), i.count(wt_group), has_flag(i, kZeros)};
  const Bytes bytes =
      i.count(out_c) * grouped_row_bytes(format, row, element_bytes(site.object.data_type));
  if (i.count(wt_bytes) != bytes)
    site.reject("wt_bytes is {}, expected {}", i.count(wt_bytes), bytes);
}

/// What an instruction says of its step-indexed synapses: no more than a machine could have or do.
void check_indexed(const Site& site) {
  const Instruction& i = site.instruction();
  if (!i.has(wt_bytes)) return;
  if (!has_flag(i, kIndexed)) {
    for (const Operand o : {wt_bytes, wt_nz, pe_cycles, pe_wait})
      if (i.get(o) != 0 && !(o == wt_bytes && has_flag(i, kGrouped)))
        site.reject("{} is {}, expected 0 as wt is not indexed", info(o).name, i.get(o));
    return;
  }
  const CoreConfig& core = site.object.core;
  if (core.indexing != Indexing::step)
    site.reject("wt is indexed, expected a core with an indexing module");
  if (i.opcode == Opcode::matmul && (i.get(wt_rs) != i.get(in_c) || i.get(wt_cs) != 1))
    site.reject("wt is indexed and has strides, expected {} and 1", i.get(in_c));
  const std::int64_t row =
      i.count(in_c) * (i.opcode == Opcode::conv ? i.count(kh) * i.count(kw) : 1);
  if (row > kMaxIndexedRow)
    site.reject("an indexed row has {} positions, expected at most {}", row, kMaxIndexedRow);
  if (i.count(wt_nz) > row * i.count(out_c))
    site.reject("wt_nz is {}, expected at most {}", i.count(wt_nz), row * i.count(out_c));
  const Bytes least = indexed_bytes(i.count(out_c), i.count(wt_nz), core.index_bits,
                                    element_bytes(site.object.data_type));
  if (i.count(wt_bytes) < least)
    site.reject("wt_bytes is {}, expected at least {} for {} synapses", i.count(wt_bytes), least,
                i.count(wt_nz));
  const Cycle fastest = std::max(ceil_div(i.count(out_c), core.pes),
                                 ceil_div(i.count(wt_nz), core.pes * products_per_cycle(core)));
  if (i.count(pe_cycles) < fastest)
    site.reject("pe_cycles is {}, expected at least {}", i.count(pe_cycles), fastest);
}

bool memory_allowed(Opcode opcode, Operand operand, Memory memory) {
  switch (opcode) {
    case Opcode::load_n:
      return memory == Memory::nbin;
    case Opcode::load_s:
      return memory == Memory::sb;
    case Opcode::store:
      return memory == Memory::nbout;
    default:
      break;
  }
  switch (operand) {
    case in:
    case in2:
      return memory == Memory::nbin || memory == Memory::nbout;
    case wt:
    case bias:
      return memory == Memory::sb;
    default:
      return memory == Memory::nbout;
  }
}

std::string allowed_memories(Opcode opcode, Operand operand) {
  std::string out;
  for (std::size_t m = 0; m < kMemoryNames.size(); ++m)
    if (memory_allowed(opcode, operand, static_cast<Memory>(m)))
      out += fmt::format("{}{}", out.empty() ? "" : " or ", kMemoryNames[m]);
  return out;
}

Bytes memory_bytes(const CoreConfig& core, Memory memory) {
  return memory == Memory::nbin ? core.nbin_bytes
         : memory == Memory::sb ? core.sb_bytes
                                : core.nbout_bytes;
}

void check_local_accesses(const Site& site) {
  const CoreConfig& core = site.object.core;
  const Instruction& i = site.instruction();
  for (const LocalAccess& access :
       local_accesses(i, element_bytes(site.object.data_type), core.accumulator_bytes)) {
    const std::string_view operand = info(access.operand).name;
    const auto memory = kMemoryNames[static_cast<std::size_t>(access.memory)];
    if (!memory_allowed(i.opcode, access.operand, access.memory))
      site.reject("{} is in {}, expected {}", operand, memory,
                  allowed_memories(i.opcode, access.operand));
    const Bytes size = memory_bytes(core, access.memory);
    if (access.begin < 0 || access.end > size)
      site.reject("{} takes bytes [{}, {}) of {}, expected them within its {}", operand,
                  access.begin, access.end, memory, size);
  }
}

void check_dram_access(const Site& site) {
  const std::optional<DramAccess> access = dram_access(site.instruction());
  if (!access) return;
  const BufferInfo& buffer = site.object.buffers[access->buffer.index()];
  if (access->begin < 0 || access->end > buffer.size)
    site.reject("touches bytes [{}, {}) of {}, expected them within its {}", access->begin,
                access->end, assembly::quoted(buffer.name), buffer.size);
  const bool constant = buffer.kind == BufferKind::weight || buffer.kind == BufferKind::input;
  if (access->write && constant)
    site.reject("stores to {}, which is {}, expected an intermediate or an output",
                assembly::quoted(buffer.name),
                buffer.kind == BufferKind::weight ? "a weight" : "an input");
}

void check_tokens_named(const Site& site) {
  const Instruction& i = site.instruction();
  constexpr unsigned kAll = (1U << kEngines) - 1;
  if ((i.wait | i.signal) > kAll)
    site.reject("tokens of engines {:#x}, expected a set within {:#x}", i.wait | i.signal, kAll);
  const std::optional<Engine> engine = engine_of(i.opcode);
  if (!engine && (i.wait != 0 || i.signal != 0))
    site.reject("takes or gives tokens, expected none in the control processor");
  if (engine && ((i.wait | i.signal) & engine_bit(*engine)) != 0)
    site.reject("a token between the {} engine and itself, expected another engine",
                kEngineNames[static_cast<std::size_t>(*engine)]);
}

void check_barrier(const Site& site) {
  const std::uint64_t mask = barrier_mask(site.instruction());
  const std::size_t cores = site.object.streams.size();
  if (cores < 64 && (mask >> cores) != 0)
    site.reject("meets cores {:#x}, expected a set of the object's {}", mask, cores);
  if ((mask >> site.core & 1U) == 0)
    site.reject("meets cores {:#x}, expected core {} among them", mask, site.core);
}

}  // namespace

void check_operands(const Site& site) {
  const Instruction& i = site.instruction();
  if (static_cast<std::size_t>(i.opcode) >= kOpcodes.size())
    site.reject("opcode {}, expected one below {}", static_cast<unsigned>(i.opcode),
                kOpcodes.size());
  check_tokens_named(site);
  const OpcodeInfo& row = info(i.opcode);
  if (i.op.index() >= site.object.layers.size() && (row.unit != Unit::control || i.op.value != 0))
    site.reject("belongs to layer {}, expected one below {}", i.op.value,
                site.object.layers.size());
  for (std::size_t k = 0; k < kMaxOperands && row.operands[k]; ++k)
    check_operand(site, info(*row.operands[k]), i.operands[k]);
  if (i.opcode == Opcode::barrier) check_barrier(site);
  if (row.timing == TimingClass::control) return;
  check_products(site);
  check_indexed(site);
  check_grouped(site);
  check_local_accesses(site);
  check_dram_access(site);
}

}  // namespace unna::detail
