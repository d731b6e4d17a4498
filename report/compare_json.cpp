#include <nlohmann/json.hpp>

#include "report/compare_report.h"
#include "report/json.h"
#include "text/units.h"

namespace unna {

namespace {

using Json = nlohmann::ordered_json;

Json plan_json(const MemoryFigures& plan) {
  Json json = {{"liveness", plan.liveness},
               {"planner", plan.planner},
               {"buffers", figure(static_cast<std::int64_t>(plan.buffers), "buffers")},
               {"peak", figure(plan.peak, "bytes")},
               {"lower_bound", figure(plan.lower_bound, "bytes")},
               {"fragmentation", figure(plan.peak - plan.lower_bound, "bytes")},
               {"reduction", figure(reduction(plan.without_sharing, plan.peak), "ratio")},
               {"proved_optimal", plan.proved_optimal},
               {"validated", !plan.unsafe.has_value()},
               {"seed", plan.seed},
               {"note", plan.note}};
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
  Json json = {{"network", c.network},
               {"cores", c.cores},
               {"machine", c.machine},
               {"cycles", figure(c.cycles, "cycles")},
               {"latency", figure(c.latency_seconds, "s")},
               {"without_sharing", figure(c.without_sharing, "bytes")}};
  if (c.compile_seconds) json["compile"] = figure(*c.compile_seconds, "s");
  for (const MemoryFigures& plan : c.plans) json["plans"].push_back(plan_json(plan));
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
