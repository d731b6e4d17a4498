#pragma once

// Values of a model that generates: every step computes in the memory that the one before has left.

#include "flow/generate.h"
#include "flow/step_programs.h"
#include "report/generate_report.h"

namespace unna {

/// Runs the prompt and all steps with random values, the same tokens in one run over all of them by
/// the reference executor, and compares caches and the last outputs. Inputs with a row for each new
/// token by a column for each token are masks: what lies ahead is not seen. Throws InternalError
/// where weights or results differ, InputError for a number type or a network that it can't run.
GenerateFunctional generate_values(StepPrograms& programs, const GenerateOptions& options,
                                   const MachineConfig& machine);

}  // namespace unna
