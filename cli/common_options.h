#pragma once

// Options that several commands share: the rows and what they mean.

#include <filesystem>
#include <span>

#include "cli/options.h"
#include "flow/fit.h"
#include "flow/pipeline.h"
#include "memmgr/planners/options.h"

namespace unna {

std::span<const OptionRow> machine_options();  ///< --machine, --set
std::span<const OptionRow> compile_options();  ///< --granularity, --partition, --bands
std::span<const OptionRow> network_options();  ///< --input-shape, --weight-density, --weight-seed
std::span<const OptionRow> search_options();   ///< --seed, --threads, --time-limit, --tetris

NetworkChoice network_choice(const Options& options, const std::string& file);
MachineChoice machine_choice(const Options& options);  ///< without --cores
CompileOptions compile_choice(const Options& options, Granularity otherwise = Granularity::tensor);
/// --memory-budget, --objective, --partition, --jobs, --energy, as far as the command has them.
FitOptions fit_choice(const Options& options);
PlanOptions plan_choice(const Options& options);

/// -o, or out/<name>.
std::filesystem::path run_directory(const Options& options, const std::string& name);

/// Writes the dumps that `--dump=graph,partition,tiles,schedule,asm` asks for into `directory`.
void write_dumps(const Options& options, const Compiled& compiled,
                 const std::filesystem::path& directory);
inline constexpr OptionRow kEnergyOption = {
    "energy", "FILE", "", "energy and area table (default: Cambricon-X in 65 nm, docs/energy.md)"};
inline constexpr OptionRow kDumpOption = {
    "dump", "LIST", "", "also write intermediate values: graph,partition,tiles,schedule,asm"};

}  // namespace unna
