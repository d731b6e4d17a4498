// compile, verify, asm and disasm: what makes and shows object files.

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "flow/files.h"
#include "text/units.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

std::string object_text(const Object& object) {
  std::size_t instructions = 0;
  for (const auto& stream : object.streams) instructions += stream.size();
  return fmt::format("{} instructions on {} cores, {} layers, {} buffers",
                     grouped(static_cast<std::int64_t>(instructions)), object.streams.size(),
                     object.layers.size(), object.buffers.size());
}

constexpr CommandHelp kCompileHelp = {
    "compile", "NETWORK",
    "Compiles a network to program.uno in the run directory, without running it."};
constexpr OptionRow kCompileRows[] = {
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    kDumpOption,
    {"output,o", "DIR", "", "run directory (default: out/<network>.<cores>)"},
};

constexpr CommandHelp kVerifyHelp = {
    "verify", "FILE...",
    "Checks that object files can run; names the first instruction that can't."};

constexpr CommandHelp kAsmHelp = {"asm", "FILE",
                                  "Assembles text (as disasm prints it) and verifies it."};
constexpr OptionRow kAsmRows[] = {
    {"output,o", "FILE", "", "object file (default: the input's name with .uno)"},
};

constexpr CommandHelp kDisasmHelp = {
    "disasm", "FILE",
    "Prints an object file: all of it, as asm takes it, or one core's instructions."};
constexpr OptionRow kDisasmRows[] = {{"core", "N", "", "only this core's instructions"}};

void print_stream(const std::vector<Instruction>& stream) {
  for (std::size_t pc = 0; pc < stream.size(); ++pc)
    fmt::print("{:>7}  {}\n", pc, disassemble(stream[pc]));
}

}  // namespace

CommandInterface compile_interface() {
  return {kCompileHelp, std::vector<OptionRow>(std::begin(kCompileRows), std::end(kCompileRows)) +
                            network_options() + machine_options() + compile_options()};
}

int compile_command(const Options& options) {
  MachineChoice choice = machine_choice(options);
  choice.cores = options.integer("cores", 1, kMaxCores);
  const ChosenMachine machine = choose_machine(choice);
  const Compiled compiled =
      compile_network(network_choice(options, options.only()), machine, compile_choice(options));
  const fs::path directory =
      run_directory(options, fmt::format("{}.{}", compiled.object->network, machine.config.cores));
  write_file(directory / "program.uno", encode_object(*compiled.object));
  write_dumps(options, compiled, directory);
  fmt::print("{}: {}\nwritten to {}\n", compiled.object->network, object_text(*compiled.object),
             directory.string());
  return kExitOk;
}

CommandInterface verify_interface() {
  return {kVerifyHelp, {}};
}

int verify_command(const Options& options) {
  if (options.positional().empty())
    throw InputError("unnasim verify: expected a file, see unnasim verify --help");
  for (const std::string& file : options.positional()) {
    const Object object = load_object(file);
    try {
      verify(object);
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", file, error.what()));
    }
    fmt::print("{}: can run: {}\n", file, object_text(object));
  }
  return kExitOk;
}

CommandInterface asm_interface() {
  return {kAsmHelp, {std::begin(kAsmRows), std::end(kAsmRows)}};
}

int asm_command(const Options& options) {
  const fs::path file = options.only();
  const Object object = assemble(read_file(file), file);
  verify(object);
  const fs::path output =
      options.text("output").value_or(fs::path(file).replace_extension(".uno").string());
  write_file(output, encode_object(object));
  fmt::print("{}: {}\n", output.string(), object_text(object));
  return kExitOk;
}

CommandInterface disasm_interface() {
  return {kDisasmHelp, {std::begin(kDisasmRows), std::end(kDisasmRows)}};
}

int disasm_command(const Options& options) {
  const Object object = load_object(options.only());
  const auto core =
      options.integer("core", 0, static_cast<std::int64_t>(object.streams.size()) - 1);
  if (core)
    print_stream(object.streams[static_cast<std::size_t>(*core)]);
  else
    fmt::print("{}", disassemble(object));
  return kExitOk;
}

}  // namespace unna
