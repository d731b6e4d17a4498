#include "configs/check_machine.h"

#include <gtest/gtest.h>

#include <ostream>
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
      "model ideal, which has no lines; expected dram.model banked");
}

/// The message for a field that the model does not read, or nothing.
std::string effect_of(const std::string& model, const std::string& set) {
  return error_of("name: m\n", {"dram.model=" + model, set});
}

TEST(CheckMachine, a_field_without_effect_is_refused_where_it_was_given) {
  EXPECT_EQ(effect_of("banked", "dram.bandwidth_gbps=25.6"),
            "--set dram.bandwidth_gbps=25.6: dram.bandwidth_gbps has no effect: bandwidth and "
            "latency follow from dram.standard and dram.channels, expected dram.model ideal");
  EXPECT_EQ(effect_of("ideal", "dram.channels=4"),
            "--set dram.channels=4: dram.channels has no effect: dram.model ideal has "
            "dram.bandwidth_gbps and dram.latency_cycles, expected dram.model bandwidth or banked");
  EXPECT_EQ(error_of("name: m\ndram:\n  model: bandwidth\n  latency_cycles: 80\n", {}),
            "m.yaml:4:19: dram.latency_cycles has no effect: bandwidth and latency follow from "
            "dram.standard and dram.channels, expected dram.model ideal");
  for (const std::string set :
       {"dram.standard=hbm2", "dram.clock_mhz=1600", "dram.timing.cl=30", "dram.hash=fold",
        "dram.controller.page=closed", "dram.controller_cycles=1", "interconnect.window=2"}) {
    EXPECT_NE(effect_of("ideal", set), "") << set;
    EXPECT_EQ(effect_of("bandwidth", set), "") << set;
    EXPECT_EQ(effect_of("banked", set), "") << set;
  }
  for (const std::string set : {"dram.bandwidth_gbps=10", "dram.latency_cycles=1"}) {
    EXPECT_EQ(effect_of("ideal", set), "") << set;
    EXPECT_NE(effect_of("bandwidth", set), "") << set;
  }
}

TEST(CheckMachine, a_row_is_open_and_closed_between_two_activations) {
  const auto error = [](const std::string& ras) {
    return error_of("name: m\n", {"dram.model=banked", "dram.timing.ras=" + ras});
  };
  const DramTiming t = MachineConfig{}.dram.device.timing;
  EXPECT_EQ(error(std::to_string(t.rc - t.rp)), "");
  EXPECT_EQ(error(std::to_string(t.rc - t.rp + 1)), "");  // both rounded up
  EXPECT_EQ(error(std::to_string(t.rc - t.rp + 2)),
            "--set dram.timing.ras=" + std::to_string(t.rc - t.rp + 2) + ": dram.timing.rc is " +
                std::to_string(t.rc) + ", expected at least " + std::to_string(t.rc + 1) +
                " (ras and rp)");
}

TEST(CheckMachine, what_no_cache_no_index_and_no_fixed_point_reads_is_refused) {
  EXPECT_EQ(error_of("name: m\n", {"cache.ways=4"}),
            "--set cache.ways=4: cache.ways has no effect: there is no cache, expected "
            "cache.size_bytes");
  EXPECT_EQ(error_of("name: m\ncore: {indexing: none, index_bits: 2}\n", {}),
            "m.yaml:2:36: core.index_bits has no effect: core.indexing is none, expected step");
  EXPECT_EQ(error_of("name: m\n", {"core.fraction_bits=4", "data_type=fp16"}),
            "--set core.fraction_bits=4: core.fraction_bits has no effect: data_type is fp16, "
            "expected int16");
  // What a file says for another setting stays.
  EXPECT_EQ(error_of("name: m\ncore: {fraction_bits: 4}\n", {"data_type=fp16"}), "");
  EXPECT_EQ(error_of("name: m\n", {"core.fraction_bits=4"}), "");
  EXPECT_EQ(error_of("name: m\n", {"core.indexing=step", "core.index_bits=2"}), "");
}

TEST(CheckMachine, switching_between_bandwidth_and_banked_changes_nothing_else) {
  for (const std::int64_t cores : {1, 4, 16}) {
    MachineConfig machine = preset_machine(cores);
    ASSERT_EQ(machine.dram.model, DramModel::bandwidth);
    const auto rate = dram_bytes_per_cycle_q16(machine);
    const Bytes capacity = dram_capacity(machine);
    machine.dram.model = DramModel::banked;
    EXPECT_NO_THROW(check_machine(machine));
    EXPECT_EQ(dram_bytes_per_cycle_q16(machine), rate);
    EXPECT_EQ(dram_capacity(machine), capacity);
  }
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

struct Given {
  const char* set;    ///< the only field that is given, besides the banked model
  const char* error;  ///< how the message goes on behind its place

  friend void PrintTo(const Given& given, std::ostream* out) { *out << given.set; }
};

/// One row for each field that can break a rule: whichever it is, the message stands at its place.
class OneField : public testing::TestWithParam<Given> {};

TEST_P(OneField, has_its_place_in_the_message) {
  const std::string error = error_of("name: m\n", {"dram.model=banked", GetParam().set});
  const std::string expected = std::string("--set ") + GetParam().set + ": " + GetParam().error;
  EXPECT_EQ(error.substr(0, expected.size()), expected) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, OneField,
    testing::Values(Given{"dram.banks=32", "dram.ranks x dram.groups x dram.banks is"},
                    Given{"dram.columns=4", "dram.columns is 4"},
                    Given{"dram.interleave_bytes=32", "dram.interleave_bytes is 32"},
                    Given{"dram.timing.ccd_s=3", "dram.timing.ccd_s is 3"},
                    Given{"dram.timing.ccd_s=7", "dram.timing.ccd_l is"},
                    Given{"dram.timing.ccd_l=3", "dram.timing.ccd_l is 3"},
                    Given{"dram.burst_length=16", "dram.timing.ccd_s is"},
                    Given{"dram.timing.rrd_s=9", "dram.timing.rrd_l is"},
                    Given{"dram.timing.rrd_l=1", "dram.timing.rrd_l is 1"},
                    Given{"dram.timing.wtr_s=20", "dram.timing.wtr_l is"},
                    Given{"dram.timing.wtr_l=1", "dram.timing.wtr_l is 1"},
                    Given{"dram.timing.refi=700", "dram.timing.refi is 700"},
                    Given{"dram.timing.rfc=9000", "dram.timing.refi is"},
                    Given{"dram.timing.rp=9000", "dram.timing.refi is"},
                    Given{"dram.timing.rc=9000", "dram.timing.refi is"},
                    Given{"dram.controller.write_low=32", "dram.controller.write_low, write_high"},
                    Given{"dram.controller.write_high=40", "dram.controller.write_low, write_high"},
                    Given{"dram.controller.write_queue=4", "dram.controller.write_low, write_high"},
                    Given{"cache.size_bytes=100", "cache.size_bytes: 100 bytes"}));

/// All fields below the channel count, not only the column.
TEST(CheckMachine, a_packet_is_what_lies_in_one_channel) {
  MachineConfig machine;
  machine.interconnect.packet_bytes = 4096;
  machine.dram.layout.channels = 2;
  const auto packet = [&](const std::string& mapping, const std::string& interleave) {
    MachineConfig m = machine;
    set_fields(m, std::vector<std::string>{"dram.mapping=" + mapping,
                                           "dram.interleave_bytes=" + interleave});
    return packet_bytes(m);
  };
  EXPECT_EQ(packet("row rank bank column_high channel group column_low", "1024"), 1024);
  EXPECT_EQ(packet("row rank bank group column_high channel column_low", "256"), 256);
  EXPECT_EQ(packet("row rank bank group column channel", "256"), 64);
  EXPECT_EQ(packet("row rank bank channel group column", "256"), 4096);
}

TEST(CheckMachine, a_field_of_the_file_has_its_line) {
  EXPECT_EQ(error_of("name: m\ndram:\n  model: banked\n  timing:\n    rrd_s: 9\n", {}),
            "m.yaml:5:12: dram.timing.rrd_l is 6, expected at least 9 (rrd_s)");
}

TEST(CheckMachine, values_need_accumulators_that_numbers_are_defined_for) {
  MachineConfig machine;
  machine.data_type = DataType::fp32;
  EXPECT_NO_THROW(check_computable(machine));
  FieldPlaces places;
  places.set(std::vector<std::string>{"core.accumulator_bytes=8"});
  machine.core.accumulator_bytes = 8;
  try {
    check_computable(machine, places);
    FAIL() << "fp32 with accumulators of 8 bytes was accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "--set core.accumulator_bytes=8: core.accumulator_bytes: 8 bytes, expected 4 to "
                 "compute with fp32");
  }
  machine.data_type = DataType::int16;
  EXPECT_NO_THROW(check_computable(machine));
}

}  // namespace
}  // namespace unna
