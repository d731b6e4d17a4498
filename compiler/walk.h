#pragma once

// Schedules below the tensor (docs/walks.md): consecutive kernels are walked together, a few lines
// of each at a time, so that a line dies as soon as the next kernel has read it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/lines.h"
#include "compiler/plan.h"
#include "compiler/schedule.h"

namespace unna {

/// How the lines that a kernel makes in a step of a walk are divided over the cores.
enum class Division : std::uint8_t {
  fastest,   ///< rows, columns and channels as takes the least time, for each kernel
  columns,   ///< a strip of columns a core; channels where a line is too narrow
  rows,      ///< lines; channels where there are too few
  channels,  ///< output channels; lines where there are too few
  balanced,  ///< as `fastest`, but what its bytes take at the peak rate counts as well
};
inline constexpr std::string_view kDivisionNames[] = {"fastest", "columns", "rows", "channels",
                                                      "balanced"};

/// What becomes of synapses between the bands of a walk.
enum class Synapses : std::uint8_t {
  stay,    ///< in SB, those that fit (compiler/sb_rooms.h)
  reload,  ///< each band loads its own
};

/// Kernels that are walked together.
struct Walk {
  std::vector<KernelId> kernels;  ///< in an order that respects dependences
  std::int64_t steps = 1;         ///< 1: one kernel after the other, whole
  Division division = Division::fastest;
  Sync sync = Sync::signals;
  /// By how many steps a kernel runs behind those that it reads from. With 0 it reads what has just
  /// been made, and its core waits until that is in memory; with 1 it reads what the step before
  /// has made (software pipelining), so that a band waits in memory for a step.
  std::int64_t skew = 0;
  Synapses synapses = Synapses::stay;
  /// In the order of execution; empty: as steps and division say.
  std::vector<UnitOfWork> units = {};

  friend bool operator==(const Walk&, const Walk&) = default;
};

/// All kernels of a network, each in one walk. A walk of one kernel in one step is that kernel
/// layer by layer: it is divided over the cores as `simulate` without a walk plan would divide it.
struct WalkPlan {
  std::vector<Walk> walks;

  friend bool operator==(const WalkPlan&, const WalkPlan&) = default;
};

/// One walk a kernel, in the lowered order: layer by layer.
WalkPlan layer_by_layer(const LoweredGraph& graph);

/// Lines [lo, hi) of a kernel, made by all cores together.
struct Band {
  KernelId kernel;
  std::int64_t lo = 0, hi = 0;

  friend bool operator==(const Band&, const Band&) = default;
};

/// Executes walks line by line, without cores: what is made when, and how much is alive.
class WalkRunner {
 public:
  explicit WalkRunner(const LineTable& table);

  /// The bands of a walk in the order of execution. In step t of n, every kernel of the walk that
  /// something outside reads makes its lines up to t/n of them; the others make what these need.
  /// Each line is made once. With a skew, a kernel at distance d from the walk's beginning makes
  /// those lines in step t + d * skew, before the kernels that it reads from make more.
  std::vector<Band> bands(std::span<const KernelId> kernels, std::int64_t steps,
                          std::int64_t skew = 0);

  /// All kernels below `first` have run, the others have not.
  void begin(KernelId first);
  /// Bytes of lines that are made and still needed, at most, while `bands` of the walk of `kernels`
  /// are executed from the state of begin(). Exact for one core, rows in that order and buffers by
  /// lifetime: what is read last by a band is alive together with what the band makes.
  Bytes footprint(std::span<const KernelId> kernels, std::span<const Band> bands);

 private:
  void pull_targets(std::span<const KernelId> kernels);
  std::vector<std::int64_t> distances(std::span<const KernelId> kernels) const;
  std::int64_t dead_lines(KernelId producer) const;
  void bury(KernelId producer, Bytes& live);

  const LineTable& table_;
  std::vector<bool> inside_;  ///< by kernel: belongs to the walk
  std::vector<std::int64_t> target_;
  std::vector<std::int64_t> made_, dead_;                     ///< lines, by kernel
  Bytes live_ = 0;                                            ///< at begin()
  std::vector<std::pair<std::size_t, std::int64_t>> buried_;  ///< kernel, its dead_ before
};

/// Text of a plan:
///   walk from=KERNEL to=KERNEL steps=N skew=N division=D sync=S synapses=Y
/// with `to` left out where it is `from`, `skew` where it is 0, and `synapses` where they stay; the
/// kernels between the two are those of the lowered order. A walk of explicit units has `units`
/// instead of steps and division, and its units follow,
///   unit kernel=KERNEL core=N h=0:5 w=0:28 c=0:32
/// with half-open ranges of the output's dimensions (b, n, h, w, c), whole where one is left out.
std::string to_text(const WalkPlan& plan, const LoweredGraph& graph);

/// The inverse. Throws InputError "file:line:column: problem, expectation" where the text is no
/// plan, leaves out a kernel or has one twice, or uses a result before it is made.
WalkPlan parse_walk_plan(std::string_view text, const std::string& file, const LoweredGraph& graph,
                         std::int64_t cores);

/// A kernel's name in the text of a plan: its own, with "~2" and so on where it is not the first of
/// that name.
std::vector<std::string> kernel_names(const LoweredGraph& graph);

}  // namespace unna
