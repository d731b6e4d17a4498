#include "isa/assembly.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

namespace unna::assembly {
namespace {

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 8> kFlagNames = {
    {{kAccumulate, "accumulate"},
     {kPartial, "partial"},
     {kBias, "bias"},
     {kScale, "scale"},
     {kIndexed, "indexed"},
     {kGrouped, "grouped"},
     {kZeros, "zeros"},
     {kStates, "states"}}};
constexpr std::uint32_t kAllFlags =
    kAccumulate | kPartial | kBias | kScale | kIndexed | kGrouped | kZeros | kStates;

template <class T>
void append_number(std::string& out, T value) {
  char text[32];
  const auto [end, error] = std::to_chars(std::begin(text), std::end(text), value);
  out.append(text, end);
}

void append_hex(std::string& out, std::uint32_t word) {
  out += "0x";
  char text[8];
  out.append(text, std::to_chars(std::begin(text), std::end(text), word, 16).ptr);
}

template <class T>
std::optional<T> parse_as(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Decimal without leading zeros, so that a number has one text.
std::optional<std::uint32_t> parse_count(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return parse_as<std::uint32_t>(text);
}

void append_real(std::string& out, std::uint32_t word) {
  const auto value = std::bit_cast<float>(word);
  if (std::isfinite(value)) {
    append_number(out, value);
  } else {
    append_hex(out, word);
  }
}

std::optional<std::uint32_t> parse_real(std::string_view text) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return std::bit_cast<std::uint32_t>(value);
}

void append_flags(std::string& out, std::uint32_t word) {
  if (word == 0 || (word & ~kAllFlags) != 0) {
    word == 0 ? void(out += '0') : append_hex(out, word);
    return;
  }
  for (const auto& [flag, name] : kFlagNames) {
    if ((word & flag) == 0) continue;
    if ((word & (flag - 1)) != 0) out += '|';
    out += name;
  }
}

std::optional<std::uint32_t> parse_flags(std::string_view text) {
  if (text == "0") return 0;
  std::uint32_t word = 0;
  while (true) {
    const std::string_view name = text.substr(0, text.find('|'));
    std::uint32_t flag = 0;
    for (const auto& [candidate, candidate_name] : kFlagNames)
      if (name == candidate_name) flag = candidate;
    if (flag == 0 || (word & flag) != 0) return std::nullopt;
    word |= flag;
    if (name.size() == text.size()) return word;
    text.remove_prefix(name.size() + 1);
  }
}

std::optional<std::uint32_t> parse_local(std::string_view text) {
  for (std::size_t m = 0; m < kMemoryNames.size(); ++m) {
    const std::string_view name = kMemoryNames[m];
    if (!text.starts_with(name) || text.size() < name.size() + 3) continue;
    if (text[name.size()] != '[' || text.back() != ']') continue;
    const auto offset = parse_count(text.substr(name.size() + 1, text.size() - name.size() - 2));
    if (!offset || *offset >= (1U << 30U)) return std::nullopt;
    return LocalAddress{static_cast<Memory>(m), *offset}.word();
  }
  return std::nullopt;
}

std::optional<std::uint32_t> parse_prefixed(char prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return parse_count(text.substr(1));
}

std::optional<std::uint32_t> parse_function(std::string_view text) {
  for (std::size_t f = 0; f < kFunctions.size(); ++f)
    if (text == kFunctions[f].name) return static_cast<std::uint32_t>(f);
  return std::nullopt;
}

}  // namespace

void append_operand(std::string& out, OperandKind kind, std::uint32_t word) {
  switch (kind) {
    case OperandKind::local: {
      const auto memory = static_cast<std::size_t>(word >> 30U);
      if (memory >= kMemoryNames.size()) return append_hex(out, word);
      out += kMemoryNames[memory];
      out += '[';
      append_number(out, word & 0x3fffffffU);
      out += ']';
      return;
    }
    case OperandKind::buffer:
      out += 'b';
      return append_number(out, word);
    case OperandKind::core:
      out += 'c';
      return append_number(out, word);
    case OperandKind::count:
      return append_number(out, word);
    case OperandKind::whole:
      return append_number(out, static_cast<std::int32_t>(word));
    case OperandKind::real:
      return append_real(out, word);
    case OperandKind::fn:
      if (word >= kFunctions.size()) return append_hex(out, word);
      out += kFunctions[word].name;
      return;
    case OperandKind::flags:
      return append_flags(out, word);
  }
}

std::optional<std::uint32_t> parse_operand(OperandKind kind, std::string_view text) {
  if (text.starts_with("0x")) return parse_as<std::uint32_t>(text.substr(2), 16);
  switch (kind) {
    case OperandKind::local:
      return parse_local(text);
    case OperandKind::buffer:
      return parse_prefixed('b', text);
    case OperandKind::core:
      return parse_prefixed('c', text);
    case OperandKind::count:
      return parse_count(text);
    case OperandKind::whole: {
      const auto value = parse_as<std::int32_t>(text);
      if (!value) return std::nullopt;
      return static_cast<std::uint32_t>(*value);
    }
    case OperandKind::real:
      return parse_real(text);
    case OperandKind::fn:
      return parse_function(text);
    case OperandKind::flags:
      return parse_flags(text);
  }
  return std::nullopt;
}

std::string_view expectation(OperandKind kind) {
  switch (kind) {
    case OperandKind::local:
      return "an on-chip address such as nbin[64], sb[0] or nbout[0]";
    case OperandKind::buffer:
      return "a buffer such as b12";
    case OperandKind::core:
      return "a core such as c3";
    case OperandKind::count:
      return "a number from 0 to 4294967295";
    case OperandKind::whole:
      return "a number from -2147483648 to 2147483647";
    case OperandKind::real:
      return "a finite number in single precision";
    case OperandKind::fn:
      return "a function such as relu or add";
    case OperandKind::flags:
      return "0 or a set of accumulate|partial|bias|indexed";
  }
  return {};
}

void append_engines(std::string& out, EngineMask mask) {
  bool first = true;
  for (std::size_t e = 0; e < kEngines; ++e) {
    if ((mask & engine_bit(static_cast<Engine>(e))) == 0) continue;
    if (!first) out += ',';
    first = false;
    out += kEngineNames[e];
  }
}

std::optional<EngineMask> parse_engines(std::string_view text) {
  EngineMask mask = 0;
  while (true) {
    const std::string_view name = text.substr(0, text.find(','));
    EngineMask bit = 0;
    for (std::size_t e = 0; e < kEngines; ++e)
      if (name == kEngineNames[e]) bit = engine_bit(static_cast<Engine>(e));
    if (bit == 0 || (mask & bit) != 0) return std::nullopt;
    mask = static_cast<EngineMask>(mask | bit);
    if (name.size() == text.size()) return mask;
    text.remove_prefix(name.size() + 1);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

void append_instruction(std::string& out, const Instruction& instruction) {
  const OpcodeInfo& row = info(instruction.opcode);
  out += row.mnemonic;
  if (instruction.wait != 0) {
    out += " wait(";
    append_engines(out, instruction.wait);
    out += ')';
  }
  if (instruction.signal != 0) {
    out += " signal(";
    append_engines(out, instruction.signal);
    out += ')';
  }
  out += " op(";
  append_number(out, instruction.op.value);
  out += ')';
  for (std::size_t i = 0; i < kMaxOperands && row.operands[i]; ++i) {
    const OperandInfo& operand = info(*row.operands[i]);
    out += ' ';
    out += operand.name;
    out += '=';
    append_operand(out, operand.kind, instruction.operands[i]);
  }
}

}  // namespace unna::assembly

namespace unna {

std::string disassemble(const Instruction& instruction) {
  std::string out;
  assembly::append_instruction(out, instruction);
  return out;
}

}  // namespace unna
