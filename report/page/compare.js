// Compare: two runs side by side, their figures, layers and buffers by name, and maps in one scale.

const COMPARED = [
  ["performance", "cycles"], ["performance", "utilisation"], ["performance", "dram_read"],
  ["performance", "dram_written"], ["energy", "total"], ["memory", "peak"],
  ["memory", "lower_bound"], ["memory", "without_sharing"]
];

function change(a, b) {
  if (a === b) return "same";
  return a === 0 ? "new" : `${b > a ? "+" : ""}${(100 * (b - a) / a).toFixed(1)} %`;
}

function byName(a, b, value) {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names
      .map((name) => ({
             name,
             a: a.has(name) ? value(a.get(name)) : 0,
             b: b.has(name) ? value(b.get(name)) : 0,
             inA: a.has(name),
             inB: b.has(name)
           }))
      .map((row) => ({...row, difference: row.b - row.a}));
}

function compareTable(id, rows, text, what, choose) {
  return sortableTable({
           id,
           rows,
           bars: ["difference"],
           key: (r) => r.name,
           chosen: () => false,
           choose,
           sort: {by: "difference", down: true},
           columns: [
             ["name", what, (v) => v], ["a", "first run", (v, r) => r.inA ? text(v) : "-"],
             ["b", "second run", (v, r) => r.inB ? text(v) : "-"],
             [
               "difference", "difference",
               (v) => (v > 0 ? "+" : "") + (v < 0 ? "-" : "") + text(Math.abs(v))
             ]
           ]
         })
      .node;
}

function compareView(root) {
  const runs = state.runs;
  const settings = {a: 0, b: 1, axis: "cycle"};
  const pick = (name) => element(
      "select", {
        id: `compare-${name}`,
        onchange: (event) => {
          settings[name] = Number(event.target.value);
          build();
        }
      },
      ...runs.map(
          (run, i) => element("option", {value: i, selected: settings[name] === i}, run.path)));
  const place = element("div");
  root.append(
      element(
          "div", {class: "tools"}, element("label", {}, "First run ", pick("a")),
          element("label", {}, "Second run ", pick("b"))),
      place);
  function build() {
    const [a, b] = [runs[settings.a], runs[settings.b]];
    const figures = element(
        "table", {id: "compare-figures"},
        element(
            "thead", {},
            element(
                "tr", {},
                ...["figure", a.path, b.path, "change"].map((t) => element("th", {}, t)))),
        element("tbody", {}, ...COMPARED.map(([group, name]) => {
          const [x, y] = [a.summary[group][name], b.summary[group][name]];
          return element(
              "tr", {}, element("td", {}, `${group}.${name}`), element("td", {}, readable(x)),
              element("td", {}, readable(y)), element("td", {}, change(x.value, y.value)));
        })));
    const top = 1.04 * Math.max(a.summary.memory.peak.value, b.summary.memory.peak.value);
    const until = Math.max(a.cycles, b.cycles);
    const maps = [a, b].map((run) => {
      const map = runMap(
          run, {axis: "cycle", by: "tensor", top, title: `memory map of ${run.path}`, height: 300});
      Object.assign(map.chart, {until, range: [0, until]});
      map.choose = () => {};
      map.chart.interval = undefined;
      map.isChosen = () => false;
      return map;
    });
    // Both show the same cycles.
    maps[0].chart.ranged = (range) => {
      maps[1].chart.range = [...range];
      maps[1].chart.redraw();
    };
    maps[1].chart.ranged = (range) => {
      maps[0].chart.range = [...range];
      maps[0].chart.redraw();
    };
    const layers = byName(
        new Map(a.layerSums.map((l) => [l.name, l])), new Map(b.layerSums.map((l) => [l.name, l])),
        (l) => l.cycles);
    const buffersOf = (run) =>
        new Map(Array.from(run.live.ids, (id) => [run.buffers[id], run.size[id]]));
    const buffers = byName(buffersOf(a), buffersOf(b), (size) => size);
    const moved = buffers.filter((r) => r.inA !== r.inB || r.a !== r.b);
    place.replaceChildren(
        figures, element("h2", {}, "Maps in one scale"), element("p", {class: "note"}, a.path),
        maps[0].chart.canvas, element("p", {class: "note"}, b.path), maps[1].chart.canvas,
        element(
            "div", {class: "columns"},
            element(
                "section", {}, element("h2", {}, "Layers, cycles"),
                compareTable(
                    "compare-layers", layers, grouped, "layer",
                    (r) => {
                      const index = state.run.layers.indexOf(r.name);
                      if (index >= 0) selectLayer(index);
                    })),
            element(
                "section", {}, element("h2", {}, "Buffers that differ"),
                element(
                    "p", {class: "note"},
                    `${
                        buffers.length -
                        moved.length} buffers have the same name and size in both; ${
                        moved.length} do not.`),
                compareTable(
                    "compare-buffers", moved.slice(0, 2000), readableBytes, "buffer", () => {}))));
  }
  build();
  return {update: () => {}};
}
