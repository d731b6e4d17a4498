// The strict reader of energy tables, and the interpolation between SRAM sizes.

#include "energy/table.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "base/file.h"

namespace unna {
namespace {

std::string shipped() {
  return read_file(UNNASIM_SOURCE_DIR "/configs/energy/cambricon-x-65nm.yaml");
}

/// The message for the shipped table with `from` replaced once.
std::string error_with(const std::string& from, const std::string& to) {
  std::string yaml = shipped();
  const std::size_t at = yaml.find(from);
  if (at == std::string::npos) return "not found: " + from;
  yaml.replace(at, from.size(), to);
  try {
    parse_energy(yaml, "e.yaml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(EnergyTable, the_default_is_the_committed_file) {
  EXPECT_EQ(default_energy().hash, hash_hex(shipped()));
}

TEST(EnergyTable, values_are_read_into_their_rows) {
  const EnergyTable t = default_energy();
  EXPECT_EQ(t.name, "cambricon-x-65nm");
  EXPECT_EQ(t.multiply_pj[static_cast<std::size_t>(DataType::int8)], 0.0835);
  EXPECT_EQ(t.add_pj[static_cast<std::size_t>(DataType::int16)], 0.021);
  EXPECT_EQ(t.special_pj[static_cast<std::size_t>(DataType::fp32)], 4.435);
  EXPECT_EQ(t.dram_pj_per_byte, 162.5);
  EXPECT_EQ(t.multiplier_um2[static_cast<std::size_t>(DataType::fp16)], 9360);
  ASSERT_EQ(t.sram_area.size(), 3U);
  EXPECT_EQ(t.sram_area[1].um2_per_byte, 7.76);
  ASSERT_EQ(t.published_machine.size(), 11U);
  EXPECT_EQ(t.published_machine[1], (std::pair<std::string, std::string>("data_type", "int16")));
  ASSERT_EQ(t.sram.size(), 4U);
  EXPECT_EQ(t.sram[3].bytes, 1048576);
}

TEST(EnergyTable, errors_name_place_problem_and_expectation) {
  EXPECT_EQ(error_with("energy:\n", "energy:\n  watts: 3\n").substr(0, 12), "e.yaml:31:3:");
  EXPECT_NE(error_with("    um2: 160802\n", "").find("um2"), std::string::npos);
  EXPECT_NE(error_with("pj: 125", "pj: -1").find("pj"), std::string::npos);
  EXPECT_NE(error_with("pj: 125", "pj: lots").find("'lots'"), std::string::npos);
  EXPECT_NE(error_with("source: Horowitz's 70 pJ", "sources: Horowitz's 70 pJ").find("source"),
            std::string::npos);
  EXPECT_NE(error_with("source: DianNao's CP, AXI multiplexer and the rest", "source: \"\"")
                .find("no source, expected where the figure is from"),
            std::string::npos);
  EXPECT_NE(error_with("{bytes: 8192", "{bytes: 2048")
                .find("not larger than the point before, expected ascending sizes"),
            std::string::npos);
  EXPECT_NE(error_with("bytes: 16384", "bytes: 1024").find("expected ascending sizes"),
            std::string::npos);
  EXPECT_NE(error_with("    core.pes: 16\n", "    core.pse: 16\n").find("core.pes"),
            std::string::npos);
  EXPECT_NE(error_with("data_type: int16", "data_type: int61").find("e.yaml:18:16"),
            std::string::npos);
}

TEST(EnergyTable, sram_energy_is_a_power_law_between_points_and_flat_outside) {
  EnergyTable t;
  t.sram = {{1024, 1, 2}, {4096, 2, 8}};
  EXPECT_DOUBLE_EQ(sram_read_pj(t, 1024), 1);
  EXPECT_DOUBLE_EQ(sram_read_pj(t, 4096), 2);
  EXPECT_NEAR(sram_read_pj(t, 2048), 1.41421356, 1e-8);  // half-way in the logarithm
  EXPECT_NEAR(sram_write_pj(t, 2048), 4, 1e-12);
  EXPECT_DOUBLE_EQ(sram_read_pj(t, 100), 1);
  EXPECT_DOUBLE_EQ(sram_read_pj(t, 1e9), 2);
  t.sram[0].read_pj_per_byte = 0;
  EXPECT_NEAR(sram_read_pj(t, 2560), 1, 1e-12);  // no logarithm: straight
}

}  // namespace
}  // namespace unna
