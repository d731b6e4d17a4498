#pragma once

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna {

/// A plan no higher than `limit` in which the pairs to avoid that share bytes weigh as little as
/// is found: `offsets`, a plan of the problem that is no higher, or a better one.
///
/// First all of these pairs are kept apart; where that does not fit below the limit, buffers are
/// placed by what a place adds to the cost, then by address, in several orders; then buffers around
/// pairs that share bytes are taken out and placed anew, again and again, as long as that lowers
/// the cost now and then. A plan without cost is proved to be the best, no other is.
std::vector<Bytes> with_few_waits(const PlanProblem& problem, std::vector<Bytes> offsets,
                                  Bytes limit, const PlanOptions& options);

}  // namespace unna
