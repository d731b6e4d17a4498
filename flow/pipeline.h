#pragma once

// The stages put together, each a function from values to a value (docs/architecture.md, "The
// flow"). simulate, compare and sweep are different walks over these.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/compile.h"
#include "configs/check_machine.h"
#include "configs/machine.h"
#include "flow/compile_network.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "memmgr/checker.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"
#include "report/run_report.h"
#include "report/whole_network.h"
#include "sim/simulate.h"
#include "workloads/graph.h"
#include "workloads/npy.h"
#include "workloads/onnx/import.h"
#include "workloads/sparsity.h"
#include "workloads/weight_groups.h"

namespace unna {

/// What a run is doing, and how much of it is done.
struct StageProgress {
  std::string_view stage;  ///< "simulating", "planning", ...
  std::size_t done = 0;    ///< instructions
  std::size_t total = 0;   ///< 0: nobody knows
  Cycle cycles = 0;        ///< of the simulated machine, so far
};
/// Told of it every now and then, by the thread that runs. Nothing else runs meanwhile in a stage
/// of unknown size, no child process either.
using ProgressSink = std::function<void(const StageProgress&)>;

/// The program run without sharing.
struct Executed {
  Trace trace;
  SimResult result;
  Bytes without_sharing = 0;  ///< sum of the intermediates, each aligned
  double seconds = 0;
};
/// The image without sharing may be larger than the machine's DRAM: only plans have to fit it.
/// Throws InternalError where the run does not conserve MACs, bytes and cycles.
Executed execute(const Compiled& compiled);
/// The same on a machine that differs in its timing only.
Executed execute(const Compiled& compiled, const MachineConfig& machine,
                 const ProgressSink& progress = {});

struct Planned {
  Plan plan;
  Layout layout;
  MemoryFigures figures;
  double seconds = 0;
};
/// The problem of the program's intermediates under `topology`, `instruction` or `observed`
/// liveness.
PlanProblem problem_of(const Compiled& compiled, const Executed& executed, LivenessKind kind);
/// The layout of a plan, whoever made it. Its figures name `plan.planner`.
Planned lay_out(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
                Plan plan);
/// A planner's plan and its layout.
Planned plan_memory(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
                    const std::string& planner, const PlanOptions& options);

/// Throws CapacityError, naming the buffers in use together at the peak, where the layout does not
/// fit.
void require_fit(const Compiled& compiled, const PlanProblem& problem, const Layout& layout);

/// The timing of a replay with owners: what it shows has to hold under any.
enum class ReplayTiming : std::uint8_t {
  any,       ///< of the memory model that is simulated soonest
  measured,  ///< the machine's own, for figures of the plan's layout
};
struct ValidateOptions {
  std::int64_t perturbed = 1;  ///< replays under random delays
  std::uint64_t seed = 1;      ///< of the first one's delays
  ReplayTiming timing = ReplayTiming::any;
  ProgressSink progress = {};
};
struct Validated {
  ValidationFigures figures;
  /// The program run with the plan's layout, where that was measured and the plan is not marked as
  /// unsafe.
  std::optional<SimResult> shared;
};
/// Holds the plan against the checker, the linked image against the owners of all bytes, and that
/// again under seeded delay patterns. Throws InternalError with the culprits. A plan
/// from topology that the program's synchronisation does not bear out is no error of ours: it is
/// marked as unsafe in its figures, and not replayed. Every plan from observed time stamps is.
Validated validate(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
                   Planned& planned, const ValidateOptions& options = {});

/// A run with values.
struct FunctionalRequest {
  bool check = false;  ///< also compare every stored tensor with the reference executor
  std::map<std::string, std::filesystem::path> inputs;  ///< by tensor; random where there is none
};

/// What a network run alone is described by.
struct RunOptions {
  CompileOptions compile;
  std::string planner = "auto";
  PlanOptions plan;
  std::int64_t perturbed = 1;
  Blocks blocks = Blocks::every;
  std::optional<FunctionalRequest> functional;
  std::optional<std::filesystem::path> energy;  ///< table; none: the shipped one
  ProgressSink progress;                        ///< none: nobody wants to know
  bool concurrent = true;  ///< may simulate in a child process, too; results are the same
};
struct Run {
  Compiled compiled;
  Executed executed;
  Planned planned;
  RunReport report;
  std::map<std::string, TensorFile> outputs;  ///< by tensor, of a functional run
};
/// All of the stages, for one network, machine and planner; `timing` also fills in host figures.
Run run_network(const NetworkChoice& network, const ChosenMachine& machine,
                const RunOptions& options, bool timing);
/// The same for a network that has been read.
Run run_network(ReadNetwork network, const ChosenMachine& machine, const RunOptions& options,
                bool timing);

}  // namespace unna
