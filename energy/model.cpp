#include "energy/model.h"

#include <algorithm>
#include <cmath>

namespace unna {
namespace {

constexpr double kUm2PerMm2 = 1e6;

double real(std::int64_t value) {
  return static_cast<double>(value);
}

/// pJ of bytes read from and written to a buffer made of `banks` macros.
double buffer_energy(Bytes size, std::int64_t banks, Bytes read, Bytes written,
                     const EnergyTable& table) {
  const double macro = real(size) / real(banks);
  return real(read) * sram_read_pj(table, macro) + real(written) * sram_write_pj(table, macro);
}

/// um2 of a buffer made of `banks` macros.
double buffer_area(Bytes size, std::int64_t banks, const EnergyTable& table) {
  return real(size) * sram_um2_per_byte(table, real(size) / real(banks));
}

Bytes moved_by_dma(const Activity& a) {
  return a.loaded_neurons + a.loaded_synapses + a.stored;
}

/// pJ a cycle of one core.
double idle_energy_per_cycle(const MachineConfig& machine, const EnergyTable& table) {
  constexpr double kPjPerMwOverMhz = 1e3;
  const double per_mm2 = table.clock_pj_per_mm2 + table.leakage_mw_per_mm2 * kPjPerMwOverMhz /
                                                      static_cast<double>(machine.clock_mhz);
  return core_area(machine, table).total() * per_mm2;
}

/// From a core to the DRAM's port: the edge of a square of all cores.
double interconnect_mm(const MachineConfig& machine, const EnergyTable& table) {
  return std::sqrt(real(machine.cores) * core_area(machine, table).total());
}

}  // namespace

double ByPart::total() const {
  double sum = 0;
  for (const double v : value) sum += v;
  return sum;
}

ByPart& ByPart::operator+=(const ByPart& other) {
  for (std::size_t p = 0; p < kParts; ++p) value[p] += other.value[p];
  return *this;
}

ByPart core_area(const MachineConfig& machine, const EnergyTable& table) {
  const CoreConfig& core = machine.core;
  const double multipliers = real(core.pes * core.multipliers);
  ByPart area;
  area[Part::pes] = multipliers * table.multiplier_um2[static_cast<std::size_t>(machine.data_type)];
  if (core.indexing != Indexing::none) area[Part::indexing] = multipliers * table.indexing_um2;
  area[Part::nbin] = buffer_area(core.nbin_bytes, core.nbin_banks, table) + table.neuron_buffer_um2;
  area[Part::nbout] =
      buffer_area(core.nbout_bytes, core.nbout_banks, table) + table.neuron_buffer_um2;
  area[Part::sb] = buffer_area(core.sb_bytes, core.sb_banks, table);
  area[Part::control] = table.control_um2;
  for (double& v : area.value) v /= kUm2PerMm2;
  return area;
}

ByPart activity_energy(const Activity& a, const MachineConfig& machine, const EnergyTable& table) {
  const CoreConfig& core = machine.core;
  const auto type = static_cast<std::size_t>(machine.data_type);
  const Bytes element = element_bytes(machine.data_type);
  const Bytes accumulator = core.accumulator_bytes;

  ByPart pj;
  pj[Part::pes] = real(a.multiplies + a.expanded) * table.multiply_pj[type] +
                  real(a.adds) * table.add_pj[type] +
                  real(a.elementwise) * table.elementwise_pj[type] +
                  real(a.special) * table.special_pj[type] +
                  real(2 * a.multiplies * element) * table.register_pj_per_byte;
  pj[Part::indexing] = real(a.selected) * table.indexing_pj;
  pj[Part::nbin] = buffer_energy(core.nbin_bytes, core.nbin_banks, a.neurons * element + a.moved,
                                 a.loaded_neurons, table);
  pj[Part::sb] = buffer_energy(core.sb_bytes, core.sb_banks,
                               a.synapses * element + a.packed_synapses + a.biases * accumulator,
                               a.loaded_synapses, table);
  pj[Part::nbout] =
      buffer_energy(core.nbout_bytes, core.nbout_banks,
                    a.results_read * element + a.sums_read * accumulator + a.stored,
                    a.results_written * element + a.sums_written * accumulator + a.moved, table);
  pj[Part::control] = real(a.instructions) * table.instruction_pj;
  pj[Part::dram] = real(moved_by_dma(a)) * table.dram_pj_per_byte;
  pj[Part::interconnect] =
      real(moved_by_dma(a)) * table.interconnect_pj_per_byte_mm * interconnect_mm(machine, table);
  return pj;
}

void charge_memory(ByPart& pj, const Activity& a, const MemoryTraffic& traffic,
                   const MachineConfig& machine, const EnergyTable& table) {
  if (traffic.dma == 0) return;
  const double share = real(moved_by_dma(a)) / real(traffic.dma);
  pj[Part::dram] = share * real(traffic.dram) * table.dram_pj_per_byte;
  // A macro for each way of a channel's part.
  const double macro =
      real(machine.cache.size_bytes) / real(machine.cache.ways * machine.dram.layout.channels);
  if (traffic.cache > 0) pj[Part::cache] = share * real(traffic.cache) * sram_read_pj(table, macro);
}

double idle_energy(Cycle cycles, const MachineConfig& machine, const EnergyTable& table) {
  return real(cycles) * real(machine.cores) * idle_energy_per_cycle(machine, table);
}

Activity peak_activity(const CoreConfig& core, bool indexed) {
  Activity a;
  a.multiplies = a.adds = a.synapses = core.pes * core.multipliers;
  a.elementwise = core.elementwise_stages * core.elementwise_lanes;
  a.results_written = core.elementwise_lanes;
  indexed = indexed && core.indexing != Indexing::none;
  a.neurons = indexed ? core.nbin_read_elements : core.multipliers;
  a.selected = indexed ? a.multiplies : 0;
  return a;
}

ByPart core_power(const Activity& activity, const MachineConfig& machine,
                  const EnergyTable& table) {
  constexpr double kMwPerPjMhz = 1e-3;
  ByPart power = activity_energy(activity, machine, table);
  power[Part::idle] = idle_energy_per_cycle(machine, table);
  for (double& v : power.value) v *= static_cast<double>(machine.clock_mhz) * kMwPerPjMhz;
  return power;
}

}  // namespace unna
