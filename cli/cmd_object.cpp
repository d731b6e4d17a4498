// compile, verify, asm and disasm: what makes and shows object files.

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "flow/files.h"
#include "text/units.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

std::string object_text(const Object& object) {
  std::size_t instructions = 0;
  for (const auto& stream : object.streams) instructions += stream.size();
  return fmt::format("{} on {}, {}, {}", counted(instructions, "instruction"),
                     counted(object.streams.size(), "core"), counted(object.layers.size(), "layer"),
                     counted(object.buffers.size(), "buffer"));
}

constexpr CommandHelp kCompileHelp = {
    "compile", "NETWORK",
    "Compiles a network to program.uno in the run directory, without running it."};
constexpr OptionRow kCompileRows[] = {
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    kScheduleOption,
    kDumpOption,
    {"output,o", "DIR", "", "run directory (default: out/<network>.<cores>)"},
    kQuietOption,
};

constexpr CommandHelp kVerifyHelp = {
    "verify", "FILE...",
    "Checks that object files can run; names the first instruction that can't."};

constexpr CommandHelp kAsmHelp = {"asm", "FILE",
                                  "Assembles text (as disasm prints it) and verifies it."};
constexpr OptionRow kAsmRows[] = {
    {"output,o", "FILE", "", "object file (default: the input's name with .uno)"},
    kQuietOption,
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
  check_run_directory(options);
  const std::vector<std::string> dumps = dump_choice(options);
  MachineChoice choice = machine_choice(options);
  choice.cores = options.integer("cores", 1, kMaxCores);
  const ChosenMachine machine = choose_machine(choice);
  RunProgress progress(!options.flag("quiet"));
  progress.stage(fmt::format("compiling {}", options.only()));
  const Compiled compiled =
      compile_network(network_choice(options, options.only()), machine, compile_choice(options));
  progress.end_stage();
  const fs::path directory =
      run_directory(options, fmt::format("{}.{}", compiled.object->network, machine.config.cores));
  OutputFiles files;
  files.make_directory(directory);
  files.add(directory / "program.uno", encode_object(*compiled.object));
  add_dumps(dumps, compiled, directory, files);
  files.commit();
  say(options, fmt::format("{}: {}\nwritten to {}\n", compiled.object->network,
                           object_text(*compiled.object), directory.string()));
  return kExitOk;
}

CommandInterface verify_interface() {
  return {kVerifyHelp, {}};
}

int verify_command(const Options& options) {
  if (options.positional().empty())
    throw InputError("unnasim verify: expected a file, see unnasim verify --help");
  RunProgress progress(true);
  for (const std::string& file : options.positional()) {
    progress.stage(fmt::format("checking {}", file));
    const Object object = load_object(file);
    try {
      verify(object);
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", file, error.what()));
    }
    progress.end_stage();
    fmt::print("{}: can run: {}\n", file, object_text(object));
  }
  return kExitOk;
}

CommandInterface asm_interface() {
  return {kAsmHelp, {std::begin(kAsmRows), std::end(kAsmRows)}};
}

int asm_command(const Options& options) {
  const fs::path file = options.only();
  const std::string output = output_beside(options, file, ".uno");
  const Object object = assemble(read_file(file), file);
  verify(object);
  write_file(output, encode_object(object));
  constexpr std::string_view kOutput[] = {"output"};
  say(options, fmt::format("{}: {}\n", output, object_text(object)), kOutput);
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
