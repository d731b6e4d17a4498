#pragma once

// What a whole program does, layer by layer: every instruction is executed once, so the program
// alone tells.

#include <vector>

#include "configs/machine.h"
#include "cost/activity.h"
#include "cost/slots.h"
#include "isa/object.h"

namespace unna {

struct LayerWork {
  Activity activity;
  SlotUse slots;

  friend bool operator==(const LayerWork&, const LayerWork&) = default;
};

struct Work {
  std::vector<std::vector<LayerWork>> cores;  ///< [core][layer]
  Activity control;                           ///< barriers and halts, which belong to no layer

  Activity activity() const;  ///< of all layers and control
  SlotUse slots() const;
};

Work work_of(const Object& object, const CoreConfig& core);

}  // namespace unna
