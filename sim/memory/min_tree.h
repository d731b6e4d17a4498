#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace unna {

/// Times of a fixed number of event sources, and which is next: the smallest time, of equal ones
/// that of the smallest index. A tournament; O(log n) a change, O(1) a question.
class MinTree {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  explicit MinTree(std::size_t sources) {
    while (leaves_ < sources) leaves_ *= 2;
    time_.assign(leaves_, kNever);
    winner_.resize(2 * leaves_);
    for (std::size_t i = 0; i < leaves_; ++i) winner_[leaves_ + i] = static_cast<std::uint32_t>(i);
    for (std::size_t n = leaves_ - 1; n > 0; --n) winner_[n] = winner_[2 * n];
  }

  void set(std::size_t source, std::int64_t time) {
    if (time_[source] == time) return;
    time_[source] = time;
    for (std::size_t n = (leaves_ + source) / 2; n > 0; n /= 2) {
      const std::uint32_t a = winner_[2 * n], b = winner_[2 * n + 1];
      winner_[n] = time_[b] < time_[a] ? b : a;
    }
  }
  std::int64_t time(std::size_t source) const { return time_[source]; }
  std::size_t next() const { return winner_[1]; }
  std::int64_t next_time() const { return time_[winner_[1]]; }

 private:
  std::size_t leaves_ = 2;
  std::vector<std::int64_t> time_;
  std::vector<std::uint32_t> winner_;  ///< node n has children 2n and 2n + 1; leaves last
};

}  // namespace unna
