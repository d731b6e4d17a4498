#include "cli/commands.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

#include "base/error.h"
#include "base/version.h"
#include "cli/console.h"
#include "text/nearest.h"
#include "text/printable.h"

namespace unna {

namespace {

constexpr Command kCommands[] = {
    {"simulate", "compile a network, run it on a machine, plan and validate its memory",
     simulate_interface, simulate_command},
    {"compare", "what networks need under topology and under instruction liveness",
     compare_interface, compare_command},
    {"fit", "search for the fastest program that fits a memory budget", fit_interface, fit_command},
    {"generate", "a language model with caches: a prompt, then token after token",
     generate_interface, generate_command},
    {"sweep", "simulate every point of a grid described in a file", sweep_interface, sweep_command},
    {"plot", "draw columns of a sweep's results over each other", plot_interface, plot_command},
    {"report", "show runs and sweeps on a page that opens in a browser", report_interface,
     report_command},
    {"plan", "place buffers with given lifetimes, from a CSV file or a trace", plan_interface,
     plan_command},
    {"compile", "compile a network to an object file", compile_interface, compile_command},
    {"verify", "check that an object file can run", verify_interface, verify_command},
    {"asm", "assemble text to an object file", asm_interface, asm_command},
    {"disasm", "print an object file as text", disasm_interface, disasm_command},
    {"trace", "print or summarise a trace file", trace_interface, trace_command},
    {"import", "write an ONNX model as a network file", import_interface, import_command},
    {"conformance", "run ONNX's backend tests, and count what passes", conformance_interface,
     conformance_command},
    {"dram", "bandwidth and latency of a machine's banked DRAM", dram_interface, dram_command},
    {"machine", "print a machine with all its fields", machine_interface, machine_command},
    {"energy", "print power and area of a core beside the published ones", energy_interface,
     energy_command},
    {"networks", "print the sizes of networks", networks_interface, networks_command},
    {"isa", "print the instruction set", isa_interface, isa_command},
    {"doctor", "say what is installed and which optional parts are missing", doctor_interface,
     doctor_command},
    {"man", "print the manual page", man_interface, man_command},
    {"completion", "print what bash or zsh needs to complete command lines", completion_interface,
     completion_command},
};

void print_help() {
  fmt::print("usage: unnasim <command> [arguments]\n\nCommands:\n");
  for (const Command& command : kCommands) fmt::print("  {:<11} {}\n", command.name, command.doc);
  fmt::print(
      "\nunnasim help <command> explains one; unnasim --version.\n"
      "Exit codes: 0 done, 1 no point of a sweep is good or a checked plan not valid, 2 bad input, "
      "3 does not fit, 4 the "
      "machine hangs, 70 a bug of "
      "unnasim.\n");
}

std::string unknown_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  const auto meant = nearest(name, names);
  return fmt::format("unnasim: unknown command '{}', {}", name,
                     meant ? fmt::format("did you mean '{}'?", *meant) : "see unnasim --help");
}

const Command& find_command(const std::string& name) {
  for (const Command& command : kCommands)
    if (command.name == name) return command;
  throw InputError(unknown_command(name));
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty()) throw InputError("unnasim: expected a command, see unnasim --help");
  const std::string& name = arguments.front();
  if (name == "help" && arguments.size() == 2) {
    const CommandInterface takes = find_command(arguments[1]).interface();
    parse_options(takes.help, takes.options, {"--help"});
    return kExitOk;
  }
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return kExitOk;
  }
  if (name == "--version") {
    fmt::print("unnasim {}\n", kVersion);
    return kExitOk;
  }
  const Command& command = find_command(name);
  const CommandInterface takes = command.interface();
  const auto options =
      parse_options(takes.help, takes.options, {arguments.begin() + 1, arguments.end()});
  return options ? command.run(*options) : kExitOk;
}

int fail(int code, std::string_view prefix, std::string_view message) {
  std::fflush(stdout);
  fmt::print(stderr, "{}{}\n", prefix, message);
  return code;
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

int run_program(const Arguments& arguments) {
  try {
    const int code = dispatch(arguments);
    if (std::fflush(stdout) != 0) throw InputError("stdout: cannot be written");
    return code;
  } catch (const InputError& error) {
    return fail(kExitBadInput, "", error_line(error.what()));
  } catch (const CapacityError& error) {
    return fail(kExitDoesNotFit, "", printable_lines(error.what()));
  } catch (const DeadlockError& error) {
    return fail(kExitDeadlock, "", printable_lines(error.what()));
  } catch (const std::bad_alloc&) {
    return fail(kExitInternal, "", "unnasim: the host is out of memory");
  } catch (const std::exception& error) {
    // {fmt} throws where its output is full.
    if (std::ferror(stdout) != 0)
      return fail(kExitBadInput, "", "stdout: cannot be written, expected room for the output");
    return fail(kExitInternal, "unnasim: internal error: ", printable_lines(error.what()));
  }
}

}  // namespace unna
