// Energy, power and area from activity, reckoned by hand with a table of round figures.

#include "energy/model.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

EnergyTable round_table() {
  EnergyTable t;
  t.multiply_pj = {1, 2, 3, 4};
  t.add_pj = {10, 20, 30, 40};
  t.elementwise_pj = {100, 200, 300, 400};
  t.special_pj = {1000, 2000, 3000, 4000};
  t.register_pj_per_byte = 0.5;
  t.sram = {{512, 1, 3}, {2048, 5, 7}};
  t.indexing_pj = 11;
  t.instruction_pj = 13;
  t.dram_pj_per_byte = 17;
  t.interconnect_pj_per_byte_mm = 2;
  t.clock_pj_per_mm2 = 4;
  t.leakage_mw_per_mm2 = 6;
  t.multiplier_um2 = {2'500, 10'000, 30'000, 90'000};
  t.sram_area = {{2048, 10}, {32768, 2.5}};
  t.neuron_buffer_um2 = 100'000;
  t.indexing_um2 = 5'000;
  t.control_um2 = 4'480;
  return t;
}

/// NBin of 512-byte macros, NBout and SB of 2 KB macros, as the defaults are.
MachineConfig machine() {
  return {};
}

TEST(Energy, each_count_is_charged_to_its_part) {
  Activity a;
  a.instructions = 1;
  a.multiplies = 2;
  a.adds = 3;
  a.elementwise = 5;
  a.special = 7;
  a.neurons = 11;
  a.selected = 13;
  a.synapses = 17;
  a.biases = 19;
  a.packed_synapses = 59;
  a.expanded = 61;
  a.results_read = 23;
  a.results_written = 29;
  a.sums_read = 31;
  a.sums_written = 37;
  a.moved = 41;
  a.loaded_neurons = 43;
  a.loaded_synapses = 47;
  a.stored = 53;
  const ByPart e = activity_energy(a, machine(), round_table());
  EXPECT_DOUBLE_EQ(e[Part::pes], (2 + 61) * 2 + 3 * 20 + 5 * 200 + 7 * 2000 + 2 * 2 * 2 * 0.5);
  EXPECT_DOUBLE_EQ(e[Part::indexing], 13 * 11);
  EXPECT_DOUBLE_EQ(e[Part::nbin], (11 * 2 + 41) * 1 + 43 * 3);
  EXPECT_DOUBLE_EQ(e[Part::sb], (17 * 2 + 59 + 19 * 4) * 5 + 47 * 7);
  EXPECT_DOUBLE_EQ(e[Part::nbout], (23 * 2 + 31 * 4 + 53) * 5 + (29 * 2 + 37 * 4 + 41) * 7);
  EXPECT_DOUBLE_EQ(e[Part::control], 13);
  EXPECT_DOUBLE_EQ(e[Part::dram], (43 + 47 + 53) * 17);
  EXPECT_EQ(e[Part::cache], 0);
  EXPECT_EQ(e[Part::idle], 0);
}

TEST(Energy, bursts_and_lines_are_shared_out_by_bytes_of_dmas) {
  MachineConfig m = machine();
  m.cache.size_bytes = 16 * kKiB;
  m.cache.ways = 4;
  m.dram.layout.channels = 2;
  Activity a;
  a.loaded_neurons = 10;
  a.stored = 20;
  ByPart e = activity_energy(a, m, round_table());
  charge_memory(e, a, {90, 1200, 600}, m, round_table());
  EXPECT_DOUBLE_EQ(e[Part::dram], 400 * 17);
  EXPECT_DOUBLE_EQ(e[Part::cache], 200 * 5);  // macros of 2 KB
  charge_memory(e, a, {90, 1200, 0}, m, round_table());
  EXPECT_DOUBLE_EQ(e[Part::dram], 400 * 17);
}

TEST(Energy, the_data_type_chooses_operations_and_bytes) {
  Activity a;
  a.multiplies = a.adds = a.neurons = 1;
  MachineConfig m = machine();
  m.data_type = DataType::fp32;
  const ByPart e = activity_energy(a, m, round_table());
  EXPECT_DOUBLE_EQ(e[Part::pes], 4 + 40 + 2 * 4 * 0.5);
  EXPECT_DOUBLE_EQ(e[Part::nbin], 4);
}

TEST(Energy, area_adds_up_by_part) {
  const ByPart area = core_area(machine(), round_table());
  EXPECT_DOUBLE_EQ(area[Part::pes], 2.56);
  EXPECT_DOUBLE_EQ(area[Part::indexing], 1.28);
  EXPECT_DOUBLE_EQ(area[Part::nbin], 0.18192);
  EXPECT_DOUBLE_EQ(area[Part::nbout], 0.18192);
  EXPECT_DOUBLE_EQ(area[Part::sb], 0.32768);
  EXPECT_DOUBLE_EQ(area[Part::control], 0.00448);
  EXPECT_DOUBLE_EQ(area.total(), 4.536);
}

TEST(Energy, area_follows_the_data_type_and_the_size_of_macros) {
  MachineConfig m = machine();
  m.data_type = DataType::fp32;
  EXPECT_DOUBLE_EQ(core_area(m, round_table())[Part::pes], 256 * 0.09);
  m.data_type = DataType::int8;
  EXPECT_DOUBLE_EQ(core_area(m, round_table())[Part::pes], 256 * 0.0025);
  // 16 macros of 2 KB, 4 of 8 KB (half of a quarter's logarithm: half as dear), 1 of 32 KB.
  for (const auto& [banks, um2_per_byte] : {std::pair{16, 10.0}, {4, 5.0}, {1, 2.5}}) {
    m.core.sb_banks = banks;
    EXPECT_NEAR(core_area(m, round_table())[Part::sb], 32768 * um2_per_byte * 1e-6, 1e-9);
  }
}

TEST(Energy, idle_power_is_that_of_the_area_of_all_cores_in_every_cycle) {
  MachineConfig m = machine();
  m.cores = 4;
  m.clock_mhz = 500;  // 6 mW are 12 pJ in a cycle of 2 ns
  EXPECT_NEAR(idle_energy(10, m, round_table()), 10 * 4 * 4.536 * (4 + 12), 1e-9);
}

TEST(Energy, the_interconnect_is_as_long_as_the_edge_of_all_cores) {
  Activity a;
  a.stored = 1;
  MachineConfig m = machine();
  const double one = activity_energy(a, m, round_table())[Part::interconnect];
  EXPECT_NEAR(one, 2 * 2.12979, 1e-4);  // sqrt(4.536 mm2)
  m.cores = 4;
  EXPECT_NEAR(activity_energy(a, m, round_table())[Part::interconnect], 2 * one, 1e-9);
}

TEST(Energy, power_is_energy_a_cycle_at_the_clock) {
  MachineConfig m = machine();
  m.clock_mhz = 2000;
  Activity a;
  a.instructions = 1;
  const ByPart power = core_power(a, m, round_table());
  EXPECT_DOUBLE_EQ(power[Part::control], 26);             // 13 pJ at 2 GHz
  EXPECT_NEAR(power[Part::idle], 4.536 * (8 + 6), 1e-9);  // leakage does not follow the clock
}

TEST(Energy, the_peak_keeps_every_multiplier_and_stage_busy) {
  const CoreConfig core;
  const Activity dense = peak_activity(core, false);
  EXPECT_EQ(dense.multiplies + dense.adds + dense.elementwise, peak_operations(core));
  EXPECT_EQ(dense.neurons, 16);
  EXPECT_EQ(dense.synapses, 256);
  EXPECT_EQ(dense.selected, 0);
  EXPECT_EQ(dense.results_written, 16);
  const Activity indexed = peak_activity(core, true);
  EXPECT_EQ(indexed.neurons, 256);
  EXPECT_EQ(indexed.selected, 256);
}

/// The table is taken from DianNao: for DianNao's own sizes it gives DianNao's published figures.
TEST(Energy, the_shipped_table_gives_back_the_layout_it_was_taken_from) {
  const EnergyTable t = default_energy();
  MachineConfig m = machine();
  m.clock_mhz = 980;
  m.core.nbin_bytes = m.core.nbout_bytes = 2 * kKiB;
  m.core.nbin_banks = m.core.nbout_banks = 1;
  ByPart area = core_area(m, t);
  area[Part::indexing] = 0;  // DianNao has none
  EXPECT_NEAR(area.total(), 3.023, 0.005);

  Activity a = peak_activity(m.core, false);
  a.elementwise = 0;  // its combinational power is in that of the multipliers
  ByPart power = core_power(a, m, t);
  power[Part::idle] *= 3.023 / core_area(m, t).total();
  EXPECT_NEAR(power.total(), 485, 5);
}

}  // namespace
}  // namespace unna
