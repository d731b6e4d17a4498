#include "report/waits_report.h"

#include <fmt/format.h>

#include "text/table.h"
#include "text/units.h"

namespace unna {
namespace {

constexpr Column<WaitsRow> kWaitsTable[] = {
    {"layout", "",
     "how it came about; `barriers`: of another program, whose cores meet after each layer",
     [](const WaitsRow& r) { return name_cell(r.name); }},
    {"peak", "bytes", "highest end of an intermediate",
     [](const WaitsRow& r) { return whole(r.peak); }},
    {"waits", "",
     "weights of the pairs of buffers that share bytes though nothing in the program "
     "orders them: for each core that uses the first, one",
     [](const WaitsRow& r) { return whole(r.cost); }},
    {"waits_bound", "", "no layout of that peak has less",
     [](const WaitsRow& r) { return whole(r.cost_bound); }},
    {"pairs", "", "these pairs", [](const WaitsRow& r) { return whole(r.pairs); }},
    {"signals", "", "added to the program, so that the layout is valid",
     [](const WaitsRow& r) { return whole(r.signals); }},
    {"cycles", "cycles", "of the program with these signals",
     [](const WaitsRow& r) { return whole(r.cycles); }},
    {"slowdown", "ratio", "cycles over those of the program without, less 1",
     [](const WaitsRow& r) -> Cell { return r.slowdown; }},
};

}  // namespace

Columns<WaitsRow> waits_columns() {
  return kWaitsTable;
}

std::string waits_text(const WaitsReport& report) {
  TextTable table({"layout", "peak", "waits", "signals\nadded", "cycles", "against\nthe first"});
  for (const WaitsRow& row : report.rows)
    table.add({row.name, grouped(row.peak),
               fmt::format("{}{}", grouped(row.cost), row.cost == row.cost_bound ? " (least)" : ""),
               grouped(row.signals), grouped(row.cycles),
               fmt::format("{:+.2f} %", 100 * row.slowdown)});
  return fmt::format(
      "{} on {} of {}: only barriers would order {}, and with them all fits {} bytes\n{}validated: "
      "{}, for "
      "every layout and its program\n",
      report.network, counted(report.cores, "core"), report.machine,
      counted(report.pairs, "pair of buffers", "pairs of buffers"), grouped(report.in_step),
      table.str(), validation_text(report.validation));
}

std::string waits_csv(const WaitsReport& report) {
  return table_csv(make_table(waits_columns(), report.rows));
}

}  // namespace unna
