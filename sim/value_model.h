#pragma once

// What a run may do besides taking time.

#include "base/id.h"
#include "isa/instruction.h"

namespace unna {

/// Told of the instructions of a run's engines in the order of their starts and ends; within a
/// cycle, tokens and barriers order them.
class ValueModel {
 public:
  virtual void started(CoreId core, const Instruction& instruction) = 0;
  virtual void ended(CoreId core, const Instruction& instruction) = 0;

 protected:
  ~ValueModel() = default;
};

}  // namespace unna
