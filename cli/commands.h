#pragma once

// The commands of unnasim, in one table. A command is a file cmd_<name>.cpp and a row here.

#include <span>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace unna {

/// What a command takes: --help, the man page and the shells' completions come from it.
struct CommandInterface {
  CommandHelp help;
  std::vector<OptionRow> options;
};

struct Command {
  std::string_view name;
  std::string_view doc;  ///< one line of `unnasim --help`
  CommandInterface (*interface)();
  /// Returns the exit code; throws the exceptions of base/error.h.
  int (*run)(const Options& options);
};

std::span<const Command> commands();

// Exit codes (README.md).
inline constexpr int kExitOk = 0;
inline constexpr int kExitNothingDone = 1;  ///< no point of a sweep is good
inline constexpr int kExitNotValid = 1;     ///< of a plan that was to be checked
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitDoesNotFit = 3;
inline constexpr int kExitDeadlock = 4;
inline constexpr int kExitInternal = 70;

CommandInterface simulate_interface();
CommandInterface compare_interface();
CommandInterface fit_interface();
CommandInterface generate_interface();
CommandInterface sweep_interface();
CommandInterface report_interface();
CommandInterface plan_interface();
CommandInterface plot_interface();
CommandInterface compile_interface();
CommandInterface verify_interface();
CommandInterface asm_interface();
CommandInterface disasm_interface();
CommandInterface trace_interface();
CommandInterface dram_interface();
CommandInterface energy_interface();
CommandInterface machine_interface();
CommandInterface networks_interface();
CommandInterface isa_interface();
CommandInterface conformance_interface();
CommandInterface import_interface();
CommandInterface doctor_interface();
CommandInterface man_interface();
CommandInterface completion_interface();

int simulate_command(const Options& options);
int compare_command(const Options& options);
int fit_command(const Options& options);
int generate_command(const Options& options);
int sweep_command(const Options& options);
int report_command(const Options& options);
int plan_command(const Options& options);
int plot_command(const Options& options);
int compile_command(const Options& options);
int verify_command(const Options& options);
int asm_command(const Options& options);
int disasm_command(const Options& options);
int trace_command(const Options& options);
int dram_command(const Options& options);
int energy_command(const Options& options);
int machine_command(const Options& options);
int networks_command(const Options& options);
int isa_command(const Options& options);
int conformance_command(const Options& options);
int import_command(const Options& options);
int doctor_command(const Options& options);
int man_command(const Options& options);
int completion_command(const Options& options);

/// Runs `unnasim <arguments>`: finds the command and turns exceptions into messages on stderr and
/// exit codes.
int run_program(const Arguments& arguments);

}  // namespace unna
