// machine, networks, isa and import: what there is to choose from.

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "flow/shipped_files.h"
#include "report/run_report.h"
#include "text/table.h"
#include "text/units.h"
#include "workloads/yaml_writer.h"

namespace unna {

namespace {

constexpr CommandHelp kMachineHelp = {"machine", "",
                                      "Prints a machine description with every field, as --machine "
                                      "takes it: the preset or file with\n"
                                      "the overrides applied."};
constexpr OptionRow kMachineRows[] = {
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    {"doc", "", "", "the table of all fields instead (docs/machine.md)"},
};

constexpr CommandHelp kEnergyHelp = {
    "energy", "",
    "Prints power at the peak and area of one core, by part, beside the figures published for it."};
constexpr OptionRow kEnergyRows[] = {kEnergyOption};

constexpr CommandHelp kNetworksHelp = {
    "networks", "NETWORK...", "Loads networks and prints their sizes, or all their operators."};
constexpr OptionRow kNetworksRows[] = {
    {"dump", "", "", "the operators with shapes and attributes instead"},
};

constexpr CommandHelp kImportHelp = {"import", "MODEL",
                                     "Writes an ONNX model in the network language "
                                     "(docs/workloads.md). Shapes and operators are the\n"
                                     "model's; the values of its weights stay behind."};
constexpr OptionRow kImportRows[] = {
    {"output,o", "FILE", "", "network file (default: the model's name with .yaml)"},
    kQuietOption,
};

constexpr CommandHelp kIsaHelp = {"isa", "", "Prints the instruction set (docs/isa.md)."};

}  // namespace

CommandInterface machine_interface() {
  return {kMachineHelp, std::vector<OptionRow>(std::begin(kMachineRows), std::end(kMachineRows)) +
                            machine_options()};
}

int machine_command(const Options& options) {
  if (options.flag("doc")) {
    fmt::print("{}", machine_markdown());
    return kExitOk;
  }
  MachineChoice choice = machine_choice(options);
  choice.cores = options.integer("cores", 1, kMaxCores);
  fmt::print("{}", dump_machine(choose_machine(choice).config));
  return kExitOk;
}

CommandInterface energy_interface() {
  return {kEnergyHelp, std::vector<OptionRow>(std::begin(kEnergyRows), std::end(kEnergyRows)) +
                           machine_options()};
}

int energy_command(const Options& options) {
  const auto file = options.text("energy");
  const EnergyTable table =
      file ? load_energy(find_input(Shipped::energy_table, *file)) : default_energy();
  fmt::print("{}", core_energy_text(choose_machine(machine_choice(options)).config, table));
  return kExitOk;
}

CommandInterface networks_interface() {
  return {kNetworksHelp,
          std::vector<OptionRow>(std::begin(kNetworksRows), std::end(kNetworksRows)) +
              network_options()};
}

int networks_command(const Options& options) {
  if (options.positional().empty())
    throw InputError("unnasim networks: expected a network, see unnasim networks --help");
  TextTable table(
      {"network", "operators", "tensors", "MACs", "parameters", "intermediates\n(int16)"});
  RunProgress progress(true);
  for (const std::string& file : options.positional()) {
    progress.stage(fmt::format("reading {}", file));
    const Graph graph = read_network(network_choice(options, file)).graph;
    progress.end_stage();
    if (options.flag("dump")) fmt::print("{}", dump_graph(graph));
    table.add({graph.name, fmt::format("{}", graph.ops.size()),
               fmt::format("{}", graph.tensors.size()), grouped(total_macs(graph)),
               grouped(total_params(graph)),
               readable_bytes(total_intermediate_bytes(graph, element_bytes(DataType::int16)))});
  }
  if (!options.flag("dump")) fmt::print("{}", table.str());
  return kExitOk;
}

CommandInterface import_interface() {
  return {kImportHelp, std::vector<OptionRow>(std::begin(kImportRows), std::end(kImportRows)) +
                           network_options()};
}

int import_command(const Options& options) {
  const std::filesystem::path file = options.only();
  const std::string output = output_beside(options, file, ".yaml");
  RunProgress progress(!options.flag("quiet"));
  progress.stage(fmt::format("reading {}", file.string()));
  const Graph graph = read_network(network_choice(options, file)).graph;
  progress.stage(fmt::format("writing {}", output));
  write_file(output, write_workload(graph));
  progress.end_stage();
  constexpr std::string_view kOutput[] = {"output"};
  say(options,
      fmt::format("{}: {}, {}, {}\n", output, counted(graph.ops.size(), "operator"),
                  counted(total_macs(graph), "MAC"), counted(total_params(graph), "parameter")),
      kOutput);
  return kExitOk;
}

CommandInterface isa_interface() {
  return {kIsaHelp, {}};
}

int isa_command(const Options& /*options*/) {
  fmt::print("{}", isa_markdown());
  return kExitOk;
}

}  // namespace unna
