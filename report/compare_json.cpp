#include <nlohmann/json.hpp>

#include "report/compare_report.h"
#include "report/json.h"

namespace unna {

namespace {

using Json = nlohmann::ordered_json;

void add_columns(Json& json, const ComparePlanRow& row, CompareScope scope) {
  for (const CompareColumn& c : compare_columns())
    if (c.scope == scope) add_cell(json, c.column.info(), c.column.get(row));
}

Json plan_json(const ComparePlanRow& row) {
  Json json;
  add_columns(json, row, CompareScope::of_plan);
  json["note"] = row.plan.note;
  if (row.plan.unsafe) json["unsafe"] = *row.plan.unsafe;
  return json;
}

Json tensors_json(const std::vector<PeakTensor>& tensors) {
  Json json = Json::array();
  for (const PeakTensor& t : tensors)
    json.push_back({{"tensor", t.tensor},
                    {"bytes", figure(t.bytes, "bytes")},
                    {"buffers", t.buffers},
                    {"cores", t.cores}});
  return json;
}

Json peaks_json(const PeakExplanation& peaks) {
  return {{"topology", tensors_json(peaks.topology)},
          {"instruction", tensors_json(peaks.instruction)},
          {"overlaps", peaks.overlaps}};
}

Json gain_json(const Gain& gain) {
  return {{"buffer", gain.buffer},
          {"size", figure(gain.size, "bytes")},
          {"topology_conflicts", figure(gain.topology_conflicts, "bytes")},
          {"instruction_conflicts", figure(gain.instruction_conflicts, "bytes")},
          {"why", gain.why}};
}

Json case_json(const CompareCase& c) {
  Json json;
  add_columns(json, {c, c.plans.front(), nullptr}, CompareScope::of_case);
  for (const MemoryFigures& plan : c.plans) json["plans"].push_back(plan_json({c, plan, nullptr}));
  const auto add_other = [&](const char* name, const std::optional<OtherProgram>& other) {
    if (!other) return;
    const ComparePlanRow row{c, other->plan, &*other};
    add_columns(json[name], row, CompareScope::of_case);
    json[name]["plan"] = plan_json(row);
  };
  add_other("with_barriers", c.barriers);
  add_other("walk", c.walk);
  for (const Gain& gain : c.gains) json["gains"].push_back(gain_json(gain));
  if (c.peaks) json["peaks"] = peaks_json(*c.peaks);
  json["validation"] = validation_text(c.validation);
  return json;
}

}  // namespace

std::string compare_json(const CompareReport& report) {
  Json json;
  json["version"] = report.version;
  json["granularity"] = report.granularity;
  json["seed"] = report.seed;
  for (const CompareCase& c : report.cases) json["cases"].push_back(case_json(c));
  for (const CompareAverage& average : averages(report.cases, report.planner)) {
    Json entry = {{"cores", average.cores}, {"networks", average.networks}};
    if (average.versus_none) entry["saved_of_no_sharing"] = figure(*average.versus_none, "ratio");
    if (average.versus_bfc) entry["saved_of_bfc"] = figure(*average.versus_bfc, "ratio");
    if (average.versus_barriers)
      entry["saved_of_barriers"] = figure(*average.versus_barriers, "ratio");
    if (average.walks_versus_none)
      entry["walks_saved_of_no_sharing"] = figure(*average.walks_versus_none, "ratio");
    if (average.time_saved) entry["time_saved"] = figure(*average.time_saved, "ratio");
    json["averages"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

}  // namespace unna
