#pragma once

// A schedule: one list of units in topological order, and from it for each core what it does next.
// What synchronises the units is derived from the regions that they write and read.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "compiler/plan.h"

namespace unna {

/// What a unit reads and writes.
std::vector<StorageRegion> read_regions(const LoweredGraph& graph, const UnitOfWork& unit);
std::vector<StorageRegion> written_regions(const LoweredGraph& graph, const UnitOfWork& unit);

/// Which units a unit has to come after: those that wrote what it reads.
class Dependences {
 public:
  explicit Dependences(const LoweredGraph& graph);

  struct Writer {
    StorageRegion region;
    KernelId kernel;
    CoreId core;
    std::int64_t position;  ///< how many units of its core are complete when it is
    std::size_t serial;     ///< of the unit, in the order of add()
  };

  /// Earlier units that wrote something `unit` reads.
  std::vector<const Writer*> of(const UnitOfWork& unit) const;
  /// `unit` comes next on its core.
  void add(const UnitOfWork& unit);

  std::int64_t position(CoreId core) const { return positions_[core.index()]; }
  const std::vector<StorageRegion>& written() const { return written_; }

 private:
  /// The writers of a storage, found by the lines that they write.
  struct Index {
    std::vector<Writer> writers;
    std::vector<std::vector<std::size_t>> by_line;
  };

  const LoweredGraph& graph_;
  std::vector<Index> writers_;           ///< by storage
  std::vector<std::int64_t> positions_;  ///< by core
  std::vector<StorageRegion> written_;
  std::size_t units_ = 0;
};

/// What a core does next: a unit (index into Schedule::units), or synchronisation with others.
struct ScheduleItem {
  enum class Kind : std::uint8_t { unit, barrier, signal, wait } kind = Kind::unit;
  std::size_t unit = 0;
  std::uint32_t serial = 0;  ///< of the barrier
  std::uint64_t cores = 0;   ///< of the barrier
  CoreId peer{};             ///< whom a signal is for, or from whom it is awaited
};

struct Schedule {
  std::vector<KernelPlan> plans;  ///< in execution order, by the kernels' first units
  std::vector<UnitOfWork> units;  ///< in an order that respects dependences
  std::vector<std::size_t> plan_of_unit;
  std::vector<Tile> tiles;
  std::vector<std::size_t> tile_of_unit;
  std::vector<std::vector<ScheduleItem>> cores;  ///< by core
  std::vector<std::vector<OpId>> layer_inputs;   ///< by kernel
  std::vector<StorageRegion> written;            ///< what the units write
  std::uint32_t barriers = 0;
  std::uint64_t signals = 0;
  bool parallel = false;  ///< some branches run side by side, on groups of cores
  /// By unit: units of one step may run at the same time, those of later steps come after it.
  std::vector<std::size_t> step_of_unit;
};

/// `first` is complete before `second` begins, whatever data says: indices into Schedule::units, of
/// an earlier and of a later step.
struct UnitOrder {
  std::size_t first = 0;
  std::size_t second = 0;

  friend auto operator<=>(UnitOrder, UnitOrder) = default;
};

/// How cores wait for one another.
enum class Sync : std::uint8_t {
  barriers,  ///< they meet
  signals,   ///< the reader waits for the writer, which goes on
  /// Signals, and before a core makes the next part of a kernel it waits for the units of other
  /// cores that stand earlier in the list and read the part before, or what was read for that part:
  /// cores stay within about a step of one another, and lifetimes are nearly as short as with
  /// barriers.
  acknowledged,
};

/// A unit, the plan that packs its kernel's synapses, and its own tile (indices that open() and
/// add_tile() returned).
struct PlannedUnit {
  UnitOfWork unit;
  std::size_t plan = 0;
  std::size_t tile = 0;
};

/// Adds units in order, and synchronisation before a unit only where what it reads is not known to
/// be complete. Barriers come as late as possible, between the cores concerned only: for a fixed
/// order of units that is the greedy solution of interval stabbing, which needs the fewest. A
/// signal comes right after the unit that is awaited. Knowledge is a vector clock over cores; what
/// a signal's sender knew when it began the unit, its receiver knows too.
class Scheduler {
 public:
  /// `waits`: besides what data asks for, by signals.
  Scheduler(const LoweredGraph& graph, std::int64_t cores, std::vector<UnitOrder> waits = {});

  /// What is added from now on may run at the same time, until this is called again.
  void next_step() { ++step_; }
  /// Whether `units`, coming next, would have to wait for other cores.
  bool needs_barrier(const std::vector<UnitOfWork>& units) const;
  /// All units of the plan with its tile; with barriers behind one where they need any.
  void add(KernelPlan plan, Sync sync = Sync::barriers);
  /// The same, but there is a barrier between every unit of the layers that the plan reads and its
  /// own units, on the same core too: engines of a core run ahead of one another.
  void add_after_layers(KernelPlan plan);
  /// All units so far are complete before those that are added next.
  void meet_all();
  /// What these plans' units, which come next, read of the units so far is complete before the
  /// first of them begins. Without it, a core of one branch that begins late would have to meet the
  /// cores of others when they are through with theirs.
  void meet_before(const std::vector<KernelPlan>& plans);

  std::size_t open(KernelPlan plan);
  std::size_t add_tile(Tile tile);
  /// Units that may run at the same time: none reads what another one writes.
  void add(const std::vector<PlannedUnit>& units, Sync sync);

  Schedule finish();

 private:
  struct Edge {
    CoreId reader;
    CoreId writer;
  };
  /// The last unit of a core that has read what a unit wrote.
  struct Reader {
    CoreId core;
    std::size_t serial;
    std::int64_t position;
  };
  /// Vector clocks over cores.
  struct Knowledge {
    explicit Knowledge(std::size_t cores);

    /// What `from` knew when its unit at `position` began, and that this unit is complete.
    void learn(CoreId core, CoreId from, std::int64_t position);
    /// All of these cores know what one of them knows, and that all are at their positions.
    void meet(const std::vector<CoreId>& cores, const Dependences& dependences);
    void begin_unit(CoreId core) { began[core.index()].push_back(known[core.index()]); }

    std::vector<std::vector<std::int64_t>> known;  ///< [p][q]: units of q that p knows complete
    std::vector<std::vector<std::vector<std::int64_t>>> began;  ///< [p][i]: when its unit i began
  };
  std::vector<Edge> unknown(const std::vector<UnitOfWork>& units) const;
  std::vector<Edge> unknown_layers(const std::vector<UnitOfWork>& units) const;
  /// The plan's units, each with the plan's tile.
  std::vector<PlannedUnit> planned(KernelPlan plan);
  void put(const std::vector<PlannedUnit>& units);
  void meet(const std::vector<Edge>& edges);
  void barrier(const std::vector<CoreId>& cores);
  /// By core: the latest unit to wait for, its serial first.
  using Awaited = std::map<std::size_t, std::pair<std::size_t, std::int64_t>>;
  void await_writers(const UnitOfWork& unit, Awaited& awaited) const;
  void await_readers(const UnitOfWork& unit, Awaited& awaited) const;
  void await_waits(std::size_t serial, CoreId core, Awaited& awaited) const;
  /// `asks`: whose knowledge says what is needed.
  void await(CoreId reader, const Awaited& awaited, const Knowledge& asks);
  void place(const PlannedUnit& planned);
  void read_by(std::size_t writer, const Reader& reader);

  std::size_t count_;
  Dependences dependences_;
  Knowledge data_;  ///< from what data asks for: barriers and grids do not depend on waits
  Knowledge all_;   ///< from waits, too: at least as much
  std::vector<std::int64_t> met_;  ///< by core: its units that were complete at its last barrier
  std::map<KernelId, std::map<CoreId, std::int64_t>> last_;  ///< position of a layer's last units
  /// By unit: who has read what it wrote.
  std::vector<std::vector<Reader>> readers_;
  std::vector<std::vector<std::size_t>> reads_;  ///< by unit: whose results it read
  std::map<std::pair<KernelId, CoreId>, std::size_t> last_unit_;  ///< of a kernel on a core
  /// [p][i]: whom p signals after its unit i.
  std::vector<std::vector<std::vector<CoreId>>> signals_;
  std::vector<UnitOrder> waits_;         ///< ascending by `second`
  std::vector<std::int64_t> positions_;  ///< by unit: how many of its core are complete when it is
  std::size_t step_ = 0;
  Schedule result_;
};

}  // namespace unna
