#include "configs/check_machine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace unna {
namespace {

std::string error_of(const std::string& yaml, const std::vector<std::string>& set) {
  MachineConfig machine = parse_machine(yaml, "m.yaml");
  FieldPlaces places = FieldPlaces::of_file(yaml, "m.yaml");
  set_fields(machine, set);
  places.set(set);
  try {
    check_machine(machine, places);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(CheckMachine, a_machine_of_defaults_contradicts_nothing) {
  EXPECT_NO_THROW(check_machine(MachineConfig{}));
  for (const std::int64_t cores : {1, 4, 16}) EXPECT_NO_THROW(check_machine(preset_machine(cores)));
}

TEST(CheckMachine, a_contradiction_stands_at_the_line_of_its_field) {
  EXPECT_EQ(
      error_of("name: m\ndata_type: fp32\ncore:\n  accumulator_bytes: 2\n", {}),
      "m.yaml:4:22: core.accumulator_bytes: 2 bytes, expected at least the 4 of an element of "
      "fp32");
}

TEST(CheckMachine, an_accumulator_as_wide_as_an_element_is_enough) {
  EXPECT_EQ(error_of("name: m\ndata_type: fp32\ncore:\n  accumulator_bytes: 4\n", {}), "");
}

TEST(CheckMachine, what_the_command_line_says_wins_over_the_file) {
  EXPECT_EQ(
      error_of("name: m\ndram:\n  channels: 2\n", {"cache.size_bytes=65536"}),
      "--set cache.size_bytes=65536: cache.size_bytes: a cache of 65536 bytes before a DRAM of "
      "model bandwidth, which moves transfers and not lines; expected dram.model banked");
}

TEST(CheckMachine, a_cache_is_a_whole_number_of_sets) {
  const std::vector<std::string> set = {"dram.model=banked", "dram.channels=2", "cache.ways=4",
                                        "cache.line_bytes=64"};
  const auto with_bytes = [&](const std::string& bytes) {
    std::vector<std::string> all = set;
    all.push_back("cache.size_bytes=" + bytes);
    return error_of("name: m\n", all);
  };
  EXPECT_EQ(with_bytes("512"), "");
  EXPECT_EQ(with_bytes("511"),
            "--set cache.size_bytes=511: cache.size_bytes: 511 bytes, expected a multiple of 2 "
            "channels x 4 ways x 64 bytes a line");
  EXPECT_NE(with_bytes("256"), "");
}

TEST(CheckMachine, a_line_is_at_least_a_burst_and_at_most_a_packet) {
  const auto with_line = [](const std::string& bytes) {
    return error_of("name: m\n", {"dram.model=banked", "dram.channels=1", "cache.ways=1",
                                  "interconnect.packet_bytes=128", "cache.size_bytes=65536",
                                  "cache.line_bytes=" + bytes});
  };
  EXPECT_EQ(with_line("64"), "");
  EXPECT_EQ(with_line("128"), "");
  EXPECT_EQ(
      with_line("256"),
      "--set cache.line_bytes=256: cache.line_bytes: a line of 256 bytes, expected 64 (a burst) "
      "to 128 (what a packet may carry)");
  EXPECT_NE(with_line("32"), "");
}

TEST(CheckMachine, dram_fields_name_the_one_that_was_given) {
  const std::string error =
      error_of("name: m\ndram:\n  model: banked\n  timing:\n    ccd_s: 1\n", {});
  EXPECT_EQ(error.substr(0, error.find(" is ")), "m.yaml:5:12: dram.timing.ccd_s");
}

}  // namespace
}  // namespace unna
