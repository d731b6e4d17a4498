#pragma once

// What is in use together at the peak, as topology has it and as the instructions have it, and
// which cores make the difference. Answers why a plan from instructions may need more than one from
// topology: cores that do not wait for one another are in two layers at once.

#include <cstddef>
#include <string>
#include <vector>

#include "base/units.h"
#include "isa/trace.h"
#include "memmgr/problem.h"

namespace unna {

/// What a tensor has in use at a peak.
struct PeakTensor {
  std::string tensor;
  Bytes bytes = 0;
  std::size_t buffers = 0;  ///< of them, this many
  std::string cores;        ///< that use them: "0, 2 to 5"
};

struct PeakExplanation {
  Bytes topology_bytes = 0;     ///< the lower bound of whole tensors in the order of the layers
  Bytes instruction_bytes = 0;  ///< the lower bound of buffers in the order of the instructions
  std::vector<PeakTensor> topology, instruction;  ///< the largest first
  /// Pairs of tensors that share bytes under topology liveness but are in use together, largest
  /// first: a sentence each, with buffers, cores and layers.
  std::vector<std::string> overlaps;

  bool loss() const { return instruction_bytes > topology_bytes; }
};

/// At most `limit` overlaps. `trace` is what `instruction` was derived from.
PeakExplanation explain_peaks(const PlanProblem& topology, const PlanProblem& instruction,
                              const Trace& trace, std::size_t limit = 5);

/// At most `limit` tensors of each peak; the overlaps only where instructions need more.
std::string peaks_text(const PeakExplanation& peaks, std::size_t limit = 8);

}  // namespace unna
