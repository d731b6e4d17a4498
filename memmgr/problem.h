#pragma once

// What a planner is given and what it gives back.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/units.h"
#include "memmgr/lifetimes.h"

namespace unna {

struct PlanBuffer {
  std::string name;
  Bytes size = 0;
  Bytes alignment = 1;
  std::optional<Bytes> fixed;  ///< must be placed exactly here
};

struct PlanProblem {
  std::vector<PlanBuffer> buffers;
  Lifetimes lifetimes;               ///< entry i belongs to buffers[i]
  std::optional<Bytes> capacity;     ///< asked for by the user
  /// An order in which every buffer's first use comes after those that must precede it: execution
  /// order, for planners that are driven by a sequence.
  std::vector<std::uint32_t> sequence;
  /// Conflicting buffers of each buffer, ascending (compressed rows).
  std::vector<std::uint64_t> row;
  std::vector<std::uint32_t> column;
  Bytes lower_bound = 0;             ///< max-weight antichain; no plan has a smaller peak

  std::span<const std::uint32_t> neighbours(std::size_t i) const {
    return std::span(column).subspan(row[i], row[i + 1] - row[i]);
  }
};

/// Sizes are rounded up to `alignment`; computes conflicts, sequence and bound. Refuses (InternalError)
/// `observed` lifetimes unless `unsafe` says that the result is only for comparison.
PlanProblem make_problem(Lifetimes lifetimes, Bytes alignment, bool unsafe = false);

/// The maximum-weight antichain of the order (maximum live sum for intervals), by min-flow.
Bytes max_weight_antichain(const Lifetimes& lifetimes, std::span<const Bytes> weights);

/// Parameters of tetris (Chen et al., JCST 2022, section 4); loadable from YAML.
struct TetrisOptions {
  std::int64_t population = 64;
  std::int64_t generations = 400;
  std::int64_t elite = 4;
  std::int64_t tournament = 3;
  std::int64_t mutation_percent = 30;

  friend bool operator==(const TetrisOptions&, const TetrisOptions&) = default;
};
TetrisOptions load_tetris_options(const std::string& path);

struct PlanOptions {
  std::uint64_t seed = 1;
  int threads = 1;
  /// Seconds; a planner that searches ends then with the best it has. The result then depends on
  /// the host; without a limit it depends only on the inputs and the seed.
  std::optional<double> time_limit;
  TetrisOptions tetris;
};

struct Plan {
  std::string planner;
  std::vector<Bytes> offsets;  ///< by index of the problem's buffers
  Bytes peak = 0;              ///< highest end of a buffer
  Bytes lower_bound = 0;
  bool proved_optimal = false;
  std::uint64_t seed = 0;
  double seconds = 0;
  std::string note;            ///< how the search ended, one line; may be empty

  Bytes fragmentation() const { return peak - lower_bound; }
};

struct PlannerInfo {
  std::string_view name;
  std::string_view doc;        ///< one line
  std::string_view reference;  ///< paper, section
  Plan (*run)(const PlanProblem&, const PlanOptions&);
};

/// The one table of planners.
std::span<const PlannerInfo> planners();
/// Throws InputError, listing the names, for an unknown one.
const PlannerInfo& planner(std::string_view name);
/// Runs it, times it, fills in peak, bound and `proved_optimal`.
Plan run_planner(std::string_view name, const PlanProblem& problem, const PlanOptions& options);

/// Offsets by BufferId (members of a LiveBuffer side by side, each aligned).
std::vector<Bytes> member_offsets(const PlanProblem& problem, const Plan& plan,
                                  std::size_t buffer_count, const std::vector<BufferInfo>& buffers,
                                  Bytes alignment);

/// MiniMalloc's CSV (Moffitt, ASPLOS 2023); throws InputError with line and column.
PlanProblem parse_plan_csv(const std::string& text, const std::string& file);
/// The same columns with `offset`.
std::string format_plan_csv(const PlanProblem& problem, const Plan& plan);

}  // namespace unna
