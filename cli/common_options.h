#pragma once

// Options that several commands share: the rows and what they mean.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_file.h"
#include "cli/options.h"
#include "flow/fit.h"
#include "flow/pipeline.h"
#include "flow/run_manifest.h"
#include "memmgr/planners/options.h"

namespace unna {

std::span<const OptionRow> machine_options();  ///< --machine, --set
std::span<const OptionRow> compile_options();  ///< --granularity, --partition, --bands
std::span<const OptionRow> network_options();  ///< what is read of a network, and how
std::span<const OptionRow> search_options();   ///< --seed, --threads, --time-limit, --tetris

/// `name`, where a planner has it; else the option fails.
std::string planner_choice(const Options& options, std::string_view option,
                           const std::string& name);

/// --jobs: all host threads where it is not given.
int job_count(const Options& options);

NetworkChoice network_choice(const Options& options, const std::string& file);
MachineChoice machine_choice(const Options& options);  ///< without --cores
/// `--schedule walk`, where the command has a budget to search for.
bool searches_walks(const Options& options);
CompileOptions compile_choice(const Options& options, Granularity otherwise = kDefaultGranularity);
/// --memory-budget, --objective, --partition, --jobs, --energy, as far as the command has them.
FitOptions fit_choice(const Options& options);
PlanOptions plan_choice(const Options& options);

/// A name from a network as that of a file: neither directories nor control characters in it.
std::string file_name(std::string_view name);

/// -o, or out/<name>.
std::filesystem::path run_directory(const Options& options, const std::string& name);
/// Refuses, before any work, a run directory that can't be made or written to.
void check_run_directory(const Options& options);

/// The dumps that `--dump=graph,partition,tiles,schedule,asm` asks for; throws InputError for
/// others.
std::vector<std::string> dump_choice(const Options& options);
std::vector<RunFile> dumped(const std::vector<std::string>& dumps, const Compiled& compiled);
/// The same as files in `directory`.
void add_dumps(const std::vector<std::string>& dumps, const Compiled& compiled,
               const std::filesystem::path& directory, OutputFiles& files);
inline constexpr OptionRow kEnergyOption = {
    "energy", "FILE", "", "energy and area table (default: Cambricon-X in 65 nm, docs/energy.md)"};
inline constexpr OptionRow kBlocksOption = {
    "equal-blocks", "HOW", "every",
    "every or once: compile and simulate three of a row of equal blocks, such as the layers of a "
    "transformer, and count the others as the middle one"};
inline constexpr OptionRow kScheduleOption = {
    "schedule", "FILE", "",
    "walks instead of layer by layer (docs/walks.md), as --dump schedule and fit write them"};
inline constexpr OptionRow kDumpOption = {
    "dump", "LIST", "", "also write intermediate values: graph,partition,tiles,schedule,asm"};

}  // namespace unna
