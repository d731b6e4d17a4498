#pragma once

// Work in child processes: SystemC can run one simulation at a time in a process, and a crash must
// cost one result only. What children send are the strings of flow/transfer.h.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace unna {

/// How a piece of work ended. What `failed` fails again with the same input; what ended in another
/// way may end well at the next attempt.
enum class WorkEnd : std::uint8_t {
  done,
  failed,   ///< it threw InputError, CapacityError or DeadlockError: the input is at fault
  crashed,  ///< any other exception, a signal of its own making (SIGSEGV), or an early exit
  killed,   ///< a signal from outside: for lack of memory, or by hand
  timeout,  ///< it took longer than it was granted
};

/// How one piece of work ended.
struct ChildOutcome {
  WorkEnd end = WorkEnd::done;
  std::string text;  ///< the work's result, or why there is none

  bool ok() const { return end == WorkEnd::done; }
};

struct PoolOptions {
  int jobs = 1;                   ///< pieces of work at a time
  std::optional<double> seconds;  ///< granted to each piece; none: without limit
};

/// Calls work(i) for i in [0, n), each in a forked child, up to `jobs` at a time in ascending
/// order, and done(i, outcome) in this process as they end, in any order. Call it while no other
/// thread runs.
void run_in_children(std::size_t n, const PoolOptions& options,
                     const std::function<std::string(std::size_t)>& work,
                     const std::function<void(std::size_t, const ChildOutcome&)>& done);

/// One piece of work in a forked child, at which this process does not wait. The same conditions.
class ChildWork {
 public:
  explicit ChildWork(const std::function<std::string()>& work);
  /// Kills a child that nobody has waited for.
  ~ChildWork();
  ChildWork(const ChildWork&) = delete;
  ChildWork& operator=(const ChildWork&) = delete;

  /// Waits for the end. Once.
  ChildOutcome wait();

 private:
  std::optional<int> pid_;  ///< none: waited for
  int fd_ = -1;
};

}  // namespace unna
