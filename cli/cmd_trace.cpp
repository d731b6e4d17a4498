#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "flow/files.h"
#include "report/perfetto.h"
#include "report/trace_curves.h"
#include "text/table.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr CommandHelp kTraceHelp = {
    "trace", "FILE",
    "Prints a trace file as text, an event a line, or a summary of it, or writes\n"
    "it as a timeline for Perfetto (docs/trace-format.md)."};

constexpr OptionRow kTraceOptions[] = {
    {"core", "N", "", "only events of this core"},
    {"engine", "NAME", "", "only events of this engine: ln, ls, cp, st, or control"},
    {"layer", "NAME", "", "only events of this layer"},
    {"summary", "", "", "counts, cycles and bytes of each core and engine instead of the events"},
    {"perfetto", "FILE", "",
     "write a timeline for ui.perfetto.dev instead (.pftrace); a cycle is shown as 1 ns"},
};

constexpr std::string_view kControl = "control";

std::string_view engine_name(const TraceEvent& event) {
  return event.engine ? kEngineNames[static_cast<std::size_t>(*event.engine)] : kControl;
}

void keep_only(const Options& options, Trace& trace) {
  const auto core = options.integer("core", 0, trace.cores - 1);
  const auto engine = options.text("engine");
  const auto layer = options.text("layer");
  if (engine && *engine != kControl &&
      std::find(kEngineNames.begin(), kEngineNames.end(), *engine) == kEngineNames.end())
    options.fail("engine",
                 fmt::format("'{}' is unknown, expected ln, ls, cp, st or control", *engine));
  if (layer && std::find(trace.layers.begin(), trace.layers.end(), *layer) == trace.layers.end())
    options.fail("layer", fmt::format("the trace has no layer '{}'", *layer));
  std::erase_if(trace.events, [&](const TraceEvent& event) {
    return (core && event.core.value != static_cast<std::uint32_t>(*core)) ||
           (engine && engine_name(event) != *engine) ||
           (layer && trace.layers[event.op.index()] != *layer);
  });
}

struct EngineSummary {
  std::int64_t events = 0;
  Cycle busy = 0;
  Cycle last = 0;
  Bytes read = 0;
  Bytes written = 0;
};

/// Bytes are those between the first and the last byte touched.
std::string summarise(const Trace& trace) {
  constexpr std::size_t kUnits = kEngines + 1;
  std::vector<std::array<EngineSummary, kUnits>> cores(static_cast<std::size_t>(trace.cores));
  for (const TraceEvent& event : trace.events) {
    auto& unit = cores[event.core.index()]
                      [event.engine ? static_cast<std::size_t>(*event.engine) : kEngines];
    ++unit.events;
    unit.busy += event.end - event.start;
    unit.last = std::max(unit.last, event.end);
    if (event.kind == TraceKind::read) unit.read += event.end_byte - event.begin;
    if (event.kind == TraceKind::write) unit.written += event.end_byte - event.begin;
  }
  TextTable table(
      {"core", "engine", "events", "cycles open", "last end", "span read", "span written"});
  for (std::size_t core = 0; core < cores.size(); ++core)
    for (std::size_t unit = 0; unit < kUnits; ++unit) {
      const EngineSummary& s = cores[core][unit];
      if (s.events == 0) continue;
      table.add({fmt::format("{}", core),
                 std::string(unit < kEngines ? kEngineNames[unit] : kControl), grouped(s.events),
                 grouped(s.busy), grouped(s.last), readable_bytes(s.read),
                 readable_bytes(s.written)});
    }
  return fmt::format("{}: {}, {}, {}, {}\n{}", trace.network, counted(trace.cores, "core"),
                     counted(trace.buffers.size(), "buffer"), counted(trace.layers.size(), "layer"),
                     counted(trace.events.size(), "event"), table.str());
}

}  // namespace

CommandInterface trace_interface() {
  return {kTraceHelp, {std::begin(kTraceOptions), std::end(kTraceOptions)}};
}

int trace_command(const Options& options) {
  constexpr std::string_view kTraceFiles[] = {"perfetto"};
  check_output_files(options, kTraceFiles);
  if (options.text("perfetto"))
    for (const char* name : {"core", "engine", "layer", "summary"})
      if (options.given(name)) options.fail(name, "a timeline has all events, expected none");
  RunProgress progress(true);
  progress.stage(fmt::format("reading {}", options.only()));
  Trace trace = load_trace(options.only());
  progress.end_stage();
  if (const auto file = options.text("perfetto")) {
    progress.stage("writing the timeline");
    OutputFiles files;
    // A trace does not name its machine: queues are those of the default one.
    files.add(*file, perfetto_trace(trace, spans_of(trace), CoreConfig{}));
    files.commit();
    return kExitOk;
  }
  keep_only(options, trace);
  fmt::print("{}", options.flag("summary") ? summarise(trace) : format_trace(trace));
  return kExitOk;
}

}  // namespace unna
