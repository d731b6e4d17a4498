#pragma once

// The words of the assembly language that the assembler, the disassembler and the trace's text form
// share. Exact both ways: every 32-bit operand word has a text, and parses back to itself.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "isa/instruction.h"

namespace unna::assembly {

/// Appends an operand's word as its kind is written: `nbin[64]`, `b12`, `7`, `0.5`, `relu`,
/// `accumulate|bias`, `c3`; words that are none of the kind's values as `0x...`.
void append_operand(std::string& out, OperandKind kind, std::uint32_t word);
/// The reverse; nothing where `text` is not such an operand.
std::optional<std::uint32_t> parse_operand(OperandKind kind, std::string_view text);
/// What parse_operand() takes, for messages.
std::string_view expectation(OperandKind kind);

/// "ln,st".
void append_engines(std::string& out, EngineMask mask);
std::optional<EngineMask> parse_engines(std::string_view text);

/// Appends `text` between double quotes; `"`, `\` and control characters are escaped (`\n`,
/// `\x1f`).
void append_quoted(std::string& out, std::string_view text);

std::string quoted(std::string_view text);

/// One instruction without newline.
void append_instruction(std::string& out, const Instruction& instruction);

}  // namespace unna::assembly
