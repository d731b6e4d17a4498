#include "cost/slots.h"

#include <algorithm>

#include "cost/dimensions.h"
#include "cost/timing.h"
#include "isa/dimensions.h"

namespace unna {
namespace {

constexpr auto kSlots = {&SlotUse::macs,      &SlotUse::channels,     &SlotUse::inputs,
                         &SlotUse::imbalance, &SlotUse::output_stage, &SlotUse::ports,
                         &SlotUse::startup,   &SlotUse::other_ops};
static_assert(sizeof(SlotUse) == kSlots.size() * sizeof(std::int64_t));

}  // namespace

SlotUse& SlotUse::operator+=(const SlotUse& other) {
  for (const auto slot : kSlots) this->*slot += other.*slot;
  return *this;
}

std::int64_t SlotUse::total() const {
  std::int64_t sum = 0;
  for (const auto slot : kSlots) sum += this->*slot;
  return sum;
}

SlotUse slot_use(const Instruction& i, const CoreConfig& core) {
  SlotUse use;
  const std::int64_t slots = core.pes * core.multipliers;
  const Cycle cycles = compute_cycles(i, core);
  if (cycles == 0) return use;
  if (info(i.opcode).timing != TimingClass::mac) {
    use.other_ops = cycles * slots;
    return use;
  }
  const Reduction r = *reduction(i);
  const std::int64_t groups = ceil_div(r.channels, core.pes);
  const bool indexed = has_flag(i, kIndexed);
  const Cycle each = r.own_inputs ? ceil_div(r.length(), core.multipliers)
                                  : row_cycles(r.inputs, r.taps, core.multipliers, core.indexing);
  const Cycle products = r.positions * (indexed ? i.count(Operand::pe_cycles) : groups * each);
  use.macs = macs(i);
  if (indexed) use.imbalance = r.positions * i.count(Operand::pe_wait) * core.multipliers;
  // Of indexed synapses the last group's cycles are not known: they are taken as the groups' mean.
  const std::int64_t unused = products * slots - use.macs - use.imbalance;
  use.channels =
      std::min(unused, products * (groups * core.pes - r.channels) / groups * core.multipliers);
  use.inputs = unused - use.channels;
  const Cycle with_stage = std::max(products, output_stage_cycles(i, core));
  use.output_stage = (with_stage - products) * slots;
  use.ports = (cycles - pipeline_cycles(core) - with_stage) * slots;
  use.startup = pipeline_cycles(core) * slots;
  return use;
}

}  // namespace unna
