#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/objectives.h"

namespace unna {

namespace {

using Json = nlohmann::ordered_json;

Json figures_json(const LayoutReport& report, const LayoutFigures& figures) {
  Json json;
  for (const Objective& o : objectives()) {
    if (o.needs_cache && !report.cache) continue;
    const double value = o.value(figures);
    json[std::string(o.name)] = o.unit == "ratio"
                                    ? figure(value, o.unit)
                                    : figure(static_cast<std::int64_t>(value), o.unit);
  }
  return json;
}

Json layout_row_json(const LayoutReport& report, const LayoutRow& row) {
  Json json = {{"layout", row.name}, {"also", row.also}, {"chosen", row.chosen}};
  json["figures"] = figures_json(report, row.figures);
  Json& offsets = json["offsets"] = Json::array();
  for (std::size_t i = 0; i < row.offsets.size(); ++i)
    offsets.push_back({{"id", report.buffers[i]}, {"offset", row.offsets[i]}});
  return json;
}

}  // namespace

std::string layout_json(const LayoutReport& report) {
  Json json;
  json["version"] = report.version;
  json["network"] = report.network;
  json["machine"] = report.machine;
  json["cores"] = report.cores;
  json["seed"] = report.seed;
  for (const Objective* o : report.objectives)
    json["objectives"].push_back({{"name", o->name},
                                  {"unit", o->unit},
                                  {"better", o->larger_is_better ? "larger" : "smaller"}});
  json["slack"] = figure(report.slack, "ratio");
  json["lower_bound"] = figure(report.lower_bound, "bytes");
  json["plans"] = report.plans;
  json["within_slack"] = report.within_slack;
  json["simulated"] = report.rows.size();
  json["without_sharing"] = figures_json(report, report.without_sharing);
  json["first"] = {{"layout", report.rows.front().name},
                   {"figures", figures_json(report, report.rows.front().figures)}};
  json["front"] = Json::array();
  for (const std::size_t i : front_rows(report))
    json["front"].push_back(layout_row_json(report, report.rows[i]));
  json["validation"] = validation_text(report.validation);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace unna
