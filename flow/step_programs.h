#pragma once

// The programs of a language model's lengths, in one memory with one layout.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "flow/joint_memory.h"
#include "flow/pipeline.h"
#include "flow/step_family.h"
#include "report/conservation.h"
#include "report/generate_report.h"

namespace unna {

/// What a program tells without being simulated.
struct StepOutline {
  /// The same where cores run the same opcodes for the same layers, in the same order: programs
  /// that are divided and tiled alike.
  std::uint64_t kind = 0;
  Traffic traffic;
  double macs = 0;
  double work_pj = 0;  ///< StepFigures::work_pj
};

class StepPrograms {
 public:
  /// `machine` and `options` have to outlive it; of the options it takes those of compiling,
  /// planning, seeds and energy, and the progress.
  StepPrograms(const NetworkChoice& network, const ChosenMachine& machine,
               const RunOptions& options, std::int64_t context);

  /// All programs take the weights as this one packs them. Before any other is compiled.
  void pack(const StepShape& shape);
  Compiled compiled(const StepShape& shape);

  /// One layout for all of these, planned for those that are `seen` and held against each. What one
  /// needs that the plan has not seen makes a new plan. Throws CapacityError where it does not fit.
  void prove(const std::vector<StepShape>& seen, const std::vector<StepShape>& all);
  /// Of a program that prove() has held the layout against.
  const StepOutline& outline(const StepShape& shape) const { return outlines_.at(shape); }
  /// Plans anew where the layout does not serve this program: prove() has to follow.
  void require(const StepShape& shape);

  /// Simulates a program in the layout, with the owner of every byte, and under random delays.
  /// Throws InternalError where something is not valid. Of a single sequence: its caches are those
  /// of `slot` among the sequences of the memory's caches.
  StepFigures simulate(const StepShape& shape, std::int64_t perturbed, std::int64_t slot = 0);

  const JointMemory& memory() const { return memory_; }
  const StepFamily& family() const { return family_; }
  GenerateFootprint footprint() const;
  /// Blocks::once: blocks that the programs do not have; figures and outlines count them.
  const std::vector<LeftOut>& left_out() const { return left_out_; }

  double compile_seconds = 0, simulate_seconds = 0, plan_seconds = 0;

 private:
  void progress(std::string_view stage, std::size_t done, std::size_t total) const;
  void plan();
  bool is_safe(const Object& object) const;
  void require_fit(const std::string& network) const;
  Layout layout(const Object& object, std::int64_t slot) const;
  StepOutline outline_of(const Compiled& program) const;
  StepFigures figures(const StepShape& shape, const Compiled& program, const Trace& trace,
                      const SimResult& result) const;

  const ChosenMachine& machine_;
  const RunOptions& options_;
  StepFamily family_;
  EnergyTable energy_;
  JointMemory memory_;
  std::shared_ptr<const PackedWeights> packed_;
  std::vector<LeftOut> left_out_;
  BytesByKind left_out_bytes_{};
  std::map<StepShape, StepOutline> outlines_;
  std::map<StepShape, Compiled> kept_;  ///< small programs, which are asked for again
  std::size_t kept_instructions_ = 0;
};

}  // namespace unna
