#include "report/layer_times.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "report/stalls.h"
#include "report/trace_curves.h"

namespace unna {
namespace {

/// Integrals over the run's cycles, each divided by the number of cores that compute then: what an
/// instruction's layer gets is the difference between its end and its start.
struct Integrals {
  double cycles = 0;
  double waiting = 0;   ///< times the cores that wait for data or instructions
  double awaiting = 0;  ///< times the cores that wait for other cores

  void add(const Integrals& of, double weight) {
    cycles += weight * of.cycles;
    waiting += weight * of.waiting;
    awaiting += weight * of.awaiting;
  }
  Integrals since(const Integrals& start) const {
    return {cycles - start.cycles, waiting - start.waiting, awaiting - start.awaiting};
  }
};

bool awaits_cores(Stall cause) {
  return cause == Stall::sync || cause == Stall::done;
}

/// Something that begins or ends on the compute engine of a core.
struct Change {
  Cycle at = 0;
  bool begins = false;  ///< what ends goes first
  std::size_t core = 0;
  std::optional<OpId> layer;  ///< an instruction's; none: the engine is idle
  Stall cause = Stall::dispatch;

  auto order() const { return std::tuple(at, begins, core); }
};

std::vector<Change> changes_of(const Trace& trace, const CoreConfig& core) {
  std::vector<Change> changes;
  const auto add = [&](Cycle from, Cycle until, std::size_t c, std::optional<OpId> layer,
                       Stall cause) {
    if (until <= from) return;
    changes.push_back({from, true, c, layer, cause});
    changes.push_back({until, false, c, layer, cause});
  };
  for (const TraceEvent& e : trace.events)
    if (e.engine == Engine::compute && e.op.index() < trace.layers.size())
      add(e.start, e.end, e.core.index(), e.op, Stall::dispatch);
  const std::vector<IdleSpans> idle = idle_spans(trace, core);
  for (std::size_t c = 0; c < idle.size(); ++c)
    for (const IdleSpan& span : idle[c][static_cast<std::size_t>(Engine::compute)])
      add(span.from, span.until, c, std::nullopt, span.cause);
  std::ranges::sort(changes, {}, &Change::order);
  return changes;
}

class LayerClock {
 public:
  explicit LayerClock(const Trace& trace)
      : started_(static_cast<std::size_t>(trace.cores)),
        times_(trace.layers.size()),
        sums_(trace.layers.size()) {
    for (LayerTime& time : times_) time.by_core.resize(started_.size());
  }

  void run(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
      pass(change.at);
      if (change.layer)
        compute(change);
      else
        (awaits_cores(change.cause) ? awaiting_ : waiting_) += change.begins ? 1 : -1;
    }
    settle();
    for (const Place& place : last_) give(place, unclaimed_, 1);
  }

  std::vector<LayerTime> finish() {
    const auto cores = static_cast<double>(started_.size());
    for (std::size_t l = 0; l < times_.size(); ++l) {
      LayerTime& time = times_[l];
      const double all = time.cycles * cores;
      if (all <= 0) continue;
      time.shares.waiting = sums_[l].waiting / all;
      time.shares.awaiting = sums_[l].awaiting / all;
      time.shares.busy = std::max(0.0, 1 - time.shares.waiting - time.shares.awaiting);
    }
    return std::move(times_);
  }

 private:
  struct Place {
    std::size_t core;
    OpId layer;
  };

  void pass(Cycle at) {
    if (at == now_) return;
    settle();
    const auto span = static_cast<double>(at - now_);
    Integrals passed{span, span * waiting_, span * awaiting_};
    if (computing_ > 0)
      so_far_.add(passed, 1.0 / computing_);
    else
      unclaimed_.add(passed, 1);
    now_ = at;
  }

  /// What nobody computed in is shared by those who started next, all at the same time.
  void settle() {
    for (const Place& place : starting_)
      give(place, unclaimed_, 1.0 / static_cast<double>(starting_.size()));
    if (!starting_.empty()) unclaimed_ = {};
    starting_.clear();
  }

  void give(const Place& place, const Integrals& passed, double weight) {
    LayerTime& time = times_[place.layer.index()];
    time.cycles += weight * passed.cycles;
    time.by_core[place.core] += weight * passed.cycles;
    sums_[place.layer.index()].add(passed, weight);
  }

  void compute(const Change& change) {
    const Place place{change.core, *change.layer};
    if (change.begins) {
      ++computing_;
      started_[change.core] = so_far_;
      starting_.push_back(place);
    } else {
      --computing_;
      give(place, so_far_.since(started_[change.core]), 1);
      last_.assign(1, place);
    }
  }

  Cycle now_ = 0;
  int computing_ = 0, waiting_ = 0, awaiting_ = 0;  ///< cores
  Integrals so_far_, unclaimed_;
  std::vector<Integrals> started_;  ///< of each core's instruction
  std::vector<Place> starting_;     ///< now
  std::vector<Place> last_;         ///< whose instruction ended last; none yet: empty
  std::vector<LayerTime> times_;
  std::vector<Integrals> sums_;  ///< by layer
};

}  // namespace

std::vector<LayerTime> layer_times(const Trace& trace, const CoreConfig& core) {
  LayerClock clock(trace);
  clock.run(changes_of(trace, core));
  return clock.finish();
}

}  // namespace unna
