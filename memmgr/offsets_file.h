#pragma once

// Somebody's plan as a file: which buffer lies where (`unnasim plan --check`). docs/planning.md,
// "Files".

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// By index of the problem's buffers.
struct GivenPlan {
  std::vector<Bytes> offsets;
  std::vector<std::uint32_t> pool;  ///< empty: the problem has no pools
  std::vector<int> line;            ///< of the file, where each buffer's offset stands
};

/// Reads CSV with the columns `id` and `offset` (and `pool`, where the problem has pools), as
/// `plan -o` and MiniMalloc write it, or JSON: a list of objects with these keys, an object that
/// has the list under `offsets`, or a certificate of one plan. The plan.csv of a run names buffers
/// by `buffer` beside their numbers, and lists those that are not planned, too. Other columns and
/// keys are not looked at, but for `size`, which has to be the problem's. Throws InputError with
/// line and column for a buffer that the problem does not have, that is missing or that is given
/// twice; where an offset is wrong is for the checker to say.
GivenPlan parse_offsets(const std::string& text, const std::string& file,
                        const PlanProblem& problem);

}  // namespace unna
