#include "report/page_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/error.h"
#include "isa/accesses.h"
#include "report/stalls.h"
#include "report/sync_pairs.h"
#include "text/csv.h"

namespace unna {
namespace {

using Numbers = std::vector<std::int64_t>;

/// Vector clocks beyond so many numbers would make pages that nobody can send.
constexpr std::size_t kMostClocks = 8'000'000;

std::size_t lane_of(const TraceEvent& event) {
  return event.engine ? static_cast<std::size_t>(*event.engine) : kEngines;
}

std::vector<const TraceEvent*> by_lane(const Trace& trace) {
  std::vector<const TraceEvent*> events;
  events.reserve(trace.events.size());
  for (const TraceEvent& event : trace.events) events.push_back(&event);
  std::ranges::stable_sort(events, {}, [](const TraceEvent* e) {
    return std::pair{e->core.value, lane_of(*e)};
  });
  return events;
}

/// The column `offset` of plan.csv.
Numbers offsets_of(const PageRun& run) {
  const std::string file = run.path + "/plan.csv";
  CsvReader reader(run.plan, file);
  const auto header = reader.next();
  constexpr std::size_t kOffset = 5;
  if (!header || header->size() <= kOffset || (*header)[kOffset].text != "offset")
    throw InputError(fmt::format("{}: has no column 'offset', expected a plan of unnasim", file));
  Numbers offsets;
  while (const auto row = reader.next()) {
    std::int64_t offset = 0;
    const std::string text = row->size() > kOffset ? (*row)[kOffset].text : "";
    const auto end = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size())
      throw InputError(row->front().pos, fmt::format("'{}' is no offset, expected a number", text));
    offsets.push_back(offset);
  }
  if (offsets.size() != run.object.buffers.size())
    throw InputError(fmt::format("{}: {} rows, expected {} as the program has buffers", file,
                                 offsets.size(), run.object.buffers.size()));
  return offsets;
}

/// From where to where an entry is in use, in the problem's own order.
Interval span_of(const PlanProblem& problem, std::size_t i) {
  if (problem.lifetimes.intervals) return (*problem.lifetimes.intervals)[i];
  return {problem.index.position(i), problem.index.last_overlap(i) + 1};
}

void add_marks(std::span<const ChainOrder::Mark> marks, Numbers& count, Numbers& numbers) {
  count.push_back(static_cast<std::int64_t>(marks.size()));
  for (const ChainOrder::Mark mark : marks) {
    numbers.push_back(mark.chain);
    numbers.push_back(mark.position);
  }
}

/// By chain, as a chain's numbers of neighbouring buffers are close.
void add_use_clocks(const UseClocks& clocks, std::vector<PackedColumn>& columns) {
  Numbers known, first, count;
  const std::size_t size = clocks.first_use.size();
  for (std::size_t c = 0; c < clocks.chains; ++c)
    for (std::size_t i = 0; i < size; ++i) known.push_back(clocks.known[i * clocks.chains + c]);
  for (const auto& marks : clocks.first_use) add_marks(marks, count, first);
  columns.push_back(pack_column("clock.known", known));
  columns.push_back(pack_column("clock.first_marks", count));
  columns.push_back(pack_column("clock.first_use", first));
}

void add_clocks(const Trace& trace, const ChainOrder& order, std::vector<PackedColumn>& columns) {
  if (order.size() * order.chains() > kMostClocks) return;
  Numbers first, last, count;
  // By chain, as a chain's numbers of neighbouring buffers are close.
  for (std::size_t c = 0; c < order.chains(); ++c)
    for (std::size_t i = 0; i < order.size(); ++i)
      first.push_back(order.first(i)[c] == ChainOrder::kAll ? -1 : std::int64_t{order.first(i)[c]});
  for (std::size_t i = 0; i < order.size(); ++i) add_marks(order.last(i), count, last);
  columns.push_back(pack_column("clock.first", first));
  columns.push_back(pack_column("clock.marks", count));
  columns.push_back(pack_column("clock.last", last));
  add_use_clocks(use_clocks(trace), columns);
}

}  // namespace

std::vector<PackedColumn> event_columns(const PageRun& run) {
  const auto events = by_lane(run.trace);
  Numbers lanes(static_cast<std::size_t>(run.trace.cores) * (kEngines + 1), 0);
  std::map<std::string, Numbers> columns;
  for (const TraceEvent* e : events) {
    ++lanes[e->core.index() * (kEngines + 1) + lane_of(*e)];
    const Instruction& i = run.object.streams[e->core.index()][e->pc];
    const auto access = dram_access(i);
    columns["pc"].push_back(e->pc);
    columns["start"].push_back(e->start);
    columns["length"].push_back(e->end - e->start);
    columns["opcode"].push_back(static_cast<std::int64_t>(i.opcode));
    columns["layer"].push_back(e->engine ? std::int64_t{e->op.value} : -1);
    columns["buffer"].push_back(access ? std::int64_t{access->buffer.value} : -1);
    columns["bytes"].push_back(access ? access->bytes : 0);
    columns["begin"].push_back(access ? access->begin : 0);
    columns["tokens"].push_back(e->wait | (e->signal << kEngines));
    columns["sync"].push_back(e->sync);
    columns["peer"].push_back(e->kind == TraceKind::signal || e->kind == TraceKind::wait
                                  ? std::int64_t{e->peer.value}
                                  : -1);
    constexpr unsigned kHalf = 32;
    columns["cores_low"].push_back(static_cast<std::int64_t>(e->cores & 0xffffffffU));
    columns["cores_high"].push_back(static_cast<std::int64_t>(e->cores >> kHalf));
  }
  std::vector<PackedColumn> packed = {pack_column("lanes", lanes)};
  for (const auto& [name, values] : columns) packed.push_back(pack_column("event." + name, values));
  return packed;
}

std::vector<PackedColumn> sync_columns(const PageRun& run, const CoreConfig& core) {
  Numbers lanes, from, length, cause;
  for (const IdleSpans& engines : idle_spans(run.trace, core))
    for (const auto& spans : engines) {
      lanes.push_back(static_cast<std::int64_t>(spans.size()));
      for (const IdleSpan& span : spans) {
        from.push_back(span.from);
        length.push_back(span.until - span.from);
        cause.push_back(static_cast<std::int64_t>(span.cause));
      }
    }
  const auto order = by_lane(run.trace);
  Numbers place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    place[static_cast<std::size_t>(order[i] - run.trace.events.data())] =
        static_cast<std::int64_t>(i);
  Numbers signals, waits, meetings, met;
  for (const SyncPair& pair : signal_pairs(run.trace)) {
    signals.push_back(place[pair.cause]);
    waits.push_back(place[pair.effect]);
  }
  for (const auto& meeting : barrier_meetings(run.trace)) {
    meetings.push_back(static_cast<std::int64_t>(meeting.size()));
    for (const std::size_t i : meeting) met.push_back(place[i]);
  }
  return {pack_column("idle.lanes", lanes),      pack_column("idle.from", from),
          pack_column("idle.length", length),    pack_column("idle.cause", cause),
          pack_column("pair.signal", signals),   pack_column("pair.wait", waits),
          pack_column("barrier.size", meetings), pack_column("barrier.event", met)};
}

std::vector<PackedColumn> buffer_columns(const PageRun& run) {
  Numbers sizes, kinds;
  for (const BufferInfo& buffer : run.object.buffers) {
    sizes.push_back(buffer.size);
    kinds.push_back(static_cast<std::int64_t>(buffer.kind));
  }
  return {pack_column("buffer.size", sizes), pack_column("buffer.kind", kinds),
          pack_column("buffer.offset", offsets_of(run))};
}

std::vector<PackedColumn> lifetime_columns(const PageRun& run, const PlanProblem& problem) {
  Numbers ids, from, until;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    ids.push_back(problem.lifetimes.buffers[i].members.front().value);
    from.push_back(span_of(problem, i).lower);
    until.push_back(span_of(problem, i).upper);
  }
  // The chains of the clocks are the engines that touch an intermediate.
  std::vector<bool> used(static_cast<std::size_t>(run.trace.cores) * kEngines);
  for (const TraceEvent& e : run.trace.events)
    if ((e.kind == TraceKind::read || e.kind == TraceKind::write) &&
        run.object.buffers[e.buffer.index()].kind == BufferKind::intermediate)
      used[e.core.index() * kEngines + lane_of(e)] = true;
  Numbers chains;
  for (std::size_t lane = 0; lane < used.size(); ++lane)
    if (used[lane]) chains.push_back(static_cast<std::int64_t>(lane));
  const Numbers bound(problem.antichain.begin(), problem.antichain.end());
  std::vector<PackedColumn> columns = {
      pack_column("life.buffer", ids), pack_column("life.from", from),
      pack_column("life.until", until), pack_column("life.bound", bound),
      pack_column("clock.chains", chains)};
  if (problem.lifetimes.order) add_clocks(run.trace, *problem.lifetimes.order, columns);
  return columns;
}

std::vector<PackedColumn> topology_columns(const PlanProblem& problem, const Plan& plan) {
  Numbers sizes, from, until;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    sizes.push_back(problem.buffers[i].size);
    from.push_back(span_of(problem, i).lower);
    until.push_back(span_of(problem, i).upper);
  }
  return {pack_column("topology.size", sizes), pack_column("topology.from", from),
          pack_column("topology.until", until), pack_column("topology.offset", plan.offsets)};
}

}  // namespace unna
