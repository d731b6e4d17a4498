#pragma once

// What activity costs in energy and area: a table in YAML, each row with its source
// (configs/energy/, docs/energy.md).

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"

namespace unna {

/// pJ an operation, or um2 a multiplier, by DataType.
using PerType = std::array<double, std::size(kDataTypeNames)>;

struct SramPoint {
  Bytes bytes = 0;  ///< of the macro
  double read_pj_per_byte = 0;
  double write_pj_per_byte = 0;
};

struct SramArea {
  Bytes bytes = 0;  ///< of the macro
  double um2_per_byte = 0;
};

/// Every row is required in the file: there are no defaults behind it.
struct EnergyTable {
  std::string name;
  std::string hash;  ///< XXH64 of the file's bytes
  double published_power_mw = 0;
  double published_area_mm2 = 0;
  /// Path and value of the machine fields that the core of the published figures has.
  std::vector<std::pair<std::string, std::string>> published_machine;

  PerType multiply_pj{}, add_pj{}, elementwise_pj{}, special_pj{};
  double register_pj_per_byte = 0;  ///< operand and pipeline registers, a byte of operand
  std::vector<SramPoint> sram;      ///< by ascending size, at least one
  double indexing_pj = 0;           ///< a neuron selected for a PE
  double instruction_pj = 0;        ///< dispatched
  double dram_pj_per_byte = 0;
  double interconnect_pj_per_byte_mm = 0;
  double clock_pj_per_mm2 = 0;  ///< every cycle
  double leakage_mw_per_mm2 = 0;

  PerType multiplier_um2{};
  std::vector<SramArea> sram_area;  ///< by ascending size, at least one
  double neuron_buffer_um2 = 0;     ///< NBin and NBout each, beyond their SRAM
  double indexing_um2 = 0;          ///< a multiplier
  double control_um2 = 0;
};

/// Strict: unknown, duplicate and missing keys, rows without a source, values that are negative or
/// no numbers and SRAM sizes that do not ascend throw InputError with file:line:column.
EnergyTable parse_energy(const std::string& yaml, const std::string& file);
EnergyTable load_energy(const std::filesystem::path& path);
/// configs/energy/cambricon-x-65nm.yaml, embedded.
EnergyTable default_energy();

/// pJ a byte of an access to an SRAM macro of `bytes`: a power law between two points of the table,
/// the nearest point's beyond its ends.
double sram_read_pj(const EnergyTable& table, double bytes);
double sram_write_pj(const EnergyTable& table, double bytes);

/// um2 a byte of an SRAM macro of `bytes`, between points and beyond them as for energy.
double sram_um2_per_byte(const EnergyTable& table, double bytes);

}  // namespace unna
