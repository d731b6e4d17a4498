#pragma once

// Partial orders of cores that seldom wait for one another (Lifetimes::threads): buffers of a core
// lie in an arena of its own, as far as another core's may be in use at the same time.

#include <vector>

#include "memmgr/planners/constructive.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna {

/// Orders that place one thread's buffers after another's, and within a thread by size, or by what
/// is in the way there; and some that do so for all at once, which need no threads.
std::vector<ConstructiveOrder> thread_orders(const PlanProblem& problem);

/// Each thread's buffers planned alone by `auto`, all placed in the order of these plans.
struct ThreadsAlone {
  std::vector<Bytes> offsets;  ///< empty where nothing is known of threads, or there is one
  bool met = true;             ///< each thread's plan meets its bound: it took next to nothing
};
/// The options' effort is for all threads together.
ThreadsAlone plan_threads_alone(const PlanProblem& problem, const PlanOptions& options);

}  // namespace unna
