#pragma once

// What a run of a search has spent, and whether it may go on.

#include <chrono>
#include <cstdint>
#include <optional>

namespace unna {

/// Once a limit is passed, it stays so.
class SearchMeter {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  SearchMeter() = default;
  SearchMeter(std::uint64_t node_limit, Deadline deadline, std::uint64_t work_limit)
      : node_limit_(node_limit), work_limit_(work_limit), deadline_(deadline) {}

  void count_node() { ++nodes_; }
  /// Looks at a buffer or a section (Budget::work).
  void count_work(std::uint64_t looks) { work_ += looks; }

  std::uint64_t nodes() const { return nodes_; }
  std::uint64_t work() const { return work_; }
  /// As seen when it was last asked.
  bool stopped() const { return stopped_; }
  /// More nodes or work than allowed, or after the deadline; the clock is looked at now and then.
  bool out_of_budget() {
    constexpr std::uint64_t kBetweenLooks = 500'000;
    if (nodes_ > node_limit_ || work_ > work_limit_) stopped_ = true;
    if (deadline_ && work_ >= next_look_) {
      next_look_ = work_ + kBetweenLooks;
      if (std::chrono::steady_clock::now() >= *deadline_) stopped_ = true;
    }
    return stopped_;
  }

 private:
  std::uint64_t node_limit_ = 0;
  std::uint64_t work_limit_ = 0;
  Deadline deadline_;
  std::uint64_t nodes_ = 0;
  std::uint64_t work_ = 0;
  std::uint64_t next_look_ = 0;  ///< at the clock, by work
  bool stopped_ = false;
};

}  // namespace unna
