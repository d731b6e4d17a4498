#pragma once

// The parts of verify(); object.h says what they reject.

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "isa/object.h"

namespace unna::detail {

/// An instruction and where it stands.
struct Site {
  const Object& object;
  std::size_t core;
  std::size_t pc;

  const Instruction& instruction() const { return object.streams[core][pc]; }

  template <class... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail(fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  /// Throws InputError("network: core C, pc P: `disassembly`: message").
  [[noreturn]] void fail(std::string_view message) const;
};

/// Each operand on its own, and what the instruction touches on the chip and in DRAM.
void check_operands(const Site& site);

/// Tokens of one core: never negative in program order, none left over at the halt.
void check_tokens(const Object& object, std::size_t core);

/// On-chip races of one core, whose tokens have passed check_tokens(): instructions of different
/// engines that touch the same bytes, one of them writing, with no order between them.
void check_hazards(const Object& object, std::size_t core);

/// Barriers, signals and waits of all cores, executed without time in program order. A program that
/// passes does not hang on any machine, whatever the depth of its queues; one that runs only
/// because an engine overtakes another far enough is rejected.
void check_synchronisation(const Object& object);

}  // namespace unna::detail
