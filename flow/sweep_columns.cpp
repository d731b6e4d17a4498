#include "flow/sweep_columns.h"

#include <algorithm>
#include <utility>

#include "report/limit.h"
#include "text/units.h"

namespace unna {

namespace {

using R = RunReport;

constexpr double kNj = 1e-3;  ///< of a pJ

template <auto Member>
Cell result(const R& r) {
  return whole(r.result.*Member);
}
template <auto Member>
Cell memory(const R& r) {
  return whole(r.memory.*Member);
}

/// Of the run with the plan's layout; nothing with `dram.model: bandwidth`, where it is the other
/// one.
template <class Get>
Cell of_shared(const R& r, Get get) {
  if (!r.shared) return {};
  return get(*r.shared);
}

constexpr Column<R> kFigures[] = {
    {"cycles", "cycles", "of the run without sharing", result<&SimResult::cycles>},
    {"latency_s", "s", "`cycles` at the machine's clock",
     [](const R& r) -> Cell { return seconds(r); }},
    {"utilisation", "ratio", "`macs` / (`cycles` x cores x PEs x multipliers)",
     [](const R& r) -> Cell { return utilisation(r); }},
    {"roofline_share", "ratio", "`share` of `roofline` in `summary.json`",
     [](const R& r) -> Cell { return roofline_share(r); }},
    {"instructions", "instructions", "completed, barriers and halts included",
     result<&SimResult::instructions>},
    {"macs", "MACs", "executed", result<&SimResult::macs>},
    {"dense_macs", "MACs", "the same with those of pruned synapses that were skipped",
     result<&SimResult::dense_macs>},
    {"dram_read", "bytes", "moved by `load.n` and `load.s`", result<&SimResult::dram_read>},
    {"dram_written", "bytes", "moved by `store`", result<&SimResult::dram_written>},
    {"energy_nj", "nJ", "of one inference, all parts (\"Energy\")",
     [](const R& r) -> Cell { return energy(r).total() * kNj; }},
    {"energy_dram_nj", "nJ", "its part `dram`",
     [](const R& r) -> Cell { return energy(r)[Part::dram] * kNj; }},
    {"gops_per_watt", "GOP/s/W", "operations a second for each watt, as in `summary.json`",
     [](const R& r) -> Cell { return gops_per_watt(r); }},
    {"without_sharing", "bytes", "every intermediate buffer to itself, aligned",
     memory<&MemoryFigures::without_sharing>},
    {"peak", "bytes", "the plan's highest byte", memory<&MemoryFigures::peak>},
    {"lower_bound", "bytes", "no plan of these buffers is smaller",
     memory<&MemoryFigures::lower_bound>},
    {"fragmentation", "bytes", "`peak` - `lower_bound`",
     [](const R& r) { return whole(r.memory.peak - r.memory.lower_bound); }},
    {"reduction", "ratio", "1 - `peak` / `without_sharing`",
     [](const R& r) -> Cell { return reduction(r.memory.without_sharing, r.memory.peak); }},
    {"proved_optimal", "", "the plan is as small as any",
     [](const R& r) -> Cell { return r.memory.proved_optimal; }},
    {"compute_share", "ratio", "of the cycles of all cores' compute engines: executing",
     [](const R& r) -> Cell { return compute_shares(r.result).busy; }},
    {"waiting_share", "ratio", "idle for lack of a token or an instruction",
     [](const R& r) -> Cell { return compute_shares(r.result).waiting; }},
    {"awaiting_share", "ratio", "idle for other cores",
     [](const R& r) -> Cell { return compute_shares(r.result).awaiting; }},
    {"bandwidth_utilisation", "ratio", "bytes moved / (`cycles` x peak bandwidth)",
     [](const R& r) -> Cell { return bandwidth_utilisation(r); }},
    {"row_hit_rate", "ratio",
     "bursts that found their row open, as in `bursts`, without sharing; empty with "
     "`dram.model: bandwidth`",
     [](const R& r) -> Cell {
       if (!r.result.memory) return {};
       return row_hit_rate(r.result.memory->dram);
     }},
    {"fairness", "ratio",
     "how evenly the cores were served, as in `bursts`; empty with `dram.model: bandwidth`",
     [](const R& r) -> Cell {
       if (!r.result.memory) return {};
       return r.result.memory->fairness();
     }},
    {"limit", "", "what limits the run (\"What limits a run\")",
     [](const R& r) { return name_cell(limit_name(r)); }},
    {"shared_cycles", "cycles",
     "of the run with the plan's layout; this column and the next three only with "
     "`dram.model: banked`",
     [](const R& r) { return of_shared(r, [](const SimResult& s) { return whole(s.cycles); }); }},
    {"shared_row_hit_rate", "ratio", "`row_hit_rate` of that run",
     [](const R& r) {
       return of_shared(r, [](const SimResult& s) -> Cell { return row_hit_rate(s.memory->dram); });
     }},
    {"shared_cache_hit_rate", "ratio", "`hit_rate` of the cache in that run; empty without one",
     [](const R& r) {
       return of_shared(r, [](const SimResult& s) -> Cell {
         if (s.memory->cache.total.accesses() == 0) return {};
         return cache_hit_rate(s.memory->cache);
       });
     }},
    {"shared_dram_bytes", "bytes", "bursts on the DRAM's data buses in that run, in bytes",
     [](const R& r) {
       return of_shared(r, [](const SimResult& s) { return whole(s.memory->dram_bytes()); });
     }},
    {"core_area_mm2", "mm2", "of one core, as `core_area` of `energy` in `summary.json`",
     [](const R& r) -> Cell { return core_area(r.machine, r.energy_table).total(); }},
    {"cores_area_mm2", "mm2", "of all cores; without the shared cache and the interconnect",
     [](const R& r) -> Cell {
       return static_cast<double>(r.machine.cores) * core_area(r.machine, r.energy_table).total();
     }},
};

}  // namespace

Columns<RunReport> sweep_figures() {
  return kFigures;
}

std::string_view status_name(WorkEnd end) {
  return kPointStatusNames[static_cast<std::size_t>(end)];
}

PointResult failed_point(WorkEnd end, std::string error) {
  std::replace(error.begin(), error.end(), '\n', ' ');
  return {end, std::move(error), {}};
}

std::vector<std::string> result_columns() {
  std::vector<std::string> names;
  for (const ColumnInfo& column : kSweepOutcomeColumns) names.emplace_back(column.name);
  for (const ColumnInfo& column : infos(sweep_figures())) names.emplace_back(column.name);
  return names;
}

std::vector<std::string> result_cells(const PointResult& result) {
  std::vector<std::string> cells = {std::string(status_name(result.end)), result.error};
  std::vector<Cell> figures = result.figures;
  figures.resize(sweep_figures().size());
  for (std::string& cell : cell_texts(figures)) cells.push_back(std::move(cell));
  return cells;
}

}  // namespace unna
