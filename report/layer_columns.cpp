// layers.csv: a row each layer and core that executed instructions of it.

#include <numeric>

#include "report/run_report.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr double kNjOfPj = 1e-3;

template <auto Member>
Cell layer_stat(const LayerRow& r) {
  return whole(r.stats.*Member);
}
template <Stall Cause>
Cell layer_stall(const LayerRow& r) {
  return whole(r.stats.compute_stall[static_cast<std::size_t>(Cause)]);
}
template <auto Member>
Cell layer_loss(const LayerRow& r) {
  return whole(r.work.slots.*Member);
}
template <Part P>
Cell layer_part(const LayerRow& r) {
  return r.energy_pj[P] * kNjOfPj;
}

/// What the core's compute engine took for it; prefetches are in the time of the layer before.
Cycle layer_cycles(const LayerRow& r) {
  return std::accumulate(r.stats.compute_stall.begin(), r.stats.compute_stall.end(),
                         r.stats.compute_busy);
}

constexpr Column<LayerRow> kLayerTable[] = {
    {"layer", "", "its name", [](const LayerRow& r) { return name_cell(r.layer.name); }},
    {"kind", "", "what it computes", [](const LayerRow& r) { return name_cell(r.layer.kind); }},
    {"core", "", "number of the core", [](const LayerRow& r) { return whole(r.core); }},
    {"instructions", "instructions", "of all four engines", layer_stat<&LayerStats::instructions>},
    {"start_cycle", "cycles", "`start` as above", layer_stat<&LayerStats::start>},
    {"end_cycle", "cycles", "`end` as above", layer_stat<&LayerStats::end>},
    {"cycles", "cycles", "the core's compute engine's: `compute_busy` and the stalls",
     [](const LayerRow& r) { return whole(layer_cycles(r)); }},
    {"compute_busy", "cycles", "compute engine executing instructions of the layer",
     layer_stat<&LayerStats::compute_busy>},
    {"utilisation", "ratio", "`macs` / (`cycles` x PEs x multipliers)",
     [](const LayerRow& r) -> Cell {
       return share(r.stats.macs, layer_cycles(r) * r.multipliers);
     }},
    {"stall_dispatch", "cycles",
     "compute engine idle before an instruction of the layer, by cause (\"Of an engine\"): no "
     "instruction was handed on yet",
     layer_stall<Stall::dispatch>},
    {"stall_token_ln", "cycles", "a token of the load-neuron engine was missing",
     layer_stall<Stall::token_ln>},
    {"stall_token_ls", "cycles", "a token of the load-synapse engine was missing",
     layer_stall<Stall::token_ls>},
    {"stall_token_cp", "cycles", "a token of the compute engine was missing",
     layer_stall<Stall::token_cp>},
    {"stall_token_st", "cycles", "a token of the store engine was missing",
     layer_stall<Stall::token_st>},
    {"stall_drain", "cycles",
     "the next instruction was a barrier or halt, and other engines of the core were not done",
     layer_stall<Stall::drain>},
    {"stall_sync", "cycles", "the core had arrived at a barrier or was in a `wait`",
     layer_stall<Stall::sync>},
    {"stall_done", "cycles", "nothing was left for the engine", layer_stall<Stall::done>},
    {"macs", "MACs", "executed", layer_stat<&LayerStats::macs>},
    {"dense_macs", "MACs", "the same with those of pruned synapses that were skipped",
     layer_stat<&LayerStats::dense_macs>},
    {"density", "ratio", "`macs` / `dense_macs`; empty where there are none",
     [](const LayerRow& r) -> Cell {
       if (r.stats.dense_macs == 0) return {};
       return share(r.stats.macs, r.stats.dense_macs);
     }},
    {"dram_read", "bytes", "moved by `load.n` and `load.s`", layer_stat<&LayerStats::dram_read>},
    {"dram_written", "bytes", "moved by `store`", layer_stat<&LayerStats::dram_written>},
    {"loss_channels", "slots", "PEs without an output channel (\"Multiplier slots\")",
     layer_loss<&SlotUse::channels>},
    {"loss_inputs", "slots", "multipliers of a PE beyond the end of a sum",
     layer_loss<&SlotUse::inputs>},
    {"loss_imbalance", "slots", "PEs that wait for the one of their group with the most synapses",
     layer_loss<&SlotUse::imbalance>},
    {"loss_output_stage", "slots", "the stage behind the adder tree takes longer",
     layer_loss<&SlotUse::output_stage>},
    {"loss_ports", "slots", "a port of NBin, SB or NBout takes longer",
     layer_loss<&SlotUse::ports>},
    {"loss_startup", "slots", "start-up and drain", layer_loss<&SlotUse::startup>},
    {"loss_other_ops", "slots", "instructions without MACs", layer_loss<&SlotUse::other_ops>},
    {"energy_nj", "nJ", "the sum of the parts that follow (\"Energy\")",
     [](const LayerRow& r) -> Cell { return r.energy_pj.total() * kNjOfPj; }},
    {"energy_pes_nj", "nJ", "part `pes`", layer_part<Part::pes>},
    {"energy_indexing_nj", "nJ", "part `indexing`", layer_part<Part::indexing>},
    {"energy_nbin_nj", "nJ", "part `nbin`", layer_part<Part::nbin>},
    {"energy_sb_nj", "nJ", "part `sb`", layer_part<Part::sb>},
    {"energy_nbout_nj", "nJ", "part `nbout`", layer_part<Part::nbout>},
    {"energy_control_nj", "nJ", "part `control`", layer_part<Part::control>},
    {"energy_dram_nj", "nJ", "part `dram`", layer_part<Part::dram>},
    {"energy_interconnect_nj", "nJ", "part `interconnect`", layer_part<Part::interconnect>},
    {"energy_cache_nj", "nJ", "part `cache`", layer_part<Part::cache>},
    {"run_cycles", "cycles", "the run's: \"The time of a layer\"",
     [](const LayerRow& r) -> Cell { return r.run_cycles; }},
    {"limit", "", "what limits the layer, the same on all cores (\"What limits a run\")",
     [](const LayerRow& r) { return name_cell(r.limit); }},
};

}  // namespace

Columns<LayerRow> layer_columns() {
  return kLayerTable;
}

std::string layers_csv(const Object& object, const RunReport& report) {
  const CoreConfig& core = report.machine.core;
  std::vector<LayerRow> rows;
  for (std::size_t layer = 0; layer < object.layers.size(); ++layer)
    for (std::size_t c = 0; c < report.result.cores.size(); ++c) {
      const LayerStats& stats = report.result.cores[c].layers[layer];
      if (stats.instructions == 0) continue;
      const LayerWork& work = report.work.cores[c][layer];
      rows.push_back({object.layers[layer], c, stats, report.layer_times[layer].by_core[c],
                      limit_name(report, layer), work, energy(report, work.activity),
                      core.pes * core.multipliers});
    }
  return table_csv(make_table(layer_columns(), rows));
}

}  // namespace unna
