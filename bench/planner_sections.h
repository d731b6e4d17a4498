#pragma once

// What planners_bench measures, a table or a few each. Times are CPU seconds of the process, so
// that others who use the host count little; every plan is checked before it counts.

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna::bench {

void minimalloc_section();  ///< MiniMalloc's corpus, with and without its capacity
void packings_section();    ///< perfect packings cut at random
void published_section();   ///< other published instances and their known optima
void kinds_section();       ///< a row for each kind of instance: packing, proofs, time
void large_section();       ///< 20,000 to 100,000 buffers
void tetris_section();      ///< what each idea of tetris is worth
void networks_section();    ///< all shipped networks

struct Measured {
  Plan plan;
  double seconds = 0;  ///< of CPU time
};
/// Throws InternalError where the plan is not valid.
Measured run_measured(std::string_view planner, const PlanProblem& problem,
                      const PlanOptions& options = {});

/// Bytes above the bound as a share of the bound; "optimal" where proved.
std::string gap_text(const Plan& plan);
double gap_of(const Plan& plan, Bytes bound);
/// The value below which so many percent of the values lie (nearest rank).
double percentile(std::vector<double> values, std::size_t percent);

struct NamedProblem {
  std::string name;
  PlanProblem problem;
};
/// The published files of $UNNA_SHARED, or ../shared; empty (and a line says so) where absent.
std::vector<NamedProblem> minimalloc_corpus();
std::vector<NamedProblem> usage_records();
std::vector<NamedProblem> somas();
/// Intermediates of a shipped network in bands, by instruction liveness.
NamedProblem network_problem(const std::string& network, std::int64_t cores);

/// Buffers with a first and a last step in use (inclusive), and a size.
struct Life {
  std::int64_t first = 0;
  std::int64_t last = 0;
  Bytes size = 0;
};
PlanProblem problem_of_lives(std::span<const Life> lives);
extern const std::vector<Life> kPathologicalPacking;
extern const std::vector<Life> kFragmentation;

}  // namespace unna::bench
