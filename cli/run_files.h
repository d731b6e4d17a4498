#pragma once

// The files of a run directory, as `simulate` and `fit` write them.

#include <filesystem>

#include "base/output_file.h"
#include "flow/pipeline.h"

namespace unna {

/// summary.json, layers.csv, plan.csv, program.uno and, where the machine has a shared cache,
/// buffers.csv.
void add_run(const std::filesystem::path& directory, const Run& run, OutputFiles& files);

}  // namespace unna
