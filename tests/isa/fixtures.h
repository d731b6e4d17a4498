#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "isa/object.h"
#include "isa/trace.h"

namespace unna {

/// Two cores: a matrix product on core 0 whose result core 1 pools; passes verify().
std::string small_program();

/// small_program() with the first `from` replaced by `to`. Abbreviates as small_program's text
/// does.
std::string small_program_with(std::string_view from, std::string_view to);

/// Any tables and instructions, with every opcode and any operand words; need not pass verify().
Object random_object(std::uint64_t seed, std::size_t instructions = 200);

/// A trace whose events any reader accepts, ascending by pc within each core.
Trace random_trace(std::uint64_t seed, std::size_t events = 300);

/// `text` with the first `from` replaced by `to`; throws InternalError where it is not there.
std::string replaced(std::string text, std::string_view from, std::string_view to);

/// `n` random bytes, or text with quotes and escapes.
std::string random_name(class Rng& rng);

}  // namespace unna
