#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/output_files.h"
#include "configs/check_machine.h"
#include "sim/memory/dram_traffic.h"
#include "text/csv.h"
#include "text/numbers.h"
#include "text/table.h"
#include "text/units.h"
#include "text/yaml.h"

namespace unna {

namespace {

constexpr CommandHelp kDramHelp = {
    "dram", "",
    "Bandwidth and latency of a machine's banked DRAM alone, under bursts that arrive at rising "
    "rates."};

constexpr OptionRow kDramOptions[] = {
    {"machine", "FILE", "", "machine description (default: the preset for one core)"},
    {"standard", "NAME", "",
     "instead of a machine, one channel of this memory (docs/machine.md, dram.standard)"},
    {"set", "FIELD=VALUE", "", "override a field of the machine, e.g. dram.channels=8",
     Times::repeated},
    {"pattern", "NAME", "sequential",
     "sequential, strided, random, bank-group, row-conflict or mix"},
    {"stride", "BYTES", "4096", "between bursts of pattern strided"},
    {"reads", "SHARE", "1", "of the bursts; the others are writes"},
    {"loads", "LIST", "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1", "offered shares of the peak"},
    {"bursts", "N", "200000", "a load, of all channels together"},
    {"seed", "N", "1", "of arrivals and addresses"},
    {"output,o", "FILE", "", "write the table as CSV"},
};

constexpr std::string_view kColumns[] = {"load",       "offered_gbps",    "achieved_gbps",
                                         "peak_share", "mean_latency_ns", "p99_latency_ns",
                                         "hit_rate"};

/// What is measured is the banked DRAM alone, whatever the machine simulates with.
MachineConfig chosen_machine(const Options& options) {
  if (options.text("standard") && options.text("machine"))
    options.fail("standard", "expected alone, not with --machine");
  MachineChoice choice = machine_choice(options);
  for (const std::string& assignment : choice.set)
    if (assignment.starts_with("dram.model=") || assignment.starts_with("cache.size_bytes="))
      options.fail("set", fmt::format("{}: the banked DRAM is measured, without a cache, whatever "
                                      "the machine has; expected neither field",
                                      assignment));
  choice.set.insert(choice.set.end(), {"dram.model=banked", "cache.size_bytes=0"});
  if (!options.text("standard")) return choose_machine(choice).config;
  const std::size_t standard = options.choice("standard", dram_standard_names());
  MachineConfig machine;
  machine.name = "dram";
  machine.dram.standard = static_cast<DramStandard>(standard);
  machine.dram.device = dram_standard(machine.dram.standard);
  machine.dram.layout.channels = 1;
  set_fields(machine, choice.set);
  FieldPlaces places;
  places.set(choice.set);
  check_machine(machine, places);
  return machine;
}

std::vector<double> loads_of(const Options& options) {
  std::vector<double> loads;
  for (const std::string& text : options.list("loads")) {
    double load = 0;
    if (!parse_number(text, load) || load < 0.001 || load > 10)
      options.fail("loads", fmt::format("'{}', expected numbers from 0.001 to 10", text));
    loads.push_back(load);
  }
  return loads;
}

DramTraffic traffic_of(const Options& options) {
  DramTraffic traffic;
  traffic.pattern = static_cast<DramPattern>(options.choice("pattern", kDramPatternNames));
  traffic.bursts = options.required_integer("bursts", 1, 100'000'000);
  traffic.stride = options.bytes("stride", 1, 1 << 30).value_or(0);
  traffic.reads = options.number("reads", 0, 1).value_or(1);
  traffic.seed =
      static_cast<std::uint64_t>(options.required_integer("seed", 0, std::int64_t{1} << 62));
  return traffic;
}

std::string heading(const MachineConfig& machine, const DramTraffic& traffic) {
  const DramConfig& dram = machine.dram;
  return fmt::format(
      "{}: {} {} of {}, {:.1f} GB/s; {}, {} reads, {} bursts a row of the table\n", machine.name,
      dram.layout.channels, dram.layout.channels == 1 ? "channel" : "channels",
      dram_standard_name(dram.standard),
      static_cast<double>(dram.layout.channels * dram.device.channel_bandwidth()) / 1e9,
      kDramPatternNames[static_cast<std::size_t>(traffic.pattern)], percent(traffic.reads, 0),
      grouped(traffic.bursts));
}

}  // namespace

CommandInterface dram_interface() {
  return {kDramHelp, {std::begin(kDramOptions), std::end(kDramOptions)}};
}

int dram_command(const Options& options) {
  constexpr std::string_view kDramOutputs[] = {"output"};
  check_output_files(options, kDramOutputs);
  const MachineConfig machine = chosen_machine(options);
  const DramConfig& dram = machine.dram;
  DramTraffic traffic = traffic_of(options);
  const std::vector<double> loads = loads_of(options);

  TextTable table({"load", "offered\nGB/s", "achieved\nGB/s", "of peak", "latency\nmean ns",
                   "latency\np99 ns", "row hits"});
  CsvWriter csv(kColumns);
  for (const double load : loads) {
    traffic.load = load;
    const DramPoint p = measure_dram(dram, traffic);
    table.add({percent(load, 0), fmt::format("{:.2f}", p.offered_gbps),
               fmt::format("{:.2f}", p.achieved_gbps), percent(p.peak_share),
               fmt::format("{:.1f}", p.mean_latency_ns), fmt::format("{:.1f}", p.p99_latency_ns),
               percent(p.hit_rate)});
    csv.row({plain_number(load), plain_number(p.offered_gbps), plain_number(p.achieved_gbps),
             plain_number(p.peak_share), plain_number(p.mean_latency_ns),
             plain_number(p.p99_latency_ns), plain_number(p.hit_rate)});
  }
  if (const auto file = options.text("output")) write_file(*file, csv.text());
  fmt::print(output_to_stdout(options, kDramOutputs) ? stderr : stdout, "{}{}",
             heading(machine, traffic), table.str());
  return kExitOk;
}

}  // namespace unna
