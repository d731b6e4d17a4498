// Overview: the figures of summary.json, each with what it says of the run.

const LIMIT_TEXT = {
  compute:
      "The multipliers are the narrowest part: engines that compute are busy most of the time.",
  bandwidth: "DRAM is busy most of the time while compute engines wait for data, or nearly always.",
  latency: "Compute engines wait for data although DRAM is idle more than half of the time.",
  synchronisation: "Cores wait for one another more than they compute or wait for data.",
};

const LOSS_TEXT = {
  macs: "useful MACs",
  loss_stalls: "engine idle",
  loss_channels: "PEs without a channel",
  loss_inputs: "beyond a sum's end",
  loss_imbalance: "imbalance of sparsity",
  loss_output_stage: "output stage",
  loss_ports: "buffer ports",
  loss_startup: "start-up and drain",
  loss_other_ops: "other operators"
};

const ENERGY_TEXT = {
  pes: "PEs",
  indexing: "indexing",
  nbin: "NBin",
  sb: "SB",
  nbout: "NBout",
  control: "control",
  dram: "DRAM",
  interconnect: "interconnect",
  cache: "shared cache",
  static: "static, by time"
};

// The name and the count of what takes most multiplier cycles besides useful MACs.
function largestLoss(slots) {
  const losses = Object.entries(slots).filter(([key]) => key.startsWith("loss_"));
  return losses.sort((a, b) => b[1].value - a[1].value)[0];
}

// Of a run that stands for a network of more equal blocks than it has.
function wholeCard(run) {
  const whole = run.summary.whole_network;
  if (!whole) return [];
  const rows = whole.equal_blocks.map(
      ({blocks, simulated}) => `${simulated.value} of ${blocks.value} equal blocks`);
  return [[
    "whole network", `${grouped(whole.cycles.value)} cycles`,
    `${readable(whole.latency)}, ${readable(whole.energy)}. This page shows ${
        rows.join(", ")}; the others count as the middle one.`
  ]];
}

function limitCard(run) {
  const [first, ...rest] = cyclesByLimit(run);
  if (!first) return ["cycles by limit", "none", "No layer executes anything."];
  const text = ({limit, layers, cycles}) =>
      `${limit} ${percent(cycles / run.cycles)} (${layers} ${layers === 1 ? "layer" : "layers"})`;
  return [
    "cycles by limit", `${first.limit} ${percent(first.cycles / run.cycles)}`,
    `Of the run's cycles by what limits their layer: ${[first, ...rest].map(text).join(", ")}.`
  ];
}

// Of the run that is simulated with single bursts, as its buffers lie without sharing.
function burstCard(run) {
  if (!run.summary.bursts)
    return [
      "DRAM bursts", "not counted",
      `dram.model is ${run.summary.machine.dram.model}, which counts no row hits and conflicts: ` +
          "banked, which simulates single bursts, does."
    ];
  const {without_sharing: own, shared} = run.summary.bursts;
  const found = own.row_hits.value + own.row_misses.value + own.row_conflicts.value;
  const planned = shared ? ` With the plan's layout ${percent(shared.row_hit_rate.value)} hits in ${
                               grouped(shared.cycles.value)} cycles.` :
                           "";
  return [
    "DRAM bursts", `${percent(own.row_hit_rate.value)} row hits`,
    `${grouped(own.reads.value)} bursts read and ${grouped(own.writes.value)} written, of ${
        readable(own.burst_bytes)}; ${grouped(own.row_conflicts.value)} row conflicts (${
        percent(own.row_conflicts.value / Math.max(found, 1))}). Fairness among cores ${
        own.interconnect.fairness.value.toFixed(3)} of 1.${planned}`
  ];
}

function footprintCard(run) {
  const {memory} = run.summary;
  const gap = memory.peak.value - memory.lower_bound.value;
  const least = gap === 0 ?
      `Equal to the lower bound: no layout of this program's ${run.stored} is smaller.` :
      `${readableBytes(gap)} above the lower bound of its ${run.stored}, ${
          readableBytes(memory.lower_bound.value)}.`;
  return [
    "footprint", readableBytes(memory.peak.value),
    `${least} In this run at most ${
        readableBytes(mostLive(run))} are live at once. Without sharing ${
        readableBytes(memory.without_sharing.value)}.`
  ];
}

function figureCards(run) {
  const {performance: p, roofline, memory, energy, multiplier_slots: slots, validation} =
      run.summary;
  const [loss, lost] = largestLoss(slots);
  const [part, most] = Object.entries(energy.parts).sort((a, b) => b[1].value - a[1].value)[0];
  const moved = p.dram_read.value + p.dram_written.value;
  const bound =
      roofline.compute_cycles.value >= roofline.bandwidth_cycles.value ? "compute" : "bandwidth";
  return [
    ...wholeCard(run),
    ["limit", p.limit, LIMIT_TEXT[p.limit]],
    limitCard(run),
    [
      "cycles", grouped(p.cycles.value),
      `${readable(p.latency)}. The ${bound} bound of ${
          grouped(roofline.bound.value)} cycles, which no run is faster than, is ${
          percent(roofline.share.value)} of them.`
    ],
    [
      "utilisation", percent(p.utilisation.value),
      `Of all multiplier cycles. The largest loss: ${LOSS_TEXT[loss] || loss}, ${
          percent(lost.value / slots.total.value)}.`
    ],
    [
      "compute engines", percent(p.compute_share.value),
      `They compute; they wait for data ${percent(p.waiting_share.value)} and for other cores ${
          percent(p.awaiting_share.value)} of the time.`
    ],
    [
      "rate", `${significant(p.gops.value, 4)} GOP/s`,
      `Of ${significant(p.peak_gops.value, 4)} GOP/s at full use.`
    ],
    [
      "DRAM", readableBytes(moved),
      `${readableBytes(p.dram_read.value)} read, ${readableBytes(p.dram_written.value)} written; ${
          (moved / roofline.compulsory_bytes.value).toFixed(1)} times the compulsory ${
          readableBytes(roofline.compulsory_bytes.value)}, ${
          percent(p.bandwidth_utilisation.value)} of the peak bandwidth.`
    ],
    burstCard(run),
    footprintCard(run),
    [
      "energy", readable(energy.total),
      `${significant(energy.power.value)} W, ${
          significant(energy.gops_per_watt.value)} GOP/s/W. The largest part: ${
          ENERGY_TEXT[part] || part}, ${percent(most.value / energy.total.value)}.`
    ],
    [
      "validated", validation.shadow_replay && validation.checker ? "yes" : "no",
      `Checker ${validation.checker ? "passed" : "not run"}, replays under random delays: ${
          validation.perturbed_replays.value}; ${memory.buffers.value} buffers planned by ${
          memory.planner}.`
    ],
  ];
}

function lossParts(run) {
  const slots = run.summary.multiplier_slots;
  return Object.entries(slots).filter(([key]) => key !== "total").map(([key, figure]) => ({
                                                                        name: LOSS_TEXT[key] || key,
                                                                        value: figure.value,
                                                                        colour: key === "macs" ?
                                                                            "var(--busy)" :
                                                                            OKABE_ITO[5]
                                                                      }));
}

function stallParts(run) {
  return Object.entries(engineSums(run.summary)).map(([cause, value]) => ({
                                                       name: CAUSE_TEXT[cause] || "computes",
                                                       value,
                                                       colour: cause === "busy" ?
                                                           "var(--busy)" :
                                                           CAUSE_COLOUR[cause]
                                                     }));
}

// Sums over the cores of what their compute engines did: `busy` and the causes.
function engineSums(summary) {
  const sums = {busy: 0, ...Object.fromEntries(CAUSES.map((cause) => [cause, 0]))};
  for (const core of summary.cores) {
    sums.busy += core.engines.cp.busy.value;
    for (const cause of CAUSES) sums[cause] += core.engines.cp["stall_" + cause].value;
  }
  return sums;
}

function sectionOf(title, note, ...children) {
  return element(
      "section", {}, element("h2", {}, title), element("p", {class: "note"}, note), ...children);
}

function overviewView(run, root) {
  const roofline = element("div");
  const parts = Object.entries(run.summary.energy.parts).map(([name, f]) => ({
                                                               name: ENERGY_TEXT[name] || name,
                                                               value: f.value,
                                                               colour: OKABE_ITO[0],
                                                               text: readable(f)
                                                             }));
  const stalls = stallParts(run);
  root.append(
      element(
          "div", {class: "cards"},
          ...figureCards(run).map(
              ([name, value, why]) => element(
                  "div", {class: "card", "data-figure": name},
                  element("div", {class: "name"}, name), element("div", {class: "value"}, value),
                  element("div", {class: "why"}, why)))),
      machineSection(run),
      element(
          "div", {class: "columns"},
          sectionOf(
              "Roofline",
              "A point a layer, larger where it takes longer, over all cores; the line is " +
                  "what multipliers and DRAM allow. Layers whose bytes came ahead of their " +
                  "time may lie above the slope.",
              roofline, element("p", {class: "note", id: "pointless"}, pointlessText(run))),
          element(
              "div", {},
              sectionOf(
                  "Where the multiplier cycles went",
                  "Of all multipliers of all cores, from the first to the last cycle.",
                  shareBars(lossParts(run), run.summary.multiplier_slots.total.value)),
              sectionOf(
                  "What compute engines did", "Of the cycles of all compute engines.",
                  shareBars(stalls, stalls.reduce((n, p) => n + p.value, 0)))),
          sectionOf(
              "Where the energy went",
              `Of ${readable(run.summary.energy.total)} for one inference.`,
              shareBars(parts, run.summary.energy.total.value))));
  const update = () => keepFocus(roofline, () => roofline.replaceChildren(rooflineChart(run)));
  update();
  return {update};
}
