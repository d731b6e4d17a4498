// The roofline: what multipliers and DRAM allow, and where the layers are.

function roofOf(run) {
  const m = run.summary.machine;
  const peak = m.cores.value * m.core.pes.value * m.core.multipliers.value;
  const bandwidth = peakBytes(run);
  return {peak, bandwidth, ridge: peak / bandwidth};
}

// What DRAM can move in a cycle of the cores.
function peakBytes(run) {
  const {performance, machine} = run.summary;
  return performance.peak_bandwidth.value * 1000 / machine.clock_mhz.value;
}

const hasPoint = (l) => l.macs > 0 && l.dram > 0 && l.cycles > 0;

function rooflinePoint(l, {peak, bandwidth}, widest) {
  const [bytes, rate] = [l.macs / l.dram, l.macs / l.cycles];
  return {
    x: bytes,
    y: rate,
    key: l.name,
    colour: layerColour(l.index),
    r: 3 + 9 * Math.sqrt(l.cycles / widest),
    chosen: selection.layer === l.index,
    tip: `${l.name} (${l.kind})\n${significant(bytes)} MACs a byte, ${significant(rate)} MACs a ` +
        `cycle, ${percent(rate / Math.min(peak, bytes * bandwidth))} of its roof\n${
             readableCycles(l.cycles)}, limited by ${limitText(l)}`,
    click: () => selectLayer(l.index)
  };
}

function rooflineChart(run) {
  const roof = roofOf(run);
  const {peak, bandwidth, ridge} = roof;
  const layers = run.layerSums.filter(hasPoint);
  if (layers.length === 0) return element("p", {class: "note"}, "No layer multiplies.");
  const low = Math.min(ridge / 4, ...layers.map((l) => l.macs / l.dram));
  const high = Math.max(ridge * 4, ...layers.map((l) => l.macs / l.dram));
  const least = Math.min(low * bandwidth, ...layers.map((l) => l.macs / l.cycles));
  const widest = Math.max(...layers.map((l) => l.cycles));
  return scatter({
    log: true,
    label: "roofline",
    x: "MACs for each byte of DRAM",
    y: "MACs a cycle",
    lines: [
      {
        points: [{x: low, y: low * bandwidth}, {x: ridge, y: peak}, {x: high, y: peak}],
        name:
            `${grouped(peak)} MACs a cycle, left of the ridge ${significant(bandwidth)} B a cycle`,
        nameAt: 2,
        anchor: "end",
        shift: [0, -15]
      },
      {
        points: [{x: ridge, y: least}, {x: ridge, y: peak}],
        name: `ridge: ${significant(ridge)} MACs a byte`,
        nameAt: 0,
        anchor: "start",
        shift: [6, 0],
        dashed: true
      }
    ],
    points: layers.map((l) => rooflinePoint(l, roof, widest)).sort((a, b) => b.r - a.r)
  });
}

// Layers without a point are not without cost.
function pointlessText(run) {
  const without = run.layerSums.filter((l) => l.cores > 0 && !hasPoint(l));
  if (without.length === 0) return "Every layer has a point.";
  const most = [...without].sort((a, b) => b.cycles - a.cycles);
  const share = (cycles) => percent(cycles / run.cycles);
  return `${without.length} of ${run.layerSums.filter((l) => l.cores > 0).length} layers have no ` +
      `point, as they have no MACs or move no bytes; they take ${
             share(without.reduce((sum, l) => sum + l.cycles, 0))} of the cycles, most of all ${
             most.slice(0, 3).map((l) => `${l.name} (${l.kind}) ${share(l.cycles)}`).join(", ")}.`;
}
