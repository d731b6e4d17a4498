#pragma once

// Functional simulation: the machine with contents. DMAs move bytes and the compute engine computes
// when their instructions end; a load's destination holds poison from its start on, so that who
// ends before it, and so takes its data too early, is found out.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "configs/machine.h"
#include "isa/object.h"
#include "sim/compute_unit.h"
#include "sim/core_memory.h"
#include "sim/value_model.h"

namespace unna {

struct FunctionalOptions {
  /// Overwrites an intermediate when the last instruction that touches it has ended.
  bool poison_dead = false;
};

/// One run's DRAM and buffers, for SimOptions::values. Memory that nobody has written is poison.
class Functional final : public ValueModel {
 public:
  /// Throws InputError for machines whose values are not simulated. `image` and `machine` must
  /// outlive it.
  Functional(const Image& image, const MachineConfig& machine,
             const FunctionalOptions& options = {});

  void started(CoreId core, const Instruction& instruction) override;
  void ended(CoreId core, const Instruction& instruction) override;

  /// The bytes of a buffer: inputs and weights are to be written before the run.
  std::span<std::byte> buffer(BufferId id);
  std::span<const std::byte> buffer(BufferId id) const;
  /// By layer: results that were more than the number type holds (sim/compute_unit.h).
  std::span<const std::int64_t> saturated() const { return saturated_; }

 private:
  std::byte* dram(const Instruction& instruction);
  void touch(BufferId id);

  const Image& image_;
  FunctionalOptions options_;
  std::unique_ptr<ComputeUnit> unit_;
  std::vector<std::byte> dram_;
  std::vector<CoreMemory> cores_;
  std::vector<std::int64_t> saturated_;
  std::vector<std::int64_t> uses_left_;  ///< by buffer: instructions that will touch it
};

}  // namespace unna
