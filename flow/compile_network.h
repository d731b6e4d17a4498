#pragma once

// From files to a program: a machine is chosen, a network is read and compiled for it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/compile.h"
#include "configs/check_machine.h"
#include "configs/machine.h"
#include "isa/object.h"
#include "report/run_report.h"
#include "report/whole_network.h"
#include "workloads/graph.h"
#include "workloads/onnx/import.h"
#include "workloads/sparsity.h"
#include "workloads/weight_groups.h"

namespace unna {

/// A machine as the command line describes it.
struct MachineChoice {
  std::optional<std::filesystem::path> file;  ///< none: the preset for the number of cores
  std::optional<std::int64_t> cores;          ///< wins over the file
  std::vector<std::string> set;               ///< `path=value`, wins over both
};
struct ChosenMachine {
  MachineConfig config;
  std::optional<InputFile> file;
  FieldPlaces places = {};  ///< of its fields, for messages
};
/// The machine with its memory as the `ideal` model of the same peak bandwidth, idle latency and
/// capacity. That model has no cache and no crossbar.
MachineConfig with_ideal_memory(MachineConfig machine);
/// Has passed check_machine(). Where `set` switches a machine that describes channels to the
/// `ideal` model, bandwidth, latency and capacity stay those of the channels, unless `set` says
/// others.
ChosenMachine choose_machine(const MachineChoice& choice);

struct Compiled {
  Graph graph;
  InputFile network_file;
  ChosenMachine machine;
  CompileOptions options;
  std::shared_ptr<const Object> object;  ///< verified
  std::vector<Parameter> parameters;     ///< for functional simulation, as is the next
  Placement placement;
  PackedWeights packed;                         ///< for another program that is to share them
  std::vector<std::vector<UnitUse>> uses = {};  ///< with CompileOptions::unit_uses
  std::vector<LeftOut> left_out = {};           ///< with Blocks::once
  std::string graph_dump, partition_dump, tiles_dump, schedule_dump;
  double seconds = 0;
};
/// Of blocks of operators that are equal (workloads/equal_blocks.h), which are compiled and run.
enum class Blocks : std::uint8_t {
  every,
  once,  ///< three of each row; figures of the whole network count the others as the middle one
};
inline constexpr std::string_view kBlocksNames[] = {"every", "once"};

/// A network file, YAML or ONNX, and how to read it.
struct NetworkChoice {
  std::filesystem::path file;
  OnnxOptions onnx;
  std::vector<DensityChoice> densities = {};  ///< instead of what the file says
  std::uint64_t weight_seed = 1;              ///< of these
  std::vector<FormatChoice> formats = {};     ///< instead of what the file says
};
/// A network, and the file that it comes from: the hash is of the bytes that were read.
struct ReadNetwork {
  Graph graph;
  InputFile file;
  OnnxHost host = {};  ///< of an ONNX model
};
/// To stderr, a line each.
void print_notes(const std::filesystem::path& file, const std::vector<std::string>& notes);
/// Prints its notes.
ReadNetwork read_network(const NetworkChoice& network);

Compiled compile_network(const NetworkChoice& network, const ChosenMachine& machine,
                         const CompileOptions& options);
/// The same for a network that was read and is as the machine computes it (adapted()).
Compiled compile_read(ReadNetwork network, const ChosenMachine& machine,
                      const CompileOptions& options, Blocks blocks);
/// The same for a network that comes from no file. Where the machine can skip them, zeros among the
/// values of weights count as pruned.
Compiled compile_graph(Graph graph, const ChosenMachine& machine, const CompileOptions& options);

/// The same for a network as the machine computes it (adapted()).
Compiled compile_graph(Graph graph, const ChosenMachine& machine, const CompileOptions& options,
                       Blocks blocks);

}  // namespace unna
