#pragma once

// Assigning buffers to shared objects one after another.

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "memmgr/plan.h"
#include "memmgr/problem.h"

namespace unna {

class ObjectPool {
 public:
  using Object = std::uint32_t;

  /// Refuses fixed offsets (InputError, in the planner's name): objects have no addresses.
  ObjectPool(const PlanProblem& problem, std::string_view planner);

  /// Finds out which objects are free for buffer i: those that hold none that it conflicts with.
  /// What is asked below is meant for it.
  void look_for(std::uint32_t i);
  bool is_free(Object object) const { return busy_[object] != mark_; }
  /// The smallest free object of at least `least` and at most `most` bytes; ties by number.
  std::optional<Object> smallest(Bytes least, Bytes most = std::numeric_limits<Bytes>::max()) const;
  /// The largest free one of less than `below` and at least `least` bytes; ties by number.
  std::optional<Object> largest_below(Bytes below, Bytes least = 0) const;

  /// The object grows where it is too small.
  void assign(std::uint32_t i, Object object);
  /// Assigns buffer i to an object of its own size.
  Object open(std::uint32_t i);
  /// The rule of Pisarchyk & Lee, section 4.2: the smallest free object that is large enough, else
  /// the largest free one, which grows, else a new one.
  void assign_best(std::uint32_t i);

  const PlanProblem& problem() const { return problem_; }
  std::optional<Object> object_of(std::uint32_t i) const { return object_[i]; }
  std::span<const std::uint32_t> members(Object object) const { return members_[object]; }
  Bytes size_of(Object object) const { return sizes_[object]; }
  std::size_t objects() const { return sizes_.size(); }

  /// All buffers assigned: the objects, and offsets of the objects side by side (those of the
  /// largest alignment first, reserved ranges stepped over).
  Plan plan() const;

 private:
  std::vector<Bytes> lay_out() const;

  const PlanProblem& problem_;
  std::vector<std::optional<Object>> object_;  ///< by buffer
  std::vector<Bytes> sizes_;
  std::vector<std::vector<std::uint32_t>> members_;
  std::set<std::pair<Bytes, Object>> by_size_;
  std::vector<std::uint32_t> busy_;  ///< by object: the last mark under which it was not free
  std::uint32_t mark_ = 1;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace unna
