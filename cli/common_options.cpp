#include "cli/common_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/output_file.h"
#include "cli/output_files.h"
#include "flow/shipped_files.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/tetris_options.h"
#include "text/nearest.h"
#include "text/numbers.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

constexpr OptionRow kMachineOptions[] = {
    {"machine", "FILE", "", "machine description (default: the preset for the number of cores)"},
    {"set", "FIELD=VALUE", "", "override a field of the machine, e.g. dram.channels=4",
     Times::repeated},
};

constexpr OptionRow kCompileOptions[] = {
    {"granularity", "HOW", "",
     "buffers of a tensor: tensor (one), slice (one for each core's part), band (each part in "
     "groups "
     "of rows), lifetime (one for what is in use equally long), auto (bands where they cost next "
     "to "
     "no time); default: auto, with a schedule lifetime, generate: tensor"},
    {"partition", "HOW", "auto", "over cores: auto, channels, rows, batch or branches"},
    {"bands", "N", "4",
     "groups of rows a core's part is cut into, with --granularity band or auto"},
    {"barriers", "WHERE", "data",
     "between cores: data (only where data flows) or layers (after each layer)"},
};

constexpr OptionRow kNetworkOptions[] = {
    {"input-shape", "NAME=SHAPE", "",
     "shape of an ONNX model's input that is dynamic, e.g. x=1x3x224x224; repeatable",
     Times::repeated},
    {"dim", "NAME=SIZE", "",
     "size of a dimension that an ONNX model names, e.g. batch_size=1, or value of a network's "
     "param; repeatable",
     Times::repeated},
    {"state", "IN=OUT", "",
     "an input and an output that are one tensor, which grows in place (default: by their names, "
     "past... and present...); repeatable",
     Times::repeated},
    {"outputs", "NAME", "",
     "result at which an ONNX model ends, instead of its outputs; repeatable", Times::repeated},
    {"assume-standard", "", "",
     "take operators of foreign domains that are named as ONNX's for these"},
    {"weight-density", "[OP=]D", "",
     "share of the synapses that pruning leaves, of all operators or one; repeatable",
     Times::repeated},
    {"weight-seed", "N", "1", "of the synapses that --weight-density leaves"},
    {"weight-bits", "[OP=]BITS[/GROUP]", "",
     "4 or 8 bits a synapse, a scale for each GROUP inputs (default: for each output channel), of "
     "all operators or one; repeatable",
     Times::repeated},
};

constexpr OptionRow kSearchOptions[] = {
    {"seed", "N", "1", "of everything random; same seed, same result"},
    {"threads", "N", "", "host threads of planners that search (default: all)"},
    {"time-limit", "SECONDS", "", "end a planner's search then; the result depends on the host"},
    {"tetris", "FILE", "", "parameters of the tetris planner"},
};

constexpr const char* kRuns = "out";  ///< where run directories are unless told

constexpr std::string_view kDumps[] = {"graph", "partition", "tiles", "schedule", "asm"};

std::string dump_text(std::string_view name, const Compiled& compiled) {
  if (name == "graph") return compiled.graph_dump;
  if (name == "partition") return compiled.partition_dump;
  if (name == "tiles") return compiled.tiles_dump;
  if (name == "schedule") return compiled.schedule_dump;
  return disassemble(*compiled.object);
}

}  // namespace

std::span<const OptionRow> machine_options() {
  return kMachineOptions;
}
std::span<const OptionRow> compile_options() {
  return kCompileOptions;
}
std::span<const OptionRow> network_options() {
  return kNetworkOptions;
}
std::span<const OptionRow> search_options() {
  return kSearchOptions;
}

namespace {

std::vector<DensityChoice> densities(const Options& options) {
  std::vector<DensityChoice> all;
  for (const std::string& text : options.all("weight-density")) {
    const std::size_t equals = text.rfind('=');
    DensityChoice choice;
    if (equals != std::string::npos) choice.op = text.substr(0, equals);
    const std::string number = text.substr(equals == std::string::npos ? 0 : equals + 1);
    const char* end = number.data() + number.size();
    const auto [at, error] = std::from_chars(number.data(), end, choice.density);
    if (error != std::errc() || at != end || !(choice.density >= kLeastDensity) ||
        choice.density > 1)
      options.fail("weight-density", fmt::format("'{}', expected a share from {} to 1, or "
                                                 "OPERATOR=SHARE",
                                                 text, kLeastDensity));
    if (std::ranges::count(all, choice.op, &DensityChoice::op) > 0)
      options.fail("weight-density",
                   fmt::format("'{}': this share is given twice, expected it once", text));
    all.push_back(std::move(choice));
  }
  return all;
}

std::vector<FormatChoice> formats(const Options& options) {
  std::vector<FormatChoice> all;
  for (const std::string& text : options.all("weight-bits")) {
    const std::size_t equals = text.rfind('=');
    FormatChoice choice;
    if (equals != std::string::npos) choice.op = text.substr(0, equals);
    const auto format = parse_format(text.substr(equals == std::string::npos ? 0 : equals + 1));
    if (!format)
      options.fail("weight-bits",
                   fmt::format("'{}', expected {}, or OPERATOR=4/32", text, kFormatExpected));
    choice.format = *format;
    all.push_back(std::move(choice));
  }
  return all;
}

}  // namespace

std::string planner_choice(const Options& options, std::string_view option,
                           const std::string& name) {
  try {
    return std::string(planner(name).name);
  } catch (const InputError& error) {
    options.fail(option, error.what());
  }
}

NetworkChoice network_choice(const Options& options, const std::string& file) {
  NetworkChoice choice{find_input(Shipped::network, file), {}, densities(options), {}};
  choice.formats = formats(options);
  if (options.given("weight-seed") && choice.densities.empty())
    options.fail("weight-seed", "takes effect with --weight-density only");
  choice.weight_seed = static_cast<std::uint64_t>(
      options.required_integer("weight-seed", 0, std::numeric_limits<std::int64_t>::max()));
  for (const std::string& text : options.all("input-shape")) {
    const std::size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0)
      options.fail("input-shape", fmt::format("'{}' has no name, expected NAME=SHAPE", text));
    const std::string name = text.substr(0, equals);
    if (!choice.onnx.input_shapes.emplace(name, parse_shape(text.substr(equals + 1))).second)
      options.fail("input-shape", fmt::format("'{}' twice, expected it once", name));
  }
  for (const std::string& text : options.all("dim")) {
    const std::size_t equals = text.rfind('=');
    std::int64_t size = 0;
    if (equals == std::string::npos || equals == 0 ||
        !parse_integer(std::string_view(text).substr(equals + 1), size) || size < 0 ||
        size > kMaxDimension)
      options.fail("dim", fmt::format("'{}', expected NAME=SIZE, a whole number from 0", text));
    const std::string name = text.substr(0, equals);
    if (!choice.onnx.dims.emplace(name, size).second)
      options.fail("dim", fmt::format("'{}' twice, expected it once", name));
  }
  for (const std::string& text : options.all("state")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      options.fail("state", fmt::format("'{}', expected IN=OUT", text));
    choice.onnx.states.pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  choice.onnx.outputs = options.all("outputs");
  choice.onnx.assume_standard = options.flag("assume-standard");
  return choice;
}

MachineChoice machine_choice(const Options& options) {
  MachineChoice choice;
  if (const auto file = options.text("machine")) choice.file = find_input(Shipped::machine, *file);
  choice.set = options.all("set");
  std::set<std::string> fields;
  for (const std::string& assignment : choice.set)
    if (!fields.insert(assignment.substr(0, assignment.find('='))).second)
      options.fail("set", fmt::format("{}: this field is set twice, expected it once", assignment));
  if (fields.contains("cores") && options.knows("cores") && options.given("cores"))
    options.fail("set", "cores: --cores says it, too, expected one of the two");
  return choice;
}

bool searches_walks(const Options& options) {
  return options.text("schedule") == "walk" && options.knows("memory-budget");
}

CompileOptions compile_choice(const Options& options, Granularity otherwise) {
  CompileOptions choice;
  const auto schedule = options.text("schedule");
  if (schedule && !searches_walks(options) && typing_mistakes(*schedule, "walk") == 1 &&
      !std::filesystem::exists(*schedule))
    options.fail("schedule", fmt::format("'{}' is no file, did you mean 'walk'?", *schedule));
  if (schedule && !searches_walks(options))
    choice.schedule = ScheduleText{*schedule, read_file(*schedule)};
  choice.granularity =
      options.text("granularity")
          ? static_cast<Granularity>(options.choice("granularity", kGranularityNames))
          : (schedule ? Granularity::lifetime : otherwise);
  choice.partition = static_cast<Partition>(options.choice("partition", kPartitionNames));
  choice.bands = options.required_integer("bands", 1, 1 << 20);
  if (options.given("bands") && choice.granularity != Granularity::band &&
      choice.granularity != Granularity::automatic)
    options.fail("bands", "takes effect with --granularity band or auto only");
  choice.barriers = static_cast<Barriers>(options.choice("barriers", kBarriersNames));
  if (choice.barriers == Barriers::layers && schedule)
    options.fail("barriers",
                 "a schedule has its own synchronisation, expected it without --schedule");
  return choice;
}

int job_count(const Options& options) {
  const auto hardware = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  return static_cast<int>(
      options.integer("jobs", 1, 1024).value_or(std::max<std::int64_t>(hardware, 1)));
}

FitOptions fit_choice(const Options& options) {
  FitOptions choice;
  choice.budget = options.bytes("memory-budget", 1, std::numeric_limits<std::int64_t>::max() / 2);
  choice.objective = choice.budget ? FitObjective::latency : FitObjective::footprint;
  if (options.text("objective"))
    choice.objective = static_cast<FitObjective>(options.choice("objective", kFitObjectiveNames));
  choice.more_cycles = options.number("more-cycles", 0, 1e6);
  choice.more_bytes = options.number("more-bytes", 0, 1e6);
  choice.partition = static_cast<Partition>(options.choice("partition", kPartitionNames));
  choice.jobs = job_count(options);
  const auto energy = options.text("energy");
  choice.energy_table =
      energy ? load_energy(find_input(Shipped::energy_table, *energy)) : default_energy();
  return choice;
}

PlanOptions plan_choice(const Options& options) {
  PlanOptions choice;
  choice.seed = static_cast<std::uint64_t>(
      options.required_integer("seed", 0, std::numeric_limits<std::int64_t>::max()));
  const auto hardware = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  choice.threads = static_cast<int>(
      options.integer("threads", 1, 1024).value_or(std::max<std::int64_t>(hardware, 1)));
  choice.time_limit = options.number("time-limit", 0.001, 1e6);
  if (const auto file = options.text("tetris")) choice.tetris = load_tetris_options(*file);
  return choice;
}

std::string file_name(std::string_view name) {
  std::string file(name);
  for (char& c : file)
    if (c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
  return file.starts_with('.') ? fmt::format("_{}", file) : file;
}

fs::path run_directory(const Options& options, const std::string& name) {
  if (const auto directory = options.text("output")) return *directory;
  return fs::path(kRuns) / file_name(name);
}

void check_run_directory(const Options& options) {
  constexpr std::string_view kOutput[] = {"output"};
  check_output_directories(options, kOutput);
  if (!options.text("output")) check_output_directory(kRuns);
}

std::vector<std::string> dump_choice(const Options& options) {
  std::vector<std::string> dumps = options.list("dump");
  for (const std::string& name : dumps)
    if (std::find(std::begin(kDumps), std::end(kDumps), name) == std::end(kDumps))
      options.fail(
          "dump",
          fmt::format("'{}' is unknown, expected graph, partition, tiles, schedule or asm", name));
  return dumps;
}

std::vector<RunFile> dumped(const std::vector<std::string>& dumps, const Compiled& compiled) {
  std::vector<RunFile> files;
  for (const std::string& name : dumps)
    files.push_back({name == "asm" ? "program.asm" : name + ".txt", dump_text(name, compiled)});
  return files;
}

void add_dumps(const std::vector<std::string>& dumps, const Compiled& compiled,
               const fs::path& directory, OutputFiles& files) {
  for (RunFile& file : dumped(dumps, compiled))
    files.add(directory / file.name, std::move(file.content));
}

}  // namespace unna
