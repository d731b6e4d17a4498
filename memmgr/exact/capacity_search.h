#pragma once

// Whether a problem fits a capacity: restarts of the depth-first search on its independent parts.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "memmgr/exact/instance.h"
#include "memmgr/exact/perfect_instance.h"
#include "memmgr/exact/search.h"
#include "memmgr/problem.h"

namespace unna {

/// What a search may spend. Work counts looks at a buffer or a section, one or two nanoseconds
/// each: a measure of time that is the same on every host.
struct Budget {
  std::uint64_t work = 0;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  int threads = 1;

  bool out_of_time() const { return deadline && std::chrono::steady_clock::now() >= *deadline; }
};

/// Searches a plain problem with stored neighbour lists for a layout below one capacity; may be
/// gone on with. Buffers that any layout leaves room for are set aside first. Where the buffers
/// fill the capacity at all times, most of the work goes to a search for perfect packings.
class CapacitySearch {
 public:
  CapacitySearch(const PlanProblem& problem, Bytes capacity, std::uint64_t seed);

  Bytes capacity() const { return capacity_; }
  /// The buffers fill the capacity at all times.
  bool is_perfect() const { return perfect_.has_value(); }
  /// Takes what it spends from the budget. Four searches run side by side, each from its own seeds,
  /// and the first in order that succeeds counts, so that threads change nothing but the time.
  /// `impossible` is a proof. Once it has ended (other than by `limit`) the answer stays.
  SearchEnd go_on(Budget& budget);
  /// When found: an offset for each buffer of the problem.
  const std::vector<Bytes>& offsets() const { return offsets_; }

 private:
  struct Part {
    PackingInstance instance;
    std::vector<SearchMemory> memory;  ///< one a lane
    std::uint64_t round = 0;
    bool solved = false;
  };

  SearchEnd search(Part& part, Budget& budget);
  SearchEnd search_parts(Budget& budget);
  SearchEnd search_perfect(Budget& budget);

  const PlanProblem& problem_;
  Bytes capacity_;
  std::uint64_t seed_;
  std::vector<std::uint32_t> aside_;
  std::vector<Part> parts_;
  std::optional<PerfectInstance> perfect_;
  std::uint64_t perfect_round_ = 0;
  std::vector<Bytes> offsets_;
  SearchEnd end_ = SearchEnd::limit;
  bool too_large_ = false;  ///< an instance is, for the search: nothing will be known
};

}  // namespace unna
