#pragma once

// A language model that generates: one run over the prompt, then one for each further token, with
// caches that stay in place and grow.

#include <cstdint>
#include <optional>

#include "flow/pipeline.h"
#include "flow/step_family.h"
#include "report/generate_report.h"

namespace unna {

/// Lengths at which lines are off by more than this are simulated: a quarter of the 2 % that
/// docs/generate.md states.
inline constexpr double kStepTolerance = 0.005;
/// Where the first step takes no more cycles than this all are simulated, which takes about as long
/// as compiling them: in so short a time cycles depend on which bursts meet in which bank as much
/// as on the length, and no line is within 2 % of all of them.
inline constexpr double kShortStep = 24'000;
/// The same for steps that move no more bytes than this where lines turn out not to serve.
inline constexpr Bytes kRoughStep = 16 * 1024 * 1024;

inline constexpr std::int64_t kMostTokens = 1 << 20;  ///< of a prompt, new ones, sequences

struct GenerateOptions {
  std::int64_t prompt = 128;  ///< tokens
  std::int64_t tokens = 64;   ///< new ones, the first of which the run over the prompt makes
  std::optional<std::int64_t> batch;    ///< sequences; none: as the network says
  std::optional<std::int64_t> context;  ///< room of the caches; none: for all tokens
  double tolerance = kStepTolerance;    ///< 0: every step is simulated
  double short_step = kShortStep;       ///< cycles
  bool functional = false;              ///< also compute
  bool check = false;                   ///< and compare with the reference
  RunOptions run;                       ///< how programs are compiled, planned and validated
};

/// One layout serves the prompt's program and all steps'; it is checked against every one of them.
/// Throws CapacityError where it does not fit, InternalError with the culprits where something is
/// not valid.
GenerateReport generate(const NetworkChoice& network, const ChosenMachine& machine,
                        const GenerateOptions& options, bool timing);

}  // namespace unna
