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

Json plan_json(const CompareCase& c, const MemoryFigures& plan) {
  Json json;
  add_columns(json, {c, plan}, CompareScope::of_plan);
  json["note"] = plan.note;
  if (plan.unsafe) json["unsafe"] = *plan.unsafe;
  return json;
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
  add_columns(json, {c, c.plans.front()}, CompareScope::of_case);
  for (const MemoryFigures& plan : c.plans) json["plans"].push_back(plan_json(c, plan));
  for (const Gain& gain : c.gains) json["gains"].push_back(gain_json(gain));
  json["validation"] = validation_text(c.validation);
  return json;
}

}  // namespace

std::string compare_json(const CompareReport& report) {
  Json json;
  json["version"] = report.version;
  json["seed"] = report.seed;
  for (const CompareCase& c : report.cases) json["cases"].push_back(case_json(c));
  for (const CompareAverage& average : averages(report.cases, report.planner)) {
    Json entry = {{"cores", average.cores}, {"networks", average.networks}};
    if (average.versus_none) entry["saved_of_no_sharing"] = figure(*average.versus_none, "ratio");
    if (average.versus_bfc) entry["saved_of_bfc"] = figure(*average.versus_bfc, "ratio");
    json["averages"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

}  // namespace unna
