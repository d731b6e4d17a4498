// Layers: a table with bars that can be sorted, the sizes of the buffers, and the slowest layers.

// How evenly a layer is shared: by MACs, or, where it has none, by what compute engines did.
function coresTip({shares_of_cores: shares, macs, compute_busy}) {
  const [at, all, what] = macs > 0 ? [1, macs, "MACs"] : [2, compute_busy, "compute busy"];
  const parts = shares.map((share) => `core ${share[0]} ${percent(share[at] / Math.max(all, 1))}`);
  return `${what}: ${parts.join(", ")}\nsimulate --dump partition says along which dimensions`;
}

// What a layer's bytes are, by the engines that move them.
function dramTip({moved, dram, cycles}) {
  const [neurons, synapses, stored] = moved;
  return `${readableBytes(neurons)} of neurons and ${readableBytes(synapses)} of synapses loaded, ${
      readableBytes(stored)} stored: ${significant(dram / Math.max(cycles, 1))} B a run cycle`;
}

const energyText = (nj) => readable({value: nj, unit: "nJ"});
const LAYER_COLUMNS = [
  {name: "name", title: "layer", text: (v) => v},
  {name: "kind", title: "kind", text: (v) => v},
  {
    name: "cores",
    title: "cores",
    tip: "How many cores execute instructions of it; hovering a row's tells how evenly.",
    text: String,
    tipOf: coresTip
  },
  {
    name: "start",
    title: "first load",
    unit: "run cycle",
    tip: "The cycle in which its first instruction starts, often while the layer before computes.",
    text: grouped
  },
  {
    name: "cycles",
    title: "time",
    unit: "run cycles",
    tip: "Cycles of the run in which cores compute it, shared with the layers of other cores, or " +
        "in which none computes and it is next. They add up to the run's cycles.",
    text: grouped
  },
  {
    name: "limit",
    title: "limited by",
    unit: "of the run cycles",
    tip: LIMIT_TIP,
    words: true,
    order: (l) => `${l.limit} ${l.shares[0].toFixed(6)}`,
    cell: (l) => unbroken(limitText(l))
  },
  {
    name: "causes",
    title: "busy and idle",
    unit: "of core-cycles",
    tip: "What the compute engines did for it: executed its instructions, or was idle " +
        "before one of them, by cause; of cores that execute nothing of it, nothing. Sorted by " +
        "the busy share.",
    order: (l) => l.compute_busy / Math.max(l.compute_busy + l.stalls, 1),
    cell: (l) => stackedBar(l.compute_busy, l.idle)
  },
  {
    name: "compute_busy",
    title: "compute busy",
    unit: "core-cycles",
    tip: "Cycles of the compute engines, summed over the cores, that execute its instructions.",
    text: grouped
  },
  {
    name: "stalls",
    title: "compute idle",
    unit: "core-cycles",
    tip: "Cycles of the compute engines, summed over the cores, that are idle before its first " +
        "instruction, since the layer before, or between its instructions.",
    text: grouped
  },
  {
    name: "utilisation",
    title: "utilisation",
    unit: "run cycles",
    tip: "MACs over those that the multipliers of all cores could do in its run cycles.",
    text: percent
  },
  {name: "macs", title: "MACs", text: grouped},
  {
    name: "dram",
    title: "DRAM",
    tip: "Bytes of its loads and stores; hovering a row's tells of which.",
    text: readableBytes,
    tipOf: dramTip
  },
  {
    name: "rate",
    title: "DRAM rate",
    unit: "B a cycle",
    tip: "Its bytes over its run cycles; some came ahead, in the cycles of the layer before.",
    text: (v) => significant(v)
  },
  {
    name: "energy_nj",
    title: "energy",
    unit: "no static",
    tip: "Of its instructions and bytes. Static energy is spent by time and is of no layer: it " +
        "has a row at the foot.",
    text: energyText
  },
];
const LAYER_BARS =
    ["cycles", "compute_busy", "stalls", "utilisation", "macs", "dram", "rate", "energy_nj"];

// What is of no layer, so that each column adds up to the run's.
function layerFoot(run) {
  const sum = (name) => run.layerSums.reduce((total, l) => total + l[name], 0);
  const core = run.summary.machine.core;
  const slots = core.pes.value * core.multipliers.value;
  const all = run.cycles * run.cores;
  const idle = all - sum("compute_busy");
  const {energy} = run.summary;
  return [
    {
      name: "of no layer",
      stalls: grouped(idle - sum("stalls")),
      energy_nj: `${readable(energy.parts.static)} static`
    },
    {
      name: "the run",
      cores: String(run.cores),
      cycles: grouped(sum("cycles")),
      causes: `${grouped(all)} in all`,
      compute_busy: grouped(sum("compute_busy")),
      stalls: grouped(idle),
      utilisation: percent(sum("macs") / (all * slots)),
      macs: grouped(sum("macs")),
      dram: readableBytes(sum("dram")),
      rate: significant(sum("dram") / Math.max(run.cycles, 1)),
      energy_nj: readable(energy.total)
    }
  ];
}

function layersView(run, root) {
  const table = new SortableTable({
    id: "layer-table",
    columns: LAYER_COLUMNS,
    rows: run.layerSums.filter((l) => l.cores > 0),
    bars: LAYER_BARS,
    key: (l) => l.name,
    chosen: (l) => selection.layer === l.index,
    choose: (l) => selectLayer(l.index),
    sort: {by: "start", down: false},
    foot: layerFoot(run)
  });
  const sizes = Array.from(run.live.ids, (id) => run.size[id]);
  const slow = element("div");
  const top = 1.04 * run.summary.memory.peak.value;
  const map =
      runMap(run, {axis: "cycle", by: "slowness", top, title: "slowest layers", height: 300});
  slow.append(map.chart.canvas);
  root.append(
      element(
          "p", {class: "note"},
          "Click a column to sort, a row to select the layer in every view; hover a head or a " +
              "bar for what it says. Run cycles are of the run and add up to it; core-cycles " +
              "are of compute engines, summed over the cores. What is loaded ahead is in the " +
              "time of the layer before."),
      causeLegend(true), table.node,
      element(
          "div", {class: "columns"},
          element(
              "section", {}, element("h2", {}, "Sizes of the intermediates"),
              histogram(sizes, "buffers by size, in powers of two")),
          element(
              "section", {}, element("h2", {}, "Slowest layers on the memory map"),
              element(
                  "p", {class: "note"},
                  "Brighter: written by a layer that takes longer (viridis, dark purple " +
                      "to yellow)."),
              slow)));
  return {
    update: () => {
      table.draw();
      map.chart.redraw();
    }
  };
}
