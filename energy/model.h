#pragma once

// Energy, power and area of a core and of a run, from activity and a table. All linear: the energy
// of a sum of activities is the sum of their energies.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/units.h"
#include "configs/machine.h"
#include "cost/activity.h"
#include "energy/table.h"

namespace unna {

/// Where energy goes; docs/metrics.md, "Energy", says what belongs where.
enum class Part : std::uint8_t {
  pes,
  indexing,
  nbin,
  sb,
  nbout,
  control,
  dram,
  interconnect,
  cache,
  idle,  ///< clock network and leakage, spent in every cycle whatever the core does
};
inline constexpr std::size_t kParts = 10;
inline constexpr std::array<std::string_view, kParts> kPartNames = {
    "pes", "indexing", "nbin", "sb", "nbout", "control", "dram", "interconnect", "cache", "static"};

/// By part: pJ for energy, mm2 for area (of one core, whose DRAM and interconnect have none).
struct ByPart {
  std::array<double, kParts> value{};

  double& operator[](Part part) { return value[static_cast<std::size_t>(part)]; }
  double operator[](Part part) const { return value[static_cast<std::size_t>(part)]; }
  double total() const;
  ByPart& operator+=(const ByPart& other);
};

/// Of one core of the machine: multipliers by its data type, buffers by the size of their macros.
ByPart core_area(const MachineConfig& machine, const EnergyTable& table);

/// What the memory system moved for the bytes that the DMAs did (`dram.model: banked`).
struct MemoryTraffic {
  Bytes dma = 0;
  Bytes dram = 0;   ///< whole bursts
  Bytes cache = 0;  ///< read from and written to the shared cache's SRAM
};

/// Replaces Part::dram and sets Part::cache by what `traffic` is for each byte of a DMA: parts that
/// add up to all of the run do so with it, too.
void charge_memory(ByPart& energy, const Activity& activity, const MemoryTraffic& traffic,
                   const MachineConfig& machine, const EnergyTable& table);

/// pJ of activity: every byte that a DMA moves is one of the DRAM. Part::cache and Part::idle are
/// left at 0.
ByPart activity_energy(const Activity& activity, const MachineConfig& machine,
                       const EnergyTable& table);

/// pJ of clock network and leakage of all cores over `cycles`.
double idle_energy(Cycle cycles, const MachineConfig& machine, const EnergyTable& table);

/// A cycle of one core in which all multipliers work, fed by SB and NBin, and all element-wise
/// stages. `indexed`: NBin reads a whole window and the indexing module selects a neuron for each
/// multiplier; else, and on a core without that module, all PEs get the same neurons.
Activity peak_activity(const CoreConfig& core, bool indexed);

/// mW of one core that does `activity` every cycle, idle power included.
ByPart core_power(const Activity& activity, const MachineConfig& machine, const EnergyTable& table);

}  // namespace unna
