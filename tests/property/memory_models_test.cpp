// `bandwidth` beside `banked`, over the range of docs/validation.md, "Bandwidth against banked", on
// networks that are quick to run.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>
#include <vector>

#include "compiler/compile.h"
#include "configs/machine.h"
#include "isa/object.h"
#include "sim/simulate.h"
#include "tests/support/dram_standards.h"
#include "workloads/graph.h"

namespace unna {
namespace {

constexpr double kMedian = 0.015;
constexpr double kWorst = 0.06;

/// From an eighth to twice those of the preset.
std::vector<std::int64_t> channels_of(std::int64_t preset_channels) {
  std::vector<std::int64_t> channels;
  for (std::int64_t c = std::max<std::int64_t>(1, preset_channels / 8); c <= 2 * preset_channels;
       c *= 2)
    channels.push_back(c);
  return channels;
}

Cycle cycles(const Image& image, MachineConfig machine, DramModel model) {
  machine.dram.model = model;
  return simulate(image, machine, {}).cycles;
}

/// (bandwidth - banked) / banked of one network on all memories that the cores' preset may have.
std::vector<double> errors_of(const Graph& graph, std::int64_t cores) {
  std::vector<double> errors;
  const MachineConfig preset = preset_machine(cores);
  for (const DramStandard standard : {kDdr4, kLpddr4, kHbm2, kDdr5, kLpddr5, kHbm3})
    for (const std::int64_t channels : channels_of(preset.dram.layout.channels)) {
      MachineConfig machine = preset;
      machine.dram.standard = standard;
      machine.dram.device = dram_standard(standard);
      machine.dram.layout.channels = channels;
      const auto object = std::make_shared<const Object>(compile(graph, machine, {}).object);
      const Image image =
          link(object, identity_layout(*object, machine.dram.alignment_bytes), Bytes{1} << 50);
      const auto banked = static_cast<double>(cycles(image, machine, DramModel::banked));
      const auto bandwidth = static_cast<double>(cycles(image, machine, DramModel::bandwidth));
      errors.push_back(bandwidth / banked - 1);
      EXPECT_LE(std::abs(errors.back()), kWorst)
          << cores << " cores, " << channels << " channels of " << dram_standard_name(standard);
    }
  return errors;
}

TEST(MemoryModels, BandwidthHoldsOverTheRangeThatPeopleSweep) {
  std::vector<double> errors;
  for (const std::string_view name : {"lenet5", "lenet5_pruned", "lstm"})
    for (const std::int64_t cores : {1, 4, 16, 64}) {
      SCOPED_TRACE(name);
      const Graph graph =
          load_workload(fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name));
      for (const double error : errors_of(graph, cores)) errors.push_back(std::abs(error));
    }
  std::ranges::sort(errors);
  const double median = errors[errors.size() / 2];
  EXPECT_LE(median, kMedian);
  fmt::print("{} runs: median {:.1f} %, worst {:.1f} %, {} above 10 %\n", errors.size(),
             100 * median, 100 * errors.back(),
             std::ranges::count_if(errors, [](double e) { return e > 0.1; }));
}

}  // namespace
}  // namespace unna
