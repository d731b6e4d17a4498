#include "energy/work.h"

namespace unna {

Activity Work::activity() const {
  Activity sum = control;
  for (const auto& layers : cores)
    for (const LayerWork& layer : layers) sum += layer.activity;
  return sum;
}

SlotUse Work::slots() const {
  SlotUse sum;
  for (const auto& layers : cores)
    for (const LayerWork& layer : layers) sum += layer.slots;
  return sum;
}

Work work_of(const Object& object, const CoreConfig& core) {
  Work work;
  for (const auto& stream : object.streams) {
    auto& layers = work.cores.emplace_back(object.layers.size());
    for (const Instruction& i : stream) {
      if (!engine_of(i.opcode)) {
        work.control += activity(i, core);
        continue;
      }
      LayerWork& layer = layers[i.op.index()];
      layer.activity += activity(i, core);
      layer.slots += slot_use(i, core);
    }
  }
  return work;
}

}  // namespace unna
