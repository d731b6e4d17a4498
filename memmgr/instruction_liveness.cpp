// Vector clocks, one component an engine of a core, counting that engine's accesses of
// intermediates. What a core knows of the others changes only at barriers and waits, so a clock is
// four numbers for the own core and a shared vector for the rest: an event costs a few operations,
// not one a component.

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <map>
#include <memory>

#include "base/error.h"
#include "memmgr/lifetimes.h"

namespace unna {
namespace {

using Remote = std::shared_ptr<const std::vector<std::uint32_t>>;

struct Clock {
  std::array<std::uint32_t, kEngines> local{};  ///< engines of the own core; overrides `remote`
  Remote remote;                                ///< all engines, as last learnt
};

bool dominates(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] < b[i]) return false;
  return true;
}

Remote join(const Remote& a, const Remote& b) {
  if (a == b || dominates(*a, *b)) return a;
  if (dominates(*b, *a)) return b;
  auto both = std::make_shared<std::vector<std::uint32_t>>(*a);
  for (std::size_t i = 0; i < both->size(); ++i) (*both)[i] = std::max((*both)[i], (*b)[i]);
  return both;
}

void join(Clock& a, const Clock& b) {
  for (std::size_t e = 0; e < kEngines; ++e) a.local[e] = std::max(a.local[e], b.local[e]);
  a.remote = join(a.remote, b.remote);
}

struct Core {
  std::vector<const TraceEvent*> events;  ///< in program order
  std::size_t next = 0;
  std::array<Clock, kEngines> engines;
  /// tokens[from][to]: clocks of the givers, oldest first.
  std::array<std::array<std::deque<Clock>, kEngines>, kEngines> tokens;

  bool done() const { return next == events.size(); }
};

struct Semaphore {
  const TraceEvent* giver = nullptr;  ///< the first signal
  const TraceEvent* taker = nullptr;  ///< the first wait
  std::deque<std::vector<std::uint32_t>> clocks;
};

std::string describe(const TraceEvent& e) {
  return fmt::format("core {} pc {} ({})", e.core.value, e.pc,
                     kTraceKindNames[static_cast<std::size_t>(e.kind)]);
}

/// Signals of two engines have no order that holds in every run, nor have waits.
bool same_engine(const TraceEvent& a, const TraceEvent& b) {
  return a.core == b.core && a.engine == b.engine;
}

class Replay {
 public:
  /// `clocks`: gets what the uses of each intermediate know.
  explicit Replay(const Trace& trace, UseClocks* clocks = nullptr);

  /// Executes every event once, in an order that the synchronisation allows.
  void run();
  Lifetimes lifetimes() const;
  /// Those of lifetimes() in its order of chains.
  void finish_clocks();

 private:
  bool step(Core& core);
  bool meet(const Core& core, const TraceEvent& barrier);
  bool take_signal(Core& core, const TraceEvent& e);
  void give_signal(const Core& core, const TraceEvent& e);
  void take_tokens(Core& core, const TraceEvent& e);
  void touch(Clock& clock, const TraceEvent& e);
  void note_clock(const Clock& clock, std::size_t row, ChainOrder::Mark use);
  std::vector<std::uint32_t> full_clock(std::size_t core, const Clock& clock) const;
  std::vector<std::size_t> used_chains() const;
  InputError hang() const;
  InputError error(const std::string& what) const {
    return InputError(fmt::format("{}: trace can't be executed: {}", trace_.network, what));
  }

  const Trace& trace_;
  std::size_t chains_;
  std::vector<Core> cores_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Semaphore> semaphores_;
  std::vector<std::optional<std::uint32_t>> row_of_;  ///< buffer -> index among intermediates
  std::vector<BufferId> intermediates_;
  std::vector<std::uint32_t> first_;  ///< a row an intermediate, a column an engine
  std::vector<std::vector<ChainOrder::Mark>> last_;
  UseClocks* clocks_;
};

Replay::Replay(const Trace& trace, UseClocks* clocks)
    : trace_(trace), chains_(static_cast<std::size_t>(trace.cores) * kEngines), clocks_(clocks) {
  row_of_.resize(trace.buffers.size());
  for (std::size_t b = 0; b < trace.buffers.size(); ++b) {
    if (trace.buffers[b].kind != BufferKind::intermediate) continue;
    row_of_[b] = static_cast<std::uint32_t>(intermediates_.size());
    intermediates_.emplace_back(b);
  }
  first_.assign(intermediates_.size() * chains_, ChainOrder::kAll);
  last_.resize(intermediates_.size());
  if (clocks_ != nullptr) {
    clocks_->known.assign(intermediates_.size() * chains_, 0);
    clocks_->first_use.resize(intermediates_.size());
  }
  cores_.resize(static_cast<std::size_t>(trace.cores));
  const Remote nothing = std::make_shared<std::vector<std::uint32_t>>(chains_, 0U);
  for (Core& core : cores_)
    for (Clock& clock : core.engines) clock.remote = nothing;
  for (const TraceEvent& e : trace.events) {
    if (e.core.index() >= cores_.size())
      throw error(fmt::format("{}: there are {} cores", describe(e), cores_.size()));
    auto& events = cores_[e.core.index()].events;
    if (!events.empty() && events.back()->pc >= e.pc)
      throw error(fmt::format("{} follows pc {}, expected ascending pcs in a core", describe(e),
                              events.back()->pc));
    events.push_back(&e);
  }
}

void Replay::run() {
  for (bool progress = true; progress;) {
    progress = false;
    for (Core& core : cores_)
      while (!core.done() && step(core)) progress = true;
  }
  if (!std::ranges::all_of(cores_, &Core::done)) throw hang();
}

/// Executes the core's next event; false where it has to wait for another core.
bool Replay::step(Core& core) {
  const TraceEvent& e = *core.events[core.next];
  if (e.kind == TraceKind::barrier) return meet(core, e);
  if (!e.engine && e.kind != TraceKind::halt)
    throw error(fmt::format("{} has no engine, expected one", describe(e)));
  if (e.kind == TraceKind::wait && !take_signal(core, e)) return false;
  ++core.next;
  if (!e.engine) {
    for (std::size_t i = 1; i < kEngines; ++i) join(core.engines[0], core.engines[i]);
    core.engines.fill(core.engines[0]);
    return true;
  }
  take_tokens(core, e);
  const auto engine = static_cast<std::size_t>(*e.engine);
  Clock& clock = core.engines[engine];
  if (e.kind == TraceKind::read || e.kind == TraceKind::write) touch(clock, e);
  if (e.kind == TraceKind::signal) give_signal(core, e);
  for (std::size_t to = 0; to < kEngines; ++to)
    if ((e.signal >> to & 1U) != 0) core.tokens[engine][to].push_back(clock);
  return true;
}

/// Releases a barrier when each core of its set has come to one of the same set.
bool Replay::meet(const Core& core, const TraceEvent& barrier) {
  const auto self = static_cast<std::size_t>(&core - cores_.data());
  if ((barrier.cores >> self & 1U) == 0)
    throw error(fmt::format("{} meets at a barrier that is not for it", describe(barrier)));
  if (cores_.size() < 64 && barrier.cores >> cores_.size() != 0)
    throw error(fmt::format("{} is for cores that do not exist: there are {}", describe(barrier),
                            cores_.size()));
  const auto each = [&](auto&& body) {
    for (std::uint64_t rest = barrier.cores; rest != 0; rest &= rest - 1)
      if (!body(cores_[static_cast<std::size_t>(std::countr_zero(rest))])) return false;
    return true;
  };
  const bool all_here = each([&](const Core& c) {
    if (c.done()) return false;
    const TraceEvent& e = *c.events[c.next];
    return e.kind == TraceKind::barrier && e.cores == barrier.cores;
  });
  if (!all_here) return false;
  auto joint = std::make_shared<std::vector<std::uint32_t>>(chains_, 0U);
  each([&](const Core& c) {
    for (const Clock& clock : c.engines) {
      const auto full = full_clock(static_cast<std::size_t>(&c - cores_.data()), clock);
      for (std::size_t i = 0; i < chains_; ++i) (*joint)[i] = std::max((*joint)[i], full[i]);
    }
    return true;
  });
  each([&](Core& c) {
    const auto own = static_cast<std::size_t>(&c - cores_.data()) * kEngines;
    Clock clock{{}, joint};
    std::copy_n(joint->begin() + static_cast<std::ptrdiff_t>(own), kEngines, clock.local.begin());
    c.engines.fill(clock);
    ++c.next;
    return true;
  });
  return true;
}

bool Replay::take_signal(Core& core, const TraceEvent& e) {
  Semaphore& semaphore = semaphores_[{e.core.value, e.sync}];
  if (semaphore.clocks.empty()) return false;
  if (semaphore.taker == nullptr) semaphore.taker = &e;
  if (!same_engine(e, *semaphore.taker))
    throw error(
        fmt::format("{} waits for semaphore {}, as {} does; expected one waiting engine a "
                    "semaphore",
                    describe(e), e.sync, describe(*semaphore.taker)));
  Clock& clock = core.engines[static_cast<std::size_t>(*e.engine)];
  auto learnt = std::make_shared<std::vector<std::uint32_t>>(std::move(semaphore.clocks.front()));
  semaphore.clocks.pop_front();
  const std::size_t own = e.core.index() * kEngines;
  Clock theirs{{}, learnt};
  std::copy_n(learnt->begin() + static_cast<std::ptrdiff_t>(own), kEngines, theirs.local.begin());
  join(clock, theirs);
  return true;
}

void Replay::give_signal(const Core& core, const TraceEvent& e) {
  Semaphore& semaphore = semaphores_[{e.peer.value, e.sync}];
  if (semaphore.giver == nullptr) semaphore.giver = &e;
  if (!same_engine(e, *semaphore.giver))
    throw error(
        fmt::format("{} signals semaphore {} of core {}, as {} does; expected one "
                    "signalling engine a semaphore",
                    describe(e), e.sync, e.peer.value, describe(*semaphore.giver)));
  semaphore.clocks.push_back(
      full_clock(e.core.index(), core.engines[static_cast<std::size_t>(*e.engine)]));
}

void Replay::take_tokens(Core& core, const TraceEvent& e) {
  const auto engine = static_cast<std::size_t>(*e.engine);
  for (std::size_t from = 0; from < kEngines; ++from) {
    if ((e.wait >> from & 1U) == 0) continue;
    auto& tokens = core.tokens[from][engine];
    if (tokens.empty())
      throw error(fmt::format("{} takes a token from engine {} that is never given before it",
                              describe(e), kEngineNames[from]));
    join(core.engines[engine], tokens.front());
    tokens.pop_front();
  }
}

/// Notes an access: F of the buffer is the least that is known before any of them.
void Replay::touch(Clock& clock, const TraceEvent& e) {
  if (e.buffer.index() >= row_of_.size())
    throw error(
        fmt::format("{} accesses buffer {} of {}", describe(e), e.buffer.value, row_of_.size()));
  const auto row = row_of_[e.buffer.index()];
  if (!row) return;
  const std::size_t own = e.core.index() * kEngines;
  std::uint32_t* first = first_.data() + *row * chains_;
  const std::uint32_t* known = clock.remote->data();
  for (std::size_t i = 0; i < own; ++i) first[i] = std::min(first[i], known[i]);
  for (std::size_t i = 0; i < kEngines; ++i)
    first[own + i] = std::min(first[own + i], clock.local[i]);
  for (std::size_t i = own + kEngines; i < chains_; ++i) first[i] = std::min(first[i], known[i]);
  const auto engine = static_cast<std::size_t>(*e.engine);
  const auto chain = static_cast<std::uint32_t>(own + engine);
  if (clocks_ != nullptr) note_clock(clock, *row, {chain, clock.local[engine] + 1});
  const std::uint32_t position = ++clock.local[engine];
  auto& marks = last_[*row];
  const auto mark = std::ranges::find(marks, chain, &ChainOrder::Mark::chain);
  if (mark == marks.end())
    marks.push_back({chain, position});
  else
    mark->position = position;
}

/// `clock`: before the use.
void Replay::note_clock(const Clock& clock, std::size_t row, ChainOrder::Mark use) {
  const auto full = full_clock(use.chain / kEngines, clock);
  for (std::size_t c = 0; c < chains_; ++c) {
    std::uint32_t& known = clocks_->known[row * chains_ + c];
    known = std::max(known, full[c]);
  }
  auto& marks = clocks_->first_use[row];
  if (std::ranges::find(marks, use.chain, &ChainOrder::Mark::chain) == marks.end())
    marks.push_back(use);
}

std::vector<std::uint32_t> Replay::full_clock(std::size_t core, const Clock& clock) const {
  std::vector<std::uint32_t> full = *clock.remote;
  std::ranges::copy(clock.local, full.begin() + static_cast<std::ptrdiff_t>(core * kEngines));
  return full;
}

/// Why the replay stands still: the first core that is not done.
InputError Replay::hang() const {
  const auto stuck = std::ranges::find_if(cores_, [](const Core& c) { return !c.done(); });
  const TraceEvent& e = *stuck->events[stuck->next];
  if (e.kind == TraceKind::wait)
    return error(fmt::format("{} waits for semaphore {}, which core {} never signals then",
                             describe(e), e.sync, e.peer.value));
  return error(fmt::format("{} number {} for cores {:#x} is never met by all of them", describe(e),
                           e.sync, e.cores));
}

/// Engines that touch no intermediate order nothing: their columns are left out.
std::vector<std::size_t> Replay::used_chains() const {
  std::vector<bool> used(chains_, false);
  for (const auto& marks : last_)
    for (const auto& mark : marks) used[mark.chain] = true;
  std::vector<std::size_t> kept;
  for (std::size_t c = 0; c < chains_; ++c)
    if (used[c]) kept.push_back(c);
  return kept;
}

std::uint32_t column_of(const std::vector<std::size_t>& kept, std::uint32_t chain) {
  return static_cast<std::uint32_t>(std::ranges::lower_bound(kept, chain) - kept.begin());
}

Lifetimes Replay::lifetimes() const {
  const std::vector<std::size_t> kept = used_chains();
  Lifetimes result;
  result.kind = LivenessKind::instruction;
  result.order.emplace(kept.size());
  for (const std::size_t c : kept)
    result.chain_threads.push_back(static_cast<std::uint32_t>(c / kEngines));
  std::vector<std::uint32_t> first(kept.size());
  for (std::size_t row = 0; row < intermediates_.size(); ++row) {
    const BufferInfo& info = trace_.buffers[intermediates_[row].index()];
    result.buffers.push_back({info.name, info.size, {intermediates_[row]}, {info.size}});
    auto marks = last_[row];
    result.threads.push_back(
        marks.empty() ? 0 : marks.front().chain / static_cast<std::uint32_t>(kEngines));
    for (auto& mark : marks) mark.chain = column_of(kept, mark.chain);
    std::ranges::sort(marks, {}, &ChainOrder::Mark::chain);
    for (std::size_t c = 0; c < kept.size(); ++c) first[c] = first_[row * chains_ + kept[c]];
    result.order->add(marks, first);
  }
  return result;
}

void Replay::finish_clocks() {
  const std::vector<std::size_t> kept = used_chains();
  std::vector<std::uint32_t> known;
  for (std::size_t row = 0; row < intermediates_.size(); ++row) {
    for (const std::size_t c : kept) known.push_back(clocks_->known[row * chains_ + c]);
    for (auto& mark : clocks_->first_use[row]) mark.chain = column_of(kept, mark.chain);
    std::ranges::sort(clocks_->first_use[row], {}, &ChainOrder::Mark::chain);
  }
  clocks_->chains = kept.size();
  clocks_->known = std::move(known);
}

void check_cores(const Trace& trace) {
  if (trace.cores < 1 || trace.cores > 64)
    throw InputError(
        fmt::format("{}: trace of {} cores, expected 1 to 64", trace.network, trace.cores));
}

}  // namespace

Lifetimes instruction_liveness(const Trace& trace) {
  check_cores(trace);
  Replay replay(trace);
  replay.run();
  return replay.lifetimes();
}

UseClocks use_clocks(const Trace& trace) {
  check_cores(trace);
  UseClocks clocks;
  Replay replay(trace, &clocks);
  replay.run();
  replay.finish_clocks();
  return clocks;
}

}  // namespace unna
