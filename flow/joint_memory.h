#pragma once

// One memory for several programs that run one after another, and hand states on: what outlives a
// program stands at the same place in all of them, and one plan of the intermediates serves all.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "memmgr/lifetimes.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"

namespace unna {

/// What the engines execute, without times: all that liveness and checkers look at.
Trace order_of(const Object& object);

class JointMemory {
 public:
  explicit JointMemory(Bytes alignment) : alignment_(alignment) {}

  /// Buffers of equal names are one. Each is as large as in any program, and two conflict where
  /// they do in any. Whether that made a difference to what has been added before.
  bool add(const Object& object);
  /// Plans what has been added. Throws InternalError where the plan does not pass the checker.
  void plan(const std::string& planner, const PlanOptions& options);

  /// Whether every buffer of the program has its place.
  bool fits(const Object& object) const;
  Layout layout(const Object& object) const;
  const Plan& plan() const { return plan_; }
  Bytes total() const { return total_; }
  /// Sizes of the buffers of a kind, without what alignment leaves free.
  Bytes bytes(BufferKind kind) const;

 private:
  struct Place {
    BufferKind kind = BufferKind::intermediate;
    Bytes size = 0;
    Bytes base = 0;
    std::uint32_t index = 0;  ///< of an intermediate, in the order in which they were added
  };

  Bytes alignment_;
  std::map<std::string, Place, std::less<>> places_;
  std::vector<std::string> intermediates_;  ///< by index
  std::vector<std::string> others_;         ///< in the order in which they were added
  std::set<BufferPair> conflicts_;
  Lifetimes first_;  ///< of the first program, whose buffers are the first ones
  Plan plan_;
  Bytes total_ = 0;
};

}  // namespace unna
