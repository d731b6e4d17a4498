// The C interface over the planners' own. No exception leaves it.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/version.h"
#include "bindings/unnasim.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"

struct unnasim_problem {
  std::vector<unna::PlanBuffer> buffers;
  std::vector<unna::Interval> intervals;
  std::vector<unna::BufferPair> edges, apart, in_place;
  std::vector<unna::AvoidPair> avoid;
  std::vector<unna::ByteRange> reserved;
  std::optional<unna::Bytes> capacity;
};

struct unnasim_plan {
  unna::Plan plan;
  std::vector<std::uint32_t> bound_buffers;
};

namespace {

using namespace unna;

thread_local std::string last_error;

int fails_with(int code, const std::string& why) {
  last_error = why;
  return code;
}

/// Calls body(), which returns a code, and turns exceptions into codes.
template <class Body>
int guarded(Body body) {
  try {
    last_error.clear();
    return body();
  } catch (const InputError& error) {
    return fails_with(UNNASIM_BAD_INPUT, error.what());
  } catch (const CapacityError& error) {
    return fails_with(UNNASIM_TOO_LARGE, error.what());
  } catch (const std::exception& error) {
    return fails_with(UNNASIM_BUG, error.what());
  }
}

void require(bool condition, const char* what) {
  if (!condition) throw InputError(what);
}

void require_buffer(const unnasim_problem* problem, std::uint32_t buffer) {
  if (buffer >= problem->buffers.size())
    throw InputError(fmt::format("buffer {}, expected less than {}, their number", buffer,
                                 problem->buffers.size()));
}

void require_pair(const unnasim_problem* problem, BufferPair pair) {
  require(problem != nullptr, "no problem");
  require_buffer(problem, pair.first);
  require_buffer(problem, pair.second);
  require(pair.first != pair.second, "a pair of one buffer, expected two");
}

/// Adds a pair of buffers that are there.
int add_pair(unnasim_problem* problem, std::vector<BufferPair> unnasim_problem::*list,
             BufferPair pair) {
  return guarded([&] {
    require_pair(problem, pair);
    (problem->*list).push_back(pair);
    return UNNASIM_OK;
  });
}

/// Ascending, each once.
std::vector<BufferPair> distinct(std::vector<BufferPair> pairs) {
  std::ranges::sort(pairs);
  const auto rest = std::ranges::unique(pairs);
  pairs.erase(rest.begin(), rest.end());
  return pairs;
}

PlanProblem complete(const unnasim_problem& given) {
  PlanProblem problem;
  problem.buffers = given.buffers;
  for (std::size_t i = 0; i < given.buffers.size(); ++i) {
    problem.buffers[i].name = fmt::format("{}", i);
    problem.lifetimes.buffers.push_back({problem.buffers[i].name, problem.buffers[i].size, {}, {}});
  }
  if (given.edges.empty()) {
    problem.lifetimes.kind = LivenessKind::intervals;
    problem.lifetimes.intervals = given.intervals;
  } else {
    problem.lifetimes.kind = LivenessKind::edges;
    problem.lifetimes.order = order_of_edges(given.buffers.size(), distinct(given.edges));
  }
  for (BufferPair pair : given.apart) {
    if (pair.second < pair.first) std::swap(pair.first, pair.second);
    problem.apart.push_back(pair);
  }
  problem.apart = distinct(std::move(problem.apart));
  problem.in_place = distinct(given.in_place);
  problem.avoid = given.avoid;
  problem.reserved = given.reserved;
  problem.capacity = given.capacity;
  complete_problem(problem);
  return problem;
}

PlanOptions options_of(const unnasim_options* given) {
  PlanOptions options;
  if (given == nullptr) return options;
  require(given->size == sizeof(unnasim_options), "options of another size, expected sizeof");
  require(given->time_limit >= 0 && std::isfinite(given->time_limit),
          "a time limit below 0, expected seconds, or 0 for none");
  require(given->threads >= 0 && given->threads <= 1024, "threads, expected 0 to 1024");
  if (given->time_limit > 0) options.time_limit = given->time_limit;
  options.seed = given->seed;
  options.threads = std::max(given->threads, 1);
  return options;
}

/// The independent checker has the last word on what the planners made.
void check_own(PlanProblem problem, const Plan& plan) {
  problem.capacity.reset();
  if (plan.waits && plan.waits->cost != waits_cost(problem, plan.offsets))
    throw InternalError("the pairs to avoid cost something else than the planner said");
  for (const Violation& violation : check_plan(problem, plan, 1))
    throw InternalError(violation.message);
  for (const Violation& violation : check_bound(problem, 1)) throw InternalError(violation.message);
}

}  // namespace

int unnasim_abi(void) {
  return UNNASIM_ABI;
}
const char* unnasim_version(void) {
  return kVersion.data();
}
const char* unnasim_error(void) {
  return last_error.c_str();
}

unnasim_problem* unnasim_problem_new(void) {
  unnasim_problem* problem = nullptr;
  guarded([&] {
    problem = std::make_unique<unnasim_problem>().release();
    return UNNASIM_OK;
  });
  return problem;
}
void unnasim_problem_free(unnasim_problem* problem) {
  std::default_delete<unnasim_problem>()(problem);
}

int unnasim_add_buffer(unnasim_problem* problem, int64_t size, int64_t alignment, int64_t lower,
                       int64_t upper) {
  return guarded([&] {
    require(problem != nullptr, "no problem");
    require(size > 0, "a size below 1 byte, expected more");
    require(alignment > 0, "an alignment below 1, expected more");
    require(lower < upper, "a lifetime that is over before it begins, expected lower < upper");
    require(problem->buffers.size() < std::numeric_limits<std::uint32_t>::max(),
            "too many buffers");
    PlanBuffer buffer;
    buffer.size = size;
    buffer.alignment = alignment;
    problem->buffers.push_back(std::move(buffer));
    problem->intervals.push_back({lower, upper});
    return UNNASIM_OK;
  });
}

int unnasim_add_edge(unnasim_problem* problem, uint32_t first, uint32_t second) {
  return add_pair(problem, &unnasim_problem::edges, {first, second});
}
int unnasim_keep_apart(unnasim_problem* problem, uint32_t a, uint32_t b) {
  return add_pair(problem, &unnasim_problem::apart, {a, b});
}
int unnasim_in_place(unnasim_problem* problem, uint32_t first, uint32_t second) {
  return add_pair(problem, &unnasim_problem::in_place, {first, second});
}

int unnasim_avoid(unnasim_problem* problem, uint32_t a, uint32_t b, int64_t weight) {
  return guarded([&] {
    require_pair(problem, {a, b});
    require(weight >= 0 && weight <= kMostAvoidWeight, "a weight, expected 0 to 2^60");
    problem->avoid.push_back({{a, b}, weight});
    return UNNASIM_OK;
  });
}

int unnasim_fix(unnasim_problem* problem, uint32_t buffer, int64_t offset) {
  return guarded([&] {
    require(problem != nullptr, "no problem");
    require_buffer(problem, buffer);
    require(offset >= 0, "a negative offset, expected 0 or more");
    problem->buffers[buffer].fixed = offset;
    return UNNASIM_OK;
  });
}

int unnasim_reserve(unnasim_problem* problem, int64_t begin, int64_t end) {
  return guarded([&] {
    require(problem != nullptr, "no problem");
    require(0 <= begin && begin < end, "an empty or negative range, expected 0 <= begin < end");
    problem->reserved.push_back({begin, end});
    return UNNASIM_OK;
  });
}

int unnasim_set_capacity(unnasim_problem* problem, int64_t bytes) {
  return guarded([&] {
    require(problem != nullptr, "no problem");
    require(bytes >= 0, "a negative capacity, expected 0 or more");
    problem->capacity = bytes;
    return UNNASIM_OK;
  });
}

int unnasim_make_plan(const unnasim_problem* problem, const unnasim_options* options,
                      unnasim_plan** plan) {
  return guarded([&] {
    require(problem != nullptr && plan != nullptr, "no problem, or no place for the plan");
    *plan = nullptr;
    PlanOptions search = options_of(options);
    search.few_waits = !problem->avoid.empty();
    const bool named = options != nullptr && options->planner != nullptr;
    const PlanProblem complete_one = complete(*problem);
    auto made = std::make_unique<unnasim_plan>();
    made->plan = run_planner(named ? options->planner : "auto", complete_one, search);
    check_own(complete_one, made->plan);
    made->bound_buffers = complete_one.bound_buffers;
    if (problem->capacity && made->plan.peak > *problem->capacity)
      throw CapacityError(fmt::format("{} bytes are needed, {} more than there are",
                                      made->plan.peak, made->plan.peak - *problem->capacity));
    *plan = made.release();
    return UNNASIM_OK;
  });
}
void unnasim_plan_free(unnasim_plan* plan) {
  std::default_delete<unnasim_plan>()(plan);
}

size_t unnasim_plan_size(const unnasim_plan* plan) {
  return plan->plan.offsets.size();
}
const int64_t* unnasim_plan_offsets(const unnasim_plan* plan) {
  return plan->plan.offsets.data();
}
int64_t unnasim_plan_peak(const unnasim_plan* plan) {
  return plan->plan.peak;
}
int64_t unnasim_plan_bound(const unnasim_plan* plan) {
  return plan->plan.lower_bound;
}
int unnasim_plan_is_optimal(const unnasim_plan* plan) {
  return plan->plan.proved_optimal ? 1 : 0;
}
size_t unnasim_plan_bound_size(const unnasim_plan* plan) {
  return plan->bound_buffers.size();
}
const uint32_t* unnasim_plan_bound_buffers(const unnasim_plan* plan) {
  return plan->bound_buffers.data();
}
int64_t unnasim_plan_waits(const unnasim_plan* plan) {
  return plan->plan.waits ? plan->plan.waits->cost : 0;
}
int64_t unnasim_plan_waits_bound(const unnasim_plan* plan) {
  return plan->plan.waits ? plan->plan.waits->lower_bound : 0;
}

int unnasim_check(const unnasim_problem* problem, const int64_t* offsets, size_t count,
                  size_t* violations) {
  return guarded([&] {
    require(problem != nullptr && violations != nullptr, "no problem, or no place for the answer");
    require(count == problem->buffers.size(), "expected one offset a buffer");
    const PlanProblem complete_one = complete(*problem);
    Plan plan;
    plan.offsets.assign(offsets, offsets + count);
    for (std::size_t i = 0; i < count; ++i)
      plan.peak = std::max(plan.peak, offsets[i] + complete_one.buffers[i].size);
    const std::vector<Violation> found =
        check_plan(complete_one, plan, std::numeric_limits<std::size_t>::max());
    *violations = found.size();
    if (!found.empty()) last_error = found.front().message;
    return UNNASIM_OK;
  });
}
