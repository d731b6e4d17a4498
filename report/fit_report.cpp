#include "report/fit_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "text/table.h"
#include "text/units.h"

namespace unna {
namespace {

/// "+4.6 %" of a figure against layer by layer.
std::string against(double value, double base) {
  if (base == 0) return "";
  return fmt::format("{:+.1f} %", 100 * (value - base) / base);
}

}  // namespace

std::string fit_text(const std::vector<FitRow>& rows, const FitRow& layers, Bytes row_bound) {
  TextTable table({"footprint", "of the\nbound", "less than\nlayers by", "cycles", "",
                   "DRAM\nbytes", "", "energy", "buffers", "walked\nkernels", ""});
  std::vector<FitRow> shown;
  for (const FitRow& r : rows)
    if (r.front || r.chosen) shown.push_back(r);
  std::ranges::stable_sort(
      shown, [](const FitRow& a, const FitRow& b) { return a.footprint > b.footprint; });
  for (const FitRow& r : shown)
    table.add({readable_bytes(r.footprint),
               fmt::format("{:.2f} x", static_cast<double>(r.footprint) /
                                           static_cast<double>(std::max<Bytes>(1, r.bound))),
               fmt::format("{:.2f} x", static_cast<double>(layers.footprint) /
                                           static_cast<double>(std::max<Bytes>(1, r.footprint))),
               grouped(r.cycles),
               against(static_cast<double>(r.cycles), static_cast<double>(layers.cycles)),
               readable_bytes(r.dram_bytes),
               against(static_cast<double>(r.dram_bytes), static_cast<double>(layers.dram_bytes)),
               readable_joules(r.energy_pj * 1e-12), grouped(static_cast<std::int64_t>(r.buffers)),
               fmt::format("{}", r.walked), r.chosen ? "<- chosen" : ""});
  std::string text = table.str();
  if (row_bound == 0 || shown.empty()) return text;
  const FitRow& least = shown.back();
  return text + fmt::format(
                    "no order of whole lines, each made once, needs less than {}: the least "
                    "above is {:.2f} x that\n",
                    readable_bytes(row_bound),
                    static_cast<double>(least.footprint) / static_cast<double>(row_bound));
}

Columns<FitRow> fit_columns() {
  static constexpr Column<FitRow> kColumns[] = {
      {"footprint", "bytes", "peak of a layout of the intermediates",
       [](const FitRow& r) { return whole(r.footprint); }},
      {"bound", "bytes", "below which no layout of the program exists",
       [](const FitRow& r) { return whole(r.bound); }},
      {"cycles", "cycles", "of the program", [](const FitRow& r) { return whole(r.cycles); }},
      {"dram_bytes", "bytes", "moved between DRAM and the cores",
       [](const FitRow& r) { return whole(r.dram_bytes); }},
      {"energy_pj", "pJ", "of one inference", [](const FitRow& r) { return Cell(r.energy_pj); }},
      {"buffers", "buffers", "that the intermediates are cut into",
       [](const FitRow& r) { return whole(r.buffers); }},
      {"walked_kernels", "kernels", "kernels that are not executed layer by layer",
       [](const FitRow& r) { return whole(r.walked); }},
      {"estimated_footprint", "bytes", "what the search expected; 0 for layer by layer",
       [](const FitRow& r) { return whole(r.estimated_footprint); }},
      {"estimated_latency", "cycles", "what the search expected; 0 for layer by layer",
       [](const FitRow& r) { return whole(r.estimated_cycles); }},
      {"front", "", "whether no other program needs no more of footprint, cycles and DRAM bytes",
       [](const FitRow& r) { return Cell(r.front); }},
      {"chosen", "", "whether it is the one that was planned and validated",
       [](const FitRow& r) { return Cell(r.chosen); }},
  };
  return kColumns;
}

std::string fit_json(const std::vector<FitRow>& rows, const FitSubject& of) {
  nlohmann::ordered_json json;
  json["version"] = of.version;
  json["network"] = of.network;
  json["machine"] = of.machine;
  json["cores"] = of.cores;
  json["objective"] = of.objective;
  if (of.budget) json["budget"] = figure(*of.budget, "bytes");
  json["row_bound"] = figure(of.row_bound, "bytes");
  json["programs"] = nlohmann::ordered_json::array();
  for (const FitRow& row : rows) {
    nlohmann::ordered_json program;
    for (const Column<FitRow>& column : fit_columns())
      add_cell(program, column.info(), column.get(row));
    json["programs"].push_back(std::move(program));
  }
  return json.dump(2) + "\n";
}

std::string fit_csv(const std::vector<FitRow>& rows) {
  return table_csv(make_table(fit_columns(), rows));
}

}  // namespace unna
