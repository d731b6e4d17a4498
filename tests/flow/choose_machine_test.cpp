#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "cost/timing.h"
#include "flow/compile_network.h"
#include "report/run_report.h"

namespace unna {
namespace {

MachineConfig preset_with(const std::vector<std::string>& set) {
  return choose_machine({.file = std::nullopt, .cores = 4, .set = set}).config;
}

std::string error_of(const std::vector<std::string>& set) {
  try {
    preset_with(set);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ChooseMachine, a_preset_switched_to_ideal_keeps_bandwidth_latency_and_capacity) {
  const MachineConfig preset = preset_with({});
  ASSERT_NE(preset.dram.model, DramModel::ideal);
  const MachineConfig ideal = preset_with({"dram.model=ideal"});
  EXPECT_EQ(ideal.dram.model, DramModel::ideal);
  EXPECT_DOUBLE_EQ(ideal.dram.bandwidth_gbps, peak_bandwidth_gbps(preset));
  EXPECT_EQ(ideal.dram.latency_cycles, dram_latency(preset));
  EXPECT_EQ(dram_capacity(ideal), dram_capacity(preset));
  EXPECT_EQ(ideal.core, preset.core);
  // What the channels are decides, wherever it stands.
  const MachineConfig half =
      preset_with({"dram.model=ideal", "dram.channels=2", "dram.timing.cl=40"});
  EXPECT_DOUBLE_EQ(half.dram.bandwidth_gbps, peak_bandwidth_gbps(preset_with({"dram.channels=2"})));
  EXPECT_EQ(half.dram.latency_cycles, dram_latency(preset_with({"dram.timing.cl=40"})));
  EXPECT_LT(half.dram.bandwidth_gbps, ideal.dram.bandwidth_gbps);
  EXPECT_GT(half.dram.latency_cycles, ideal.dram.latency_cycles);
}

TEST(ChooseMachine, what_is_said_of_the_ideal_model_wins_and_the_rest_is_refused) {
  const MachineConfig said = preset_with(
      {"dram.bandwidth_gbps=10", "dram.latency_cycles=7", "dram.model=ideal", "core.pes=8"});
  EXPECT_DOUBLE_EQ(said.dram.bandwidth_gbps, 10);
  EXPECT_EQ(said.dram.latency_cycles, 7);
  EXPECT_EQ(said.core.pes, 8);
  EXPECT_EQ(error_of({"dram.model=ideal", "dram.controller.page=closed"}),
            "--set dram.controller.page=closed: dram.controller.page has no effect: dram.model "
            "ideal has dram.bandwidth_gbps and dram.latency_cycles, expected dram.model bandwidth "
            "or banked");
  EXPECT_NE(error_of({"dram.model=ideal", "cache.size_bytes=1048576"}), "");
  EXPECT_NE(error_of({"dram.bandwidth_gbps=10"}), "");
}

}  // namespace
}  // namespace unna
