#pragma once

// A schedule: for each core a list of units, and between them the barriers that the dependences
// need. Layer by layer is one schedule; nothing here depends on it.

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "compiler/plan.h"

namespace unna {

/// Which units a unit has to come after: those that wrote what it reads.
class Dependences {
 public:
  explicit Dependences(const LoweredGraph& graph);

  struct Writer {
    StorageRegion region;
    KernelId kernel;
    CoreId core;
    std::int64_t position;  ///< how many units of its core are complete when it is
  };

  /// Earlier units that wrote something `unit` reads.
  std::vector<const Writer*> of(const UnitOfWork& unit) const;
  /// `unit` comes next on its core.
  void add(const UnitOfWork& unit);

  std::int64_t position(CoreId core) const { return positions_[core.index()]; }
  const std::vector<StorageRegion>& written() const { return written_; }

 private:
  const LoweredGraph& graph_;
  std::vector<std::vector<Writer>> writers_;  ///< by storage
  std::vector<std::int64_t> positions_;       ///< by core
  std::vector<StorageRegion> written_;
};

/// What a core does next: a unit (index into Schedule::units) or a barrier.
struct ScheduleItem {
  enum class Kind : std::uint8_t { unit, barrier } kind = Kind::unit;
  std::size_t unit = 0;
  std::uint32_t serial = 0;  ///< of the barrier
  std::uint64_t cores = 0;   ///< of the barrier
};

struct Schedule {
  std::vector<KernelPlan> plans;  ///< in execution order
  std::vector<UnitOfWork> units;  ///< in an order that respects dependences
  std::vector<std::size_t> plan_of_unit;
  std::vector<std::vector<ScheduleItem>> cores;  ///< by core
  std::vector<std::vector<OpId>> layer_inputs;   ///< by kernel
  std::vector<StorageRegion> written;            ///< what the units write
  std::uint32_t barriers = 0;
  bool parallel = false;  ///< some branches run side by side, on groups of cores
};

/// Adds units in order and puts a barrier before a unit only where what it reads is not known to be
/// complete: as late as possible, between the cores concerned only. For a fixed order of units that
/// is the greedy solution of interval stabbing, which needs the fewest barriers.
class Scheduler {
 public:
  Scheduler(const LoweredGraph& graph, std::int64_t cores);

  /// Whether `units`, coming next, would have to wait for other cores.
  bool needs_barrier(const std::vector<UnitOfWork>& units) const;
  void add(KernelPlan plan);
  /// The same, but there is a barrier between every unit of the layers that the plan reads and its
  /// own units, on the same core too: engines of a core run ahead of one another.
  void add_after_layers(KernelPlan plan);
  /// All units so far are complete before those that are added next.
  void meet_all();
  Schedule finish();

 private:
  struct Edge {
    CoreId reader;
    CoreId writer;
  };
  std::vector<Edge> unknown(const std::vector<UnitOfWork>& units) const;
  std::vector<Edge> unknown_layers(const std::vector<UnitOfWork>& units) const;
  void put(KernelPlan plan);
  void meet(const std::vector<Edge>& edges);
  void barrier(const std::vector<CoreId>& cores);

  std::size_t count_;
  Dependences dependences_;
  std::vector<std::vector<std::int64_t>> known_;  ///< [p][q]: units of q that p knows complete
  std::vector<std::int64_t> met_;  ///< by core: its units that were complete at its last barrier
  std::map<KernelId, std::map<CoreId, std::int64_t>> last_;  ///< position of a layer's last units
  Schedule result_;
};

}  // namespace unna
