#pragma once

// The commands of unnasim, in one table. A command is a file cmd_<name>.cpp and a row here.

#include <span>
#include <string_view>

#include "cli/options.h"

namespace unna {

struct Command {
  std::string_view name;
  std::string_view doc;  ///< one line of `unnasim --help`
  /// Returns the exit code; throws the exceptions of base/error.h.
  int (*run)(const Arguments& arguments);
};

std::span<const Command> commands();

// Exit codes (README.md).
inline constexpr int kExitOk = 0;
inline constexpr int kExitNothingDone = 1;  ///< every point of a sweep failed
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitDoesNotFit = 3;
inline constexpr int kExitDeadlock = 4;
inline constexpr int kExitInternal = 70;

int simulate_command(const Arguments& arguments);
int compare_command(const Arguments& arguments);
int sweep_command(const Arguments& arguments);
int plan_command(const Arguments& arguments);
int compile_command(const Arguments& arguments);
int verify_command(const Arguments& arguments);
int asm_command(const Arguments& arguments);
int disasm_command(const Arguments& arguments);
int trace_command(const Arguments& arguments);
int dram_command(const Arguments& arguments);
int energy_command(const Arguments& arguments);
int machine_command(const Arguments& arguments);
int networks_command(const Arguments& arguments);
int isa_command(const Arguments& arguments);
int conformance_command(const Arguments& arguments);
int import_command(const Arguments& arguments);

/// Runs `unnasim <arguments>`: finds the command and turns exceptions into messages on stderr and
/// exit codes.
int run_program(const Arguments& arguments);

}  // namespace unna
