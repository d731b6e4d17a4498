#pragma once

// Instances that several tests use.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "memmgr/lifetimes.h"
#include "memmgr/problem.h"

namespace unna::test {

/// A file of ../shared (or $UNNA_SHARED); empty where it is absent: the test skips itself.
std::filesystem::path shared_file(const std::string& relative);

/// Intervals as published: steps inclusive.
struct Life {
  std::int64_t first = 0;
  std::int64_t last = 0;
  Bytes size = 0;
};
PlanProblem interval_problem(const std::vector<Life>& lives, Bytes alignment = 1);
const std::vector<Life>& pathological_packing();
const std::vector<Life>& fragmentation_fixture();

/// A column file of usage records: sizes (aligned to 64 or not) and inclusive lifetimes.
PlanProblem usage_records(const std::filesystem::path& path);

/// A tensor on edges of an operator graph: written by one operator, read by others.
struct GraphTensor {
  std::string name;
  std::size_t writer = 0;
  std::vector<std::size_t> readers;
  Bytes size = 0;
};
struct OpGraph {
  std::size_t ops = 0;
  std::vector<GraphTensor> tensors;
};
/// Every operator a layer, every tensor a buffer.
Object object_of(const OpGraph& graph, bool parallel);
/// The same with the operators renumbered by their place in `order`.
OpGraph reordered(const OpGraph& graph, const std::vector<std::size_t>& order);
/// All orders in which an operator comes after those whose tensors it reads.
std::vector<std::vector<std::size_t>> execution_orders(const OpGraph& graph);
/// Each operator on a core of its own, ordered by a signal from each writer to each of its readers.
Trace trace_of(const OpGraph& graph);

/// Writes event lists by hand.
class TraceBuilder {
 public:
  explicit TraceBuilder(std::size_t cores);
  BufferId buffer(const std::string& name, Bytes size, BufferKind kind = BufferKind::intermediate);
  TraceEvent& read(std::size_t core, BufferId b);
  TraceEvent& write(std::size_t core, BufferId b);
  TraceEvent& compute(std::size_t core);
  void signal(std::size_t core, std::size_t to, std::uint32_t semaphore);
  void wait(std::size_t core, std::size_t from, std::uint32_t semaphore);
  void barrier(std::size_t core, std::uint64_t cores);
  Trace finish();

 private:
  TraceEvent& add(std::size_t core, std::optional<Engine> engine, TraceKind kind);

  Trace trace_;
  std::vector<std::vector<TraceEvent>> events_;
};

/// A trace that can be executed, with tokens, barriers and signals at random.
Trace random_trace(Rng& rng, std::size_t cores, std::size_t buffers, std::size_t steps);

/// reaches[u][v]: event u of trace.events happens before event v, by plain graph search.
std::vector<std::vector<bool>> brute_force_order(const Trace& trace);

/// The heaviest set of pairwise conflicting buffers, by trying all sets.
Bytes brute_force_antichain(const Lifetimes& lifetimes, const std::vector<Bytes>& weights);

/// Smallest peak of any plan, by trying all orders with the lowest-offset decoder.
Bytes brute_force_optimum(const PlanProblem& problem);

/// Random intervals, or a random partial order (from a random trace).
PlanProblem random_intervals(Rng& rng, std::size_t n, std::int64_t horizon, Bytes max_size);

/// Every planner must give a valid plan, with objects where it says so; none may go below the
/// bounds.
void expect_all_planners_valid(const PlanProblem& problem, const std::string& name);

}  // namespace unna::test
