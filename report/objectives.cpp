#include "report/objectives.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "text/table.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr Objective kObjectives[] = {
    {"peak", "peak", "bytes", false, false,
     [](const LayoutFigures& f) { return static_cast<double>(f.peak); }},
    {"row-hits", "row\nhits", "ratio", true, false,
     [](const LayoutFigures& f) { return share(f.row_hits, f.row_accesses); }},
    {"cache-hits", "cache\nhits", "ratio", true, true,
     [](const LayoutFigures& f) { return share(f.cache_hits, f.cache_accesses); }},
    {"dram-bytes", "DRAM\nbytes", "bytes", false, false,
     [](const LayoutFigures& f) { return static_cast<double>(f.dram_bytes); }},
    {"latency", "latency", "cycles", false, false,
     [](const LayoutFigures& f) { return static_cast<double>(f.cycles); }},
};

constexpr Column<SimulatedLayoutRow> kLayoutTable[] = {
    {"layout", "",
     "the planner (and its seed, where that is not the one asked for) that it comes from, and what "
     "was done to it; those of the search have a number, their place in this table",
     [](const SimulatedLayoutRow& r) { return name_cell(r.name); }},
    {"peak", "bytes",
     "highest end of an intermediate (`peak`; of `bfc` too, whose own peak may be more)",
     [](const SimulatedLayoutRow& r) { return whole(r.figures.peak); }},
    {"cycles", "cycles", "of the run with this layout (`latency`)",
     [](const SimulatedLayoutRow& r) { return whole(r.figures.cycles); }},
    {"row_hit_rate", "ratio", "bursts that found their row open, of all (`row-hits`)",
     [](const SimulatedLayoutRow& r) -> Cell {
       return share(r.figures.row_hits, r.figures.row_accesses);
     }},
    {"cache_hit_rate", "ratio",
     "lines found in the cache, of those accessed; empty where there is none (`cache-hits`)",
     [](const SimulatedLayoutRow& r) -> Cell {
       if (!r.cache) return {};
       return share(r.figures.cache_hits, r.figures.cache_accesses);
     }},
    {"dram_bytes", "bytes",
     "bursts on the DRAM's data buses, reads and writes, in bytes (`dram-bytes`)",
     [](const SimulatedLayoutRow& r) { return whole(r.figures.dram_bytes); }},
    {"front", "", "no other simulated layout is as good in all objectives and better in one",
     [](const SimulatedLayoutRow& r) -> Cell { return r.front; }},
    {"chosen", "", "the one that `--output` writes",
     [](const SimulatedLayoutRow& r) -> Cell { return r.chosen; }},
};

std::string cell(const Objective& objective, const LayoutFigures& figures) {
  const double value = objective.value(figures);
  return objective.unit == "ratio" ? percent(value, 2) : grouped(static_cast<std::int64_t>(value));
}

/// The peak is shown whether it is an objective or not.
std::vector<const Objective*> shown(const LayoutReport& report) {
  std::vector<const Objective*> columns = report.objectives;
  const Objective* peak = &kObjectives[0];
  if (std::ranges::count(columns, peak) == 0) columns.insert(columns.begin(), peak);
  return columns;
}

std::string remark(const LayoutRow& row) {
  std::string text = row.chosen ? "chosen" : "";
  if (!row.also.empty())
    text += fmt::format("{}also {}", text.empty() ? "" : "; ", fmt::join(row.also, ", "));
  return text;
}

}  // namespace

Columns<SimulatedLayoutRow> layout_columns() {
  return kLayoutTable;
}

LayoutFigures layout_figures(const SimResult& result, Bytes peak) {
  invariant(result.memory.has_value(), "figures of a memory without banks");
  const DramStats& dram = result.memory->dram;
  const CacheCounts& cache = result.memory->cache.total;
  return {peak,
          result.cycles,
          dram.row_hits,
          dram.row_hits + dram.row_misses + dram.row_conflicts,
          cache.hits(),
          cache.accesses(),
          result.memory->dram_bytes()};
}

std::span<const Objective> objectives() {
  return kObjectives;
}

std::vector<const Objective*> objectives_named(std::span<const std::string> names) {
  std::vector<const Objective*> found;
  for (const std::string& name : names) {
    const auto* const objective = std::ranges::find(kObjectives, name, &Objective::name);
    if (objective == std::end(kObjectives)) {
      std::vector<std::string_view> known;
      for (const Objective& o : kObjectives) known.push_back(o.name);
      throw InputError(
          fmt::format("'{}' is unknown, expected {}, or peak,waits", name, fmt::join(known, ", ")));
    }
    if (std::ranges::count(found, objective) > 0)
      throw InputError(fmt::format("'{}' twice, expected it once", name));
    found.push_back(objective);
  }
  return found;
}

Scores scores(std::span<const Objective* const> objectives, const LayoutFigures& figures) {
  Scores result;
  for (const Objective* o : objectives)
    result.push_back(o->larger_is_better ? -o->value(figures) : o->value(figures));
  return result;
}

std::vector<std::size_t> front_rows(const LayoutReport& report) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    if (report.rows[i].front) front.push_back(i);
  std::ranges::stable_sort(
      front, {}, [&](std::size_t i) { return scores(report.objectives, report.rows[i].figures); });
  return front;
}

std::string layout_text(const LayoutReport& report) {
  std::vector<std::string> titles = {"layout"};
  const auto columns = shown(report);
  for (const Objective* o : columns) titles.emplace_back(o->title);
  titles.push_back(fmt::format("cycles to\n{}", report.rows.front().name));
  titles.emplace_back("remark");
  const std::size_t last = titles.size() - 1;
  TextTable table(std::move(titles));
  table.left_from(last);
  const auto cycles = static_cast<double>(report.rows.front().figures.cycles);
  const auto add = [&](const std::string& name, const LayoutFigures& figures,
                       const std::string& note) {
    std::vector<std::string> cells = {name};
    for (const Objective* o : columns) cells.push_back(cell(*o, figures));
    cells.push_back(
        fmt::format("{:+.2f} %", 100 * (static_cast<double>(figures.cycles) / cycles - 1)));
    cells.push_back(note);
    table.add(std::move(cells));
  };
  add("without sharing", report.without_sharing, "");
  const LayoutRow& first = report.rows.front();
  add(first.name, first.figures, remark(first));
  table.rule();
  for (const std::size_t i : front_rows(report))
    add(report.rows[i].name, report.rows[i].figures, remark(report.rows[i]));
  return fmt::format(
      "{} on {} of {}: {} simulated, from {}, {} of them distinct and within "
      "{:g} % of the best peak\n{}above the line: for comparison; below it: the Pareto front\n"
      "validated: {}, for every layout of the front\n",
      report.network, counted(report.cores, "core"), report.machine,
      counted(report.rows.size(), "layout"), counted(report.plans, "plan"), report.within_slack,
      100 * report.slack, table.str(), validation_text(report.validation));
}

std::string layout_csv(const LayoutReport& report) {
  std::vector<SimulatedLayoutRow> rows = {
      {"without sharing", report.without_sharing, report.cache, false, false}};
  for (const LayoutRow& row : report.rows)
    rows.push_back({row.name, row.figures, report.cache, row.front, row.chosen});
  return table_csv(make_table(layout_columns(), rows));
}

}  // namespace unna
