#include "flow/compile_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/host.h"
#include "compiler/adapt.h"
#include "cost/timing.h"
#include "flow/host.h"
#include "text/printable.h"
#include "workloads/equal_blocks.h"

namespace unna {

namespace {

/// What bandwidth, latency and capacity of channels follow from, with everything below it.
constexpr std::string_view kFollowed[] = {"dram.standard",
                                          "dram.clock_mhz",
                                          "dram.bus_bits",
                                          "dram.burst_length",
                                          "dram.ranks",
                                          "dram.groups",
                                          "dram.banks",
                                          "dram.rows",
                                          "dram.columns",
                                          "dram.channels",
                                          "dram.timing.rcd_rd",
                                          "dram.timing.cl",
                                          "dram.controller_cycles",
                                          "interconnect.width_bytes",
                                          "interconnect.latency_cycles"};

/// `machine` has all that `set` says; `described` is the model that it had before.
MachineConfig switched_to_ideal(MachineConfig machine, DramModel described,
                                const std::vector<std::string>& set) {
  const CacheConfig cache = machine.cache;
  machine.dram.model = described;
  MachineConfig ideal = with_ideal_memory(std::move(machine));
  ideal.cache = cache;
  // What `set` says besides holds for the ideal model, or is refused.
  std::vector<std::string> besides;
  std::ranges::copy_if(set, std::back_inserter(besides), [](std::string_view assignment) {
    return std::ranges::find(kFollowed, assignment.substr(0, assignment.find('='))) ==
           std::end(kFollowed);
  });
  set_fields(ideal, besides);
  return ideal;
}

}  // namespace

MachineConfig with_ideal_memory(MachineConfig machine) {
  DramConfig ideal;
  ideal.bandwidth_gbps = peak_bandwidth_gbps(machine);
  ideal.latency_cycles = dram_latency(machine);
  ideal.capacity_bytes = dram_capacity(machine);
  ideal.alignment_bytes = machine.dram.alignment_bytes;
  machine.dram = ideal;
  machine.interconnect = {};
  machine.cache = {};
  return machine;
}

ChosenMachine choose_machine(const MachineChoice& choice) {
  ChosenMachine machine;
  if (choice.file) {
    const std::string text = read_file(*choice.file);
    machine.config = parse_machine(text, choice.file->string());
    machine.file = InputFile{choice.file->string(), hash_hex(text)};
    machine.places = FieldPlaces::of_file(text, choice.file->string());
    if (choice.cores) machine.config.cores = *choice.cores;
  } else {
    machine.config = preset_machine(choice.cores.value_or(1));
  }
  const DramModel described = machine.config.dram.model;
  set_fields(machine.config, choice.set);
  if (machine.config.dram.model == DramModel::ideal && described != DramModel::ideal)
    machine.config = switched_to_ideal(std::move(machine.config), described, choice.set);
  machine.places.set(choice.set);
  check_machine(machine.config, machine.places);
  return machine;
}

void print_notes(const std::filesystem::path& file, const std::vector<std::string>& notes) {
  for (const std::string& note : notes)
    fmt::print(stderr, "{}\n", printable(fmt::format("{}: note: {}", file.string(), note)));
}

ReadNetwork read_network(const NetworkChoice& network) {
  OnnxOptions onnx = network.onnx;
  onnx.execute = reference_executor();
  OnnxImport import = load_network(network.file, onnx);
  print_notes(network.file, import.notes);
  set_densities(import.graph, network.densities, network.weight_seed);
  set_formats(import.graph, network.formats);
  return {std::move(import.graph),
          {network.file.string(), std::move(import.hash)},
          std::move(import.host)};
}

Compiled compile_read(ReadNetwork network, const ChosenMachine& machine,
                      const CompileOptions& options, Blocks blocks) {
  const Stopwatch watch;
  Compiled compiled = compile_graph(std::move(network.graph), machine, options, blocks);
  compiled.network_file = std::move(network.file);
  compiled.seconds = watch.seconds();
  return compiled;
}

Compiled compile_network(const NetworkChoice& network, const ChosenMachine& machine,
                         const CompileOptions& options) {
  const Stopwatch reading;
  ReadNetwork read = read_network(network);
  const double read_seconds = reading.seconds();
  read.graph = adapted(std::move(read.graph), machine.config);
  Compiled compiled = compile_read(std::move(read), machine, options, Blocks::every);
  compiled.seconds += read_seconds;
  return compiled;
}

Compiled compile_graph(Graph graph, const ChosenMachine& machine, const CompileOptions& options) {
  Compiled compiled;
  compiled.machine = machine;
  compiled.options = options;
  compiled.graph = std::move(graph);
  if (machine.config.core.indexing == Indexing::step) find_zeros(compiled.graph);
  CompileResult result = compile(compiled.graph, machine.config, options);
  compiled.parameters = std::move(result.parameters);
  compiled.placement = std::move(result.placement);
  compiled.packed = std::move(result.packed);
  compiled.uses = std::move(result.uses);
  compiled.graph_dump = std::move(result.graph);
  compiled.partition_dump = std::move(result.partition);
  compiled.tiles_dump = std::move(result.tiles);
  compiled.schedule_dump = std::move(result.schedule);
  compiled.object = std::make_shared<const Object>(std::move(result.object));
  try {
    verify(*compiled.object);
  } catch (const InputError& error) {
    throw InternalError(fmt::format("the compiled program is refused: {}", error.what()));
  }
  return compiled;
}

Compiled compile_graph(Graph graph, const ChosenMachine& machine, const CompileOptions& options,
                       Blocks blocks) {
  if (blocks == Blocks::every) return compile_graph(std::move(graph), machine, options);
  FoldedGraph folded = fold_equal_blocks(std::move(graph));
  Compiled compiled = compile_graph(folded.graph, machine, options);
  compiled.left_out = left_out(folded, *compiled.object);
  return compiled;
}

}  // namespace unna
