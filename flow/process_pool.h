#pragma once

// Work in child processes: SystemC can run one simulation at a time in a process, and a crash must
// cost one result only.

#include <cstddef>
#include <functional>
#include <string>

namespace unna {

/// How one piece of work ended.
struct ChildOutcome {
  bool ok = false;
  std::string text;  ///< the work's result, or why there is none (one line)
};

/// Calls work(i) for i in [0, n), each in a forked child, up to `jobs` at a time in ascending
/// order, and done(i, outcome) in this process as they end, in any order. An exception's what(), a
/// signal or an early exit of a child is an outcome that is not ok. Call it before any thread is
/// started.
void run_in_children(std::size_t n, int jobs, const std::function<std::string(std::size_t)>& work,
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
  int pid_ = 0;  ///< 0: waited for
  int fd_ = -1;
};

}  // namespace unna
