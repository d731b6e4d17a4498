#pragma once

// The files of a run directory, as `simulate` and `fit` write them.

#include <filesystem>

#include "flow/pipeline.h"

namespace unna {

/// summary.json, layers.csv, plan.csv, program.uno and, where the machine has a shared cache,
/// buffers.csv.
void write_run(const std::filesystem::path& directory, const Run& run);

}  // namespace unna
