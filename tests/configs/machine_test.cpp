#include "configs/machine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <filesystem>

#include "base/rng.h"
#include "configs/check_machine.h"
#include "configs/presets.h"
#include "tests/support/committed.h"
#include "tests/support/dram_standards.h"

namespace unna {
namespace {

TEST(Machine, PeakOperationsFollowFromTheCore) {
  CoreConfig core;
  EXPECT_EQ(peak_operations(core), 544);  // as published: 16 x (16 + 15 + 1) + 2 x 16
  core.pes = 8;
  core.elementwise_stages = 1;
  EXPECT_EQ(peak_operations(core), 8 * 32 + 16);
}

/// Sets every field to a random value of its range, ends included.
struct RandomFields {
  Rng& rng;

  void operator()(std::string_view, std::int64_t& member, std::int64_t lo, std::int64_t hi,
                  std::string_view, std::string_view) {
    member = rng.chance(1, 8) ? (rng.chance(1, 2) ? lo : hi) : rng.between(lo, hi);
  }
  void operator()(std::string_view, double& member, double lo, double hi, std::string_view,
                  std::string_view) {
    const double part =
        static_cast<double>(rng.below(1ULL << 53U)) / static_cast<double>(1ULL << 53U);
    member = rng.chance(1, 8) ? (rng.chance(1, 2) ? lo : hi) : lo + part * (hi - lo);
  }
  void operator()(std::string_view, std::int64_t& member, PowersOfTwo range, std::string_view,
                  std::string_view) {
    const auto steps = std::bit_width(static_cast<std::uint64_t>(range.hi / range.lo));
    member = range.lo << rng.below(static_cast<std::uint64_t>(steps));
  }
  void operator()(std::string_view, DramMapping& member, std::string_view) {
    using enum DramField;
    member.order = {row, rank, bank, group, channel, column};
    rng.shuffle(member.order);
    if (rng.chance(1, 2)) member = {};
  }
  template <class Enum>
  void operator()(std::string_view, Enum& member, std::span<const std::string_view> names,
                  std::string_view) {
    member = static_cast<Enum>(rng.below(names.size()));
  }
  void operator()(std::string_view, std::string& member, std::string_view) {
    static constexpr std::string_view kPieces[] = {
        "a", "true", "~", " ", ":",  "#",    "\"", "\\",       "\n",   "\t",
        "'", "\r",   "-", "{", "0x", "null", "7",  "\xc3\xa9", "\x01", "\x7f"};
    member.clear();
    for (std::uint64_t n = rng.below(6); n > 0; --n)
      member += kPieces[rng.below(std::size(kPieces))];
  }
};

MachineConfig random_machine(std::uint64_t seed) {
  Rng rng(seed);
  MachineConfig machine;
  visit_fields(machine, RandomFields{rng});
  return machine;
}

TEST(Machine, DumpLoadsBackToTheSameMachine) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const MachineConfig machine = random_machine(seed);
    const std::string dump = dump_machine(machine);
    ASSERT_TRUE(parse_machine(dump, "dump") == machine) << "seed " << seed << "\n" << dump;
    ASSERT_EQ(dump_machine(parse_machine(dump, "dump")), dump);
  }
}

TEST(Machine, EveryFieldCanBeSetFromItsText) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const MachineConfig machine = random_machine(seed);
    MachineConfig copy;
    for (const auto& [path, value] : field_values(machine)) set_field(copy, path + "=" + value);
    ASSERT_TRUE(copy == machine) << "seed " << seed;
  }
}

TEST(Machine, FieldsThatAreNotGivenKeepTheirDefaults) {
  MachineConfig expected;
  expected.core.pes = 32;
  EXPECT_TRUE(parse_machine("core: {pes: 32}", "m.yaml") == expected);
}

TEST(Machine, RangesIncludeTheirEnds) {
  EXPECT_EQ(parse_machine("cores: 1", "m").cores, 1);
  EXPECT_EQ(parse_machine("cores: 64", "m").cores, 64);
  EXPECT_EQ(input_error([] { parse_machine("cores: 65", "m"); }),
            "m:1:8: cores is 65, out of range, expected 1 to 64");
  EXPECT_EQ(input_error([] { parse_machine("cores: 0", "m"); }),
            "m:1:8: cores is 0, out of range, expected 1 to 64");
}

TEST(Machine, StandardComesBeforeTheFieldsItSetsWhereverItStands) {
  DramDevice expected = dram_standard(kHbm2);
  expected.timing.cl = 21;
  expected.rows = 64;
  for (const std::string_view yaml : {"dram: {standard: hbm2, rows: 64, timing: {cl: 21}}",
                                      "dram: {timing: {cl: 21}, rows: 64, standard: hbm2}"})
    EXPECT_TRUE(parse_machine(std::string(yaml), "m").dram.device == expected) << yaml;
  const std::vector<std::vector<std::string>> orders = {
      {"dram.standard=hbm2", "dram.rows=64", "dram.timing.cl=21"},
      {"dram.timing.cl=21", "dram.rows=64", "dram.standard=hbm2"}};
  for (const std::vector<std::string>& assignments : orders) {
    MachineConfig machine = parse_machine("dram: {timing: {cl: 99}}", "m");
    set_fields(machine, assignments);
    EXPECT_TRUE(machine.dram.device == expected);
  }
}

TEST(Machine, RateFollowsFromTheChannels) {
  for (const std::int64_t cores : {1, 4, 16}) {
    MachineConfig machine = preset_machine(cores);
    const std::int64_t rate = dram_bytes_per_cycle_q16(machine);
    machine.dram.layout.channels *= 2;
    EXPECT_NEAR(static_cast<double>(dram_bytes_per_cycle_q16(machine)),
                2 * static_cast<double>(rate), 1);
  }
}

TEST(Machine, CapacityIsAtMostWhatTheChannelsHold) {
  MachineConfig machine = preset_machine(4);
  EXPECT_EQ(dram_capacity(machine), 8 * 256 * kMiB);
  machine.dram.capacity_bytes = 1000;
  EXPECT_EQ(dram_capacity(machine), 1000);
}

TEST(Machine, RateIsRoundedToTheNearestUnitAndNeverZero) {
  MachineConfig machine;
  machine.clock_mhz = 1000;
  machine.dram.bandwidth_gbps = 38.4;
  EXPECT_EQ(dram_bytes_per_cycle_q16(machine), 2516582);  // 38.4 * 65536 = 2516582.4
  machine.clock_mhz = 500;
  EXPECT_EQ(dram_bytes_per_cycle_q16(machine), 5033165);
  machine.clock_mhz = 100'000;
  machine.dram.bandwidth_gbps = 0.001;
  EXPECT_EQ(dram_bytes_per_cycle_q16(machine), 1);
}

struct SetCase {
  std::string_view assignment;
  std::string_view error;
};

class MachineSet : public testing::TestWithParam<SetCase> {};

TEST_P(MachineSet, IsRefusedWithOneLine) {
  MachineConfig machine;
  EXPECT_EQ(input_error([&] { set_field(machine, GetParam().assignment); }), GetParam().error);
  EXPECT_TRUE(machine == MachineConfig{});
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, MachineSet,
    testing::Values(
        SetCase{"dram.bandwidth_gbps=abc",
                "--set dram.bandwidth_gbps=abc: value is 'abc', "
                "expected a number from 0.001 to 1000000"},
        SetCase{"dram.bandwidth_gbps=nan",
                "--set dram.bandwidth_gbps=nan: value is 'nan', "
                "expected a number from 0.001 to 1000000"},
        SetCase{"dram.bandwidth_gbps=1e999",
                "--set dram.bandwidth_gbps=1e999: value is '1e999', "
                "expected a number from 0.001 to 1000000"},
        SetCase{"cores=", "--set cores=: value is '', expected an integer from 1 to 64"},
        SetCase{"cores=010", "--set cores=010: value is '010', expected an integer from 1 to 64"},
        SetCase{"cores= 4", "--set cores= 4: value is ' 4', expected an integer from 1 to 64"},
        SetCase{"cores=65", "--set cores=65: value is 65, out of range, expected 1 to 64"},
        SetCase{"dram.channels=6",
                "--set dram.channels=6: value is 6, expected a power of two from 1 to 64"},
        SetCase{"dram.channels=128",
                "--set dram.channels=128: value is 128, out of range, expected 1 to 64"},
        SetCase{"dram.mapping=row",
                "--set dram.mapping=row: value 'row' has no 'rank', expected 'row rank bank "
                "column_high group channel column_low' or another order of these"},
        SetCase{"cores", "--set cores: no '=', expected field=value"},
        SetCase{
            "data_type=int4",
            "--set data_type=int4: value is 'int4', expected one of: int8, int16, fp16, fp32"}));

TEST(Machine, SetOfAnUnknownFieldNamesTheNearest) {
  MachineConfig machine;
  EXPECT_EQ(input_error([&] { set_field(machine, "core.pe=3"); }),
            "--set core.pe=3: unknown field 'core.pe', did you mean 'core.pes'?");
  EXPECT_EQ(input_error([&] { set_field(machine, "bandwidth=3"); }),
            "--set bandwidth=3: unknown field 'bandwidth', did you mean 'dram.bandwidth_gbps'?");
  EXPECT_EQ(input_error([&] { set_field(machine, "sync.xyz=3"); }),
            "--set sync.xyz=3: unknown field 'sync.xyz', expected one of: sync.barrier_cycles, "
            "sync.signal_cycles");
}

TEST(Machine, FieldsInBytesTakeUnits) {
  MachineConfig machine;
  set_field(machine, "core.nbin_bytes=64KiB");
  EXPECT_EQ(machine.core.nbin_bytes, 65536);
  EXPECT_EQ(parse_machine("dram: {capacity_bytes: 2 GiB}\n", "m.yaml").dram.capacity_bytes,
            std::int64_t{2} << 30);
  EXPECT_NE(input_error([&] { set_field(machine, "core.nbin_bytes=64KB"); }), "");
  EXPECT_NE(input_error([&] { set_field(machine, "core.pes=1KiB"); }), "");
}

TEST(Machine, PresetIsTheSmallestThatHasEnoughCores) {
  EXPECT_EQ(preset_machine(1).dram.layout.channels, 2);
  EXPECT_EQ(preset_machine(2).dram.layout.channels, 8);
  EXPECT_EQ(preset_machine(4).dram.layout.channels, 8);
  EXPECT_EQ(preset_machine(5).dram.layout.channels, 16);
  EXPECT_EQ(preset_machine(16).dram.layout.channels, 16);
  EXPECT_EQ(preset_machine(64).dram.layout.channels, 16);
  for (const std::int64_t cores : {1, 2, 4, 5, 16, 64})
    EXPECT_EQ(preset_machine(cores).cores, cores);
}

TEST(Machine, DianNaoLikeOnesDifferFromThePresetsInTheirIndexingAlone) {
  for (const std::int64_t cores : {1, 4}) {
    MachineConfig machine =
        load_machine(fmt::format("{}/configs/diannao-like-{}.yaml", UNNASIM_SOURCE_DIR, cores));
    EXPECT_EQ(machine.core.indexing, Indexing::none);
    EXPECT_EQ(machine.name, fmt::format("diannao-like-{}", cores));
    machine.core.indexing = Indexing::step;
    machine.name = preset_machine(cores).name;
    EXPECT_EQ(machine, preset_machine(cores));
  }
}

/// Arm: 4 TOPS at 1 GHz with 2,048 multipliers, 267 KB of SRAM.
TEST(Machine, EthosU85LikeHasThePublishedSizes) {
  const MachineConfig machine = load_machine(UNNASIM_SOURCE_DIR "/configs/ethos-u85-like.yaml");
  const CoreConfig& core = machine.core;
  EXPECT_EQ(machine.name, "ethos-u85-like");
  EXPECT_EQ(machine.cores, 1);
  EXPECT_EQ(core.pes * core.multipliers, 2048);
  EXPECT_LE(core.nbin_bytes + core.nbout_bytes + core.sb_bytes, 267 * 1024);
  check_machine(machine);
  check_computable(machine);
}

/// Huawei: 32 cores of 16 x 16 x 16 multipliers at 1 GHz, 256 TFLOPS, 1.2 TB/s; operands in 1 MiB.
TEST(Machine, Ascend910LikeHasThePublishedSizes) {
  const MachineConfig machine = load_machine(UNNASIM_SOURCE_DIR "/configs/ascend-910-like.yaml");
  const CoreConfig& core = machine.core;
  EXPECT_EQ(machine.name, "ascend-910-like");
  EXPECT_EQ(machine.cores, 32);
  EXPECT_EQ(core.pes * core.multipliers, 16 * 16 * 16);
  EXPECT_EQ(core.nbin_bytes + core.sb_bytes, 1 << 20);
  const std::int64_t bandwidth =
      machine.dram.device.channel_bandwidth() * machine.dram.layout.channels;
  EXPECT_NEAR(static_cast<double>(bandwidth), 1.2e12, 0.03e12);
  check_machine(machine);
  check_computable(machine);
}

TEST(Machine, PresetForMoreCoresThanAMachineHasIsRefused) {
  EXPECT_EQ(input_error([] { preset_machine(65); }),
            "--cores 65: value is 65, out of range, expected 1 to 64");
  EXPECT_EQ(input_error([] { preset_machine(0); }),
            "--cores 0: value is 0, out of range, expected 1 to 64");
}

TEST(Machine, EmbeddedPresetsAreTheFiles) {
  ASSERT_EQ(machine_presets().size(), 3U);
  for (const MachinePreset& preset : machine_presets()) {
    const std::filesystem::path file =
        std::filesystem::path(UNNASIM_SOURCE_DIR) / std::string(preset.file);
    EXPECT_EQ(read_file(file), preset.yaml) << preset.file;
    EXPECT_EQ(load_machine(file).cores, preset.cores) << preset.file;
  }
}

TEST(MachineDocs, AreGenerated) {
  expect_committed("docs/machine.md", machine_markdown());
}

TEST(Machine, MissingFileIsSaidSo) {
  EXPECT_EQ(input_error([] { load_machine("/nonexistent/m.yaml"); }),
            "/nonexistent/m.yaml: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace unna
