// What two runs are compared by: figures with readable names, and how much they differ.

// [name, figure of a summary]; a figure that a run does not have is undefined.
const COMPARED = [
  ["cycles", (s) => s.performance.cycles],
  ["latency", (s) => s.performance.latency],
  ["utilisation of the multipliers", (s) => s.performance.utilisation],
  ["compute engines: busy", (s) => s.performance.compute_share],
  ["compute engines: wait for data", (s) => s.performance.waiting_share],
  ["compute engines: wait for other cores", (s) => s.performance.awaiting_share],
  ["rate", (s) => s.performance.gops],
  ["DRAM read", (s) => s.performance.dram_read],
  ["DRAM written", (s) => s.performance.dram_written],
  ["DRAM utilisation", (s) => s.performance.bandwidth_utilisation],
  ["DRAM row hits", (s) => s.bursts && s.bursts.without_sharing.row_hit_rate],
  ["footprint", (s) => s.memory.peak],
  ["footprint, lower bound", (s) => s.memory.lower_bound],
  ["footprint without sharing", (s) => s.memory.without_sharing],
  ["energy", (s) => s.energy.total],
];

// Those, the idle core-cycles of compute engines by cause, and the parts of the energy.
function comparedFigures() {
  const idle = CAUSES.map(
      (cause) =>
          [`compute idle: ${CAUSE_TEXT[cause]}`,
           (s) => ({value: engineSums(s)[cause], unit: "core-cycles"})]);
  const energy =
      Object.entries(ENERGY_TEXT).map(([part,
                                        text]) => [`energy: ${text}`, (s) => s.energy.parts[part]]);
  return [...COMPARED, ...idle, ...energy];
}

// Of shares in points: a percentage of a percentage says nothing.
function change(a, b) {
  if (!a || !b) return "-";
  const sign = b.value > a.value ? "+" : "";
  if (a.value === b.value) return "same";
  if (a.unit === "ratio") return `${sign}${(100 * (b.value - a.value)).toFixed(1)} points`;
  return a.value === 0 ? "new" : `${sign}${(100 * (b.value - a.value) / a.value).toFixed(1)} %`;
}

function ratioText(ratio) { return ratio === null ? "-" : ratio.toFixed(3); }

function figuresTable(a, b) {
  const cells = ([name, figure]) => {
    const [x, y] = [figure(a.summary), figure(b.summary)];
    if (!x && !y) return null;
    const text = (f) => f ? readable(f) : "-";
    const ratio = x && y && x.unit !== "ratio" && x.value !== 0 ? y.value / x.value : null;
    return [name, text(x), text(y), change(x, y), ratioText(ratio)];
  };
  return element(
      "table", {id: "compare-figures", class: "plain"},
      element(
          "thead", {},
          element(
              "tr", {},
              ...["figure", a.path, b.path, "change", "second / first"].map(
                  (t) => element("th", {}, t)))),
      element(
          "tbody", {},
          ...comparedFigures()
              .map(cells)
              .filter((row) => row)
              .map((row) => element("tr", {}, ...row.map((t) => element("td", {}, t))))));
}

function byName(a, b, value) {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names.map((name) => {
    const [inA, inB] = [a.has(name), b.has(name)];
    const [x, y] = [inA ? value(a.get(name)) : 0, inB ? value(b.get(name)) : 0];
    return {
      name,
      a: x,
      b: y,
      inA,
      inB,
      difference: y - x,
      ratio: inA && inB && x > 0 ? y / x : null
    };
  });
}

// The largest difference first, whichever its sign.
function compareTable(id, rows, text, what, chosen, choose, shown) {
  const signed = (v) => (v > 0 ? "+" : "") + (v < 0 ? "-" : "") + text(Math.abs(v));
  return new SortableTable({
    id,
    rows,
    bars: ["difference"],
    key: (r) => r.name,
    chosen,
    choose,
    shown,
    sort: {by: "difference", down: true},
    columns: [
      {name: "name", title: what, text: (v) => v},
      {name: "a", title: "first run", text: (v, r) => r.inA ? text(v) : "-"},
      {name: "b", title: "second run", text: (v, r) => r.inB ? text(v) : "-"},
      {name: "difference", title: "difference", order: (r) => Math.abs(r.difference), text: signed},
      {name: "ratio", title: "second / first", order: (r) => r.ratio ?? -1, text: ratioText}
    ]
  });
}
