#include "report/report_page.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/version.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "report/layer_times.h"
#include "report/page_columns.h"
#include "report/page_sources.h"
#include "report/run_report.h"
#include "sim/simulate.h"

namespace unna {
namespace {

using Json = nlohmann::ordered_json;

/// Length of the header, header, columns.
std::string packed(Json header, const std::vector<PackedColumn>& columns) {
  std::string bytes;
  for (const PackedColumn& column : columns) {
    header["columns"].push_back({{"name", column.name},
                                 {"count", column.count},
                                 {"wide", column.wide},
                                 {"at", bytes.size()}});
    bytes += column.bytes;
  }
  const std::string head = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string all;
  for (unsigned byte = 0; byte < 4; ++byte)
    all += static_cast<char>((head.size() >> (8 * byte)) & 0xffU);
  return base64(gzip(all + head + bytes));
}

/// Buffers that share bytes in a plan from topology though the program does not order them: how
/// many pairs, and what is wrong with the first.
Json overlaps_of(const PageRun& run, const PlanProblem& topology, const Plan& plan,
                 Bytes alignment) {
  const std::vector<BufferInfo>& buffers = run.object.buffers;
  const Layout layout = layout_from_offsets(
      run.object, member_offsets(topology, plan, buffers.size(), buffers, alignment), alignment);
  const std::vector<Violation> overlaps =
      check_layout(run.trace, layout, std::numeric_limits<std::size_t>::max());
  Json json = {{"pairs", overlaps.size()}};
  if (!overlaps.empty()) json["first"] = overlaps.front().message;
  return json;
}

/// The fields of a core that its dispatch depends on.
CoreConfig core_of(const Json& summary) {
  const Json& fields = summary.at("machine").at("core");
  CoreConfig core;
  core.queue_depth = fields.at("queue_depth").at("value").get<std::int64_t>();
  core.dispatch_per_cycle = fields.at("dispatch_per_cycle").at("value").get<std::int64_t>();
  return core;
}

Json parsed_summary(const PageRun& run) {
  try {
    Json summary = Json::parse(run.summary);
    summary.at("performance").at("cycles").at("value").get<std::int64_t>();
    summary.at("machine").at("dram").at("alignment_bytes").at("value").get<Bytes>();
    core_of(summary);
    summary.at("granularity").get<std::string>();
    for (const std::string_view cause : kStallNames)  // an earlier version wrote fewer
      summary.at("cores").at(0).at("engines").at("cp").at(fmt::format("stall_{}", cause));
    return summary;
  } catch (const Json::exception&) {
    throw InputError(fmt::format(
        "{}/summary.json: is no summary of a run, expected what this version's simulate writes",
        run.path));
  }
}

void check_belongs(const PageRun& run) {
  const auto refuse = [&](std::string_view what) {
    throw InputError(
        fmt::format("{}/trace.unt: {} than program.uno, expected both of one run", run.path, what));
  };
  if (run.trace.buffers != run.object.buffers) refuse("has other buffers");
  if (static_cast<std::size_t>(run.trace.cores) != run.object.streams.size())
    refuse("has other cores");
  if (run.trace.layers.size() != run.object.layers.size()) refuse("has other layers");
  for (const TraceEvent& event : run.trace.events) {
    const auto& stream = run.object.streams.at(event.core.index());
    if (event.pc >= stream.size() || engine_of(stream[event.pc].opcode) != event.engine)
      refuse("has other instructions");
  }
}

Json names_of(const PageRun& run) {
  Json json;
  for (const BufferInfo& buffer : run.object.buffers) {
    json["buffers"].push_back(buffer.name);
    json["tensors"].push_back(buffer.tensor);
  }
  json["kinds"] = kBufferKindNames;
  for (const LayerInfo& layer : run.object.layers) {
    json["layers"].push_back(layer.name);
    json["layer_kinds"].push_back(layer.kind);
  }
  for (const OpcodeInfo& opcode : kOpcodes) json["opcodes"].push_back(opcode.mnemonic);
  json["engines"] = kEngineNames;
  json["causes"] = kStallNames;
  return json;
}

/// By layer, what the compute engines of all cores did in its time: executing, waiting for data,
/// waiting for other cores.
Json layer_shares(const PageRun& run, const CoreConfig& core) {
  Json json = Json::array();
  for (const LayerTime& time : layer_times(run.trace, core))
    json.push_back({time.shares.busy, time.shares.waiting, time.shares.awaiting});
  return json;
}

void append(std::vector<PackedColumn>& columns, std::vector<PackedColumn> more) {
  for (PackedColumn& column : more) columns.push_back(std::move(column));
}

}  // namespace

std::string packed_run(const PageRun& run) {
  Json header;
  header["type"] = "run";
  header["path"] = run.path;
  header["summary"] = parsed_summary(run);
  header["stored"] = stored_text(header["summary"].at("granularity").get<std::string>());
  check_belongs(run);
  header["layers_csv"] = run.layers;
  header["names"] = names_of(run);
  const CoreConfig core = core_of(header["summary"]);
  header["layer_shares"] = layer_shares(run, core);
  if (run.front) header["front_csv"] = *run.front;
  if (run.schedule) header["schedule"] = *run.schedule;

  const Json& dram = header["summary"]["machine"]["dram"];
  const auto alignment = dram["alignment_bytes"]["value"].get<Bytes>();
  std::vector<PackedColumn> columns = event_columns(run);
  append(columns, sync_columns(run, core));
  append(columns, buffer_columns(run));
  const PlanProblem problem = make_problem(instruction_liveness(run.trace), alignment);
  header["lower_bound"] = problem.lower_bound;
  append(columns, lifetime_columns(run, problem));
  const PlanProblem topology = make_problem(topology_liveness(run.object), alignment);
  const Plan plan = run_planner("greedy-by-size", topology, {});
  header["topology"] = {{"planner", plan.planner},
                        {"peak", plan.peak},
                        {"lower_bound", topology.lower_bound},
                        {"intervals", topology.lifetimes.intervals.has_value()},
                        {"overlaps", overlaps_of(run, topology, plan, alignment)}};
  for (const PlanBuffer& buffer : topology.buffers)
    header["topology"]["names"].push_back(buffer.name);
  append(columns, topology_columns(topology, plan));
  return packed(std::move(header), columns);
}

std::string packed_sweep(const PageSweep& sweep) {
  Json header = {
      {"type", "sweep"}, {"path", sweep.path}, {"name", sweep.name}, {"axes", sweep.axes}};
  for (const ColumnInfo& column : sweep.figures)
    header["fields"].push_back(
        {{"name", column.name}, {"unit", column.unit}, {"definition", column.definition}});
  for (const auto& row : sweep.rows) {
    Json cells = Json::array();
    for (const Cell& cell : row)
      std::visit(
          [&](const auto& value) {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
              cells.push_back(nullptr);
            else
              cells.push_back(value);
          },
          cell);
    header["rows"].push_back(std::move(cells));
  }
  return packed(std::move(header), {});
}

std::string report_page(std::span<const std::string> contents) {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"generator\" content=\"unnasim {}\">\n<style>\n{}</style>\n</head>\n",
      kVersion, page_source("report.css"));
  page += page_source("body.html");
  for (const std::string& content : contents)
    page += fmt::format("<script type=\"text/plain\" class=\"packed\">{}</script>\n", content);
  page += "<script>\n\"use strict\";\n";
  for (const std::string_view name : kPageScripts) page += page_source(name);
  return page + "</script>\n</body>\n</html>\n";
}

}  // namespace unna
