// Compare: two runs side by side, their settings, figures, layers and buffers by name, and maps in
// one scale.

// Two maps that show the same cycles.
function mapPair(a, b) {
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
  maps.forEach((map, i) => {
    const other = maps[1 - i].chart;
    map.chart.ranged = (range) => {
      other.range = [...range];
      other.redraw();
    };
  });
  return maps;
}

function layerSection(a, b) {
  const layersOf = (run) => new Map(run.layerSums.map((l) => [l.name, l]));
  const rows = byName(layersOf(a), layersOf(b), (l) => l.cycles);
  const choose = (r) => {
    const index = state.run.layers.indexOf(r.name);
    if (index >= 0) selectLayer(index);
  };
  return element(
      "section", {}, element("h2", {}, "Layers, run cycles"),
      compareTable("compare-layers", rows, grouped, "layer", choose));
}

function bufferSection(a, b) {
  const buffersOf = (run) =>
      new Map(Array.from(run.live.ids, (id) => [run.buffers[id], run.size[id]]));
  const rows = byName(buffersOf(a), buffersOf(b), (size) => size);
  const moved = rows.filter((r) => r.inA !== r.inB || r.a !== r.b);
  return element(
      "section", {}, element("h2", {}, "Buffers that differ"),
      element(
          "p", {class: "note"},
          `${rows.length - moved.length} buffers have the same name and size in both; ${
              moved.length} do not.`),
      compareTable("compare-buffers", moved.slice(0, 2000), readableBytes, "buffer", () => {}));
}

function compareView(root) {
  const runs = state.runs;
  const chosen = {a: 0, b: 1};
  const place = element("div");
  const build = () => {
    const [a, b] = [runs[chosen.a], runs[chosen.b]];
    const maps = mapPair(a, b);
    place.replaceChildren(
        element("h2", {}, "In what they differ"), settingsTable(a, b), element("h2", {}, "Figures"),
        figuresTable(a, b), element("h2", {}, "Maps in one scale"),
        element("p", {class: "note"}, a.path), maps[0].chart.canvas,
        element("p", {class: "note"}, b.path), maps[1].chart.canvas,
        element("div", {class: "columns"}, layerSection(a, b), bufferSection(a, b)));
  };
  const pick = (name) => element(
      "select", {
        id: `compare-${name}`,
        onchange: (event) => {
          chosen[name] = Number(event.target.value);
          build();
        }
      },
      ...runs.map(
          (run, i) => element("option", {value: i, selected: chosen[name] === i}, run.path)));
  root.append(
      element(
          "div", {class: "tools"}, element("label", {}, "First run ", pick("a")),
          element("label", {}, "Second run ", pick("b"))),
      place);
  build();
  return {update: () => {}};
}
