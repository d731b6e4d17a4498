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

// The name and the count of what takes most multiplier cycles besides useful MACs.
function largestLoss(slots) {
  const losses = Object.entries(slots).filter(([key]) => key.startsWith("loss_"));
  return losses.sort((a, b) => b[1].value - a[1].value)[0];
}

function figureCards(run) {
  const {performance: p, roofline, memory, energy, multiplier_slots: slots, validation} =
      run.summary;
  const [loss, lost] = largestLoss(slots);
  const [part, most] = Object.entries(energy.parts).sort((a, b) => b[1].value - a[1].value)[0];
  const moved = p.dram_read.value + p.dram_written.value;
  const bound =
      roofline.compute_cycles.value >= roofline.bandwidth_cycles.value ? "compute" : "bandwidth";
  const gap = memory.peak.value - memory.lower_bound.value;
  return [
    ["limit", p.limit, LIMIT_TEXT[p.limit]],
    [
      "cycles", grouped(p.cycles.value),
      `${readable(p.latency)}; ${percent(roofline.share.value)} of the ${bound} bound of ${
          grouped(roofline.bound.value)} cycles.`
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
    [
      "footprint", readableBytes(memory.peak.value),
      gap === 0 ?
          `Equal to the lower bound: no layout of this program is smaller. Without sharing ${
              readableBytes(memory.without_sharing.value)}.` :
          `${readableBytes(gap)} above the lower bound of ${
              readableBytes(memory.lower_bound.value)}. Without sharing ${
              readableBytes(memory.without_sharing.value)}.`
    ],
    [
      "energy", readable(energy.total),
      `${significant(energy.power.value)} W, ${
          significant(energy.gops_per_watt.value)} GOP/s/W. The largest part: ${part}, ${
          percent(most.value / energy.total.value)}.`
    ],
    [
      "validated", validation.shadow_replay && validation.checker ? "yes" : "no",
      `Checker ${validation.checker ? "passed" : "not run"}, replays under random delays: ${
          validation.perturbed_replays.value}; ${memory.buffers.value} buffers planned by ${
          memory.planner}.`
    ],
  ];
}

function rooflineChart(run) {
  const m = run.summary.machine;
  const peak = m.cores.value * m.core.pes.value * m.core.multipliers.value;
  const bandwidth = run.summary.performance.peak_bandwidth.value * 1000 / m.clock_mhz.value;
  const ridge = peak / bandwidth;
  const layers = run.layerSums.filter((l) => l.macs > 0 && l.dram > 0 && l.cycles > 0);
  if (layers.length === 0) return element("p", {class: "note"}, "No layer multiplies.");
  const low = Math.min(ridge / 4, ...layers.map((l) => l.macs / l.dram));
  const high = Math.max(ridge * 4, ...layers.map((l) => l.macs / l.dram));
  const widest = Math.max(...layers.map((l) => l.cycles));
  return scatter({
    log: true,
    label: "roofline",
    x: "MACs for each byte of DRAM",
    y: "MACs a cycle",
    lines: [{
      points: [{x: low, y: low * bandwidth}, {x: ridge, y: peak}, {x: high, y: peak}],
      nameAt: 1,
      name: `${grouped(peak)} MACs a cycle, ${significant(bandwidth)} B a cycle`
    }],
    points:
        layers.map((l) => ({
                     x: l.macs / l.dram,
                     y: l.macs / l.cycles,
                     colour: layerColour(l.index),
                     r: 3 + 9 * Math.sqrt(l.cycles / widest),
                     chosen: selection.layer === l.index,
                     tip: `${l.name} (${l.kind})\n${significant(l.macs / l.dram)} MACs a byte, ${
                              significant(l.macs / l.cycles)} MACs a cycle, ` +
                         `${
                              percent(
                                  l.macs / l.cycles /
                                  Math.min(peak, l.macs / l.dram * bandwidth))} of its roof\n${
                              readableCycles(l.cycles)}`,
                     click: () => selectLayer(l.index)
                   }))
  });
}

function lossParts(run) {
  const slots = run.summary.multiplier_slots;
  return Object.entries(slots).filter(([key]) => key !== "total").map(([key, figure]) => ({
                                                                        name: LOSS_TEXT[key] || key,
                                                                        value: figure.value,
                                                                        colour: key === "macs" ?
                                                                            OKABE_ITO[2] :
                                                                            OKABE_ITO[5]
                                                                      }));
}

function stallParts(run) {
  const sums = {};
  for (const core of run.summary.cores) {
    const engine = core.engines.cp;
    sums.busy = (sums.busy || 0) + engine.busy.value;
    for (const cause of CAUSES) sums[cause] = (sums[cause] || 0) + engine["stall_" + cause].value;
  }
  return Object.entries(sums).map(([cause, value]) => ({
                                    name: CAUSE_TEXT[cause] || "computes",
                                    value,
                                    colour: cause === "busy" ? OKABE_ITO[2] : CAUSE_COLOUR[cause]
                                  }));
}

function overviewView(run, root) {
  root.append(element(
      "div", {class: "cards"},
      ...figureCards(run).map(
          ([name, value, why]) => element(
              "div", {class: "card", "data-figure": name}, element("div", {class: "name"}, name),
              element("div", {class: "value"}, value), element("div", {class: "why"}, why)))));
  const roofline = element("div");
  const parts = run.summary.energy.parts;
  const energy = Object.entries(parts).map(
      ([name, f]) => ({name, value: f.value, colour: OKABE_ITO[0], text: readable(f)}));
  const section = (title, note, child) =>
      element("section", {}, element("h2", {}, title), element("p", {class: "note"}, note), child);
  const losses = lossParts(run);
  const stalls = stallParts(run);
  root.append(element(
      "div", {class: "columns"},
      section(
          "Roofline",
          "A point a layer, larger where it takes longer, over all cores; the line is " +
              "what multipliers and DRAM allow. Layers whose bytes came ahead of their " +
              "time may lie above the slope.",
          roofline),
      element(
          "div", {},
          section(
              "Where the multiplier cycles went",
              "Of all multipliers of all cores, from the first to the last cycle.",
              shareBars(losses, run.summary.multiplier_slots.total.value)),
          section(
              "What compute engines did", "Of the cycles of all compute engines.",
              shareBars(stalls, stalls.reduce((n, p) => n + p.value, 0)))),
      section(
          "Where the energy went", `Of ${readable(run.summary.energy.total)} for one inference.`,
          shareBars(energy, run.summary.energy.total.value))));
  const update = () => roofline.replaceChildren(rooflineChart(run));
  update();
  return {update};
}
