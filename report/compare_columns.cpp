// compare.csv and the figures of compare.json: a row each plan of a case.

#include "report/compare_report.h"
#include "text/units.h"

namespace unna {

namespace {

using Row = ComparePlanRow;

template <auto Member>
Cell plan_bytes(const Row& r) {
  return whole(r.plan.*Member);
}

constexpr CompareColumn kCompareTable[] = {
    {{"network", "", "its name", [](const Row& r) { return name_cell(r.of.network); }},
     CompareScope::of_case},
    {{"cores", "", "of the machine", [](const Row& r) { return whole(r.of.cores); }},
     CompareScope::of_case},
    {{"machine", "", "its name", [](const Row& r) { return name_cell(r.of.machine); }},
     CompareScope::of_case},
    {{"liveness", "", "where the lifetimes come from",
      [](const Row& r) { return name_cell(r.plan.liveness); }},
     CompareScope::of_plan},
    {{"planner", "", "`unnasim plan --list` shows them",
      [](const Row& r) { return name_cell(r.plan.planner); }},
     CompareScope::of_plan},
    {{"buffers", "buffers", "planned", plan_bytes<&MemoryFigures::buffers>}, CompareScope::of_plan},
    {{"without_sharing", "bytes", "every intermediate buffer to itself, aligned",
      plan_bytes<&MemoryFigures::without_sharing>},
     CompareScope::of_case},
    {{"peak", "bytes", "the plan's highest byte", plan_bytes<&MemoryFigures::peak>},
     CompareScope::of_plan},
    {{"lower_bound", "bytes", "no plan of these buffers under this liveness is smaller",
      plan_bytes<&MemoryFigures::lower_bound>},
     CompareScope::of_plan},
    {{"fragmentation", "bytes", "`peak` - `lower_bound`",
      [](const Row& r) { return whole(r.plan.peak - r.plan.lower_bound); }},
     CompareScope::of_plan},
    {{"reduction", "ratio", "1 - `peak` / `without_sharing`",
      [](const Row& r) -> Cell { return reduction(r.plan.without_sharing, r.plan.peak); }},
     CompareScope::of_plan},
    {{"reduction_vs_bfc", "ratio",
      "1 - `peak` / the peak of TensorFlow's BFC with topology liveness; empty where that did not "
      "take part",
      [](const Row& r) -> Cell {
        const auto ratio = versus_bfc(r.of, r.plan);
        return ratio ? Cell(*ratio) : Cell();
      }},
     CompareScope::of_plan},
    {{"proved_optimal", "", "the plan is as small as any",
      [](const Row& r) -> Cell { return r.plan.proved_optimal; }},
     CompareScope::of_plan},
    {{"validated", "",
      "false: the plan would corrupt data in this program, as topology liveness takes layers to be "
      "executed one after the other and the program's barriers do not make them, and observed "
      "liveness takes the time stamps of one run for those of every run",
      [](const Row& r) -> Cell { return !r.plan.unsafe.has_value(); }},
     CompareScope::of_plan},
    {{"seed", "", "of the planner",
      [](const Row& r) { return whole(static_cast<std::int64_t>(r.plan.seed)); }},
     CompareScope::of_plan},
    {{"cycles", "cycles", "of the run without sharing",
      [](const Row& r) { return whole(r.other ? r.other->cycles : r.of.cycles); }},
     CompareScope::of_case},
    {{"latency_s", "s", "`cycles` at the machine's clock",
      [](const Row& r) -> Cell {
        return r.other ? r.other->latency_seconds : r.of.latency_seconds;
      }},
     CompareScope::of_case},
    {{"compile_s", "s", "host time of the compiler, verifier included; empty with `--no-timing`",
      [](const Row& r) -> Cell {
        return r.other == nullptr && r.of.compile_seconds ? Cell(*r.of.compile_seconds) : Cell();
      }},
     CompareScope::of_case},
    {{"barriers", "",
      "between cores: `data` where data flows, as compiled; `layers`: the same program with a "
      "barrier after each layer, for which the plan from topology is right; `walk`: the walk below "
      "the tensor that `--walks` found",
      [](const Row& r) {
        return name_cell(r.other == nullptr ? "data" : r.is_walk() ? "walk" : "layers");
      }},
     CompareScope::of_plan},
    {{"reduction_vs_barriers", "ratio", "1 - `peak` / the peak of the program with `layers`",
      [](const Row& r) -> Cell {
        const auto ratio = versus_barriers(r.of, r.plan);
        return ratio ? Cell(*ratio) : Cell();
      }},
     CompareScope::of_plan},
};

}  // namespace

std::span<const CompareColumn> compare_columns() {
  return kCompareTable;
}

std::string compare_csv(const CompareReport& report) {
  Table table;
  for (const CompareColumn& c : kCompareTable) table.columns.push_back(c.column.info());
  const auto add = [&](const ComparePlanRow& row) {
    table.rows.emplace_back();
    for (const CompareColumn& column : kCompareTable)
      table.rows.back().push_back(column.column.get(row));
  };
  for (const CompareCase& c : report.cases) {
    for (const MemoryFigures& plan : c.plans) add({c, plan, nullptr});
    for (const auto* other : {&c.barriers, &c.walk})
      if (*other) add({c, (*other)->plan, &**other});
  }
  return table_csv(table);
}

}  // namespace unna
