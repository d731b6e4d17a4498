// Compare: two runs side by side, their settings, figures, layers and buffers by name, and maps in
// one scale.

// What is chosen, by name, so that both runs show it. The selection has what the run of the other
// views has of it, and names what that run lacks (`elsewhere`).
const chosenNames = {
  get buffer() {
    return selection.buffer === null ? (selection.elsewhere?.buffer ?? null) :
                                       state.run.buffers[selection.buffer];
  },
  get layer() {
    return selection.layer === null ? (selection.elsewhere?.layer ?? null) :
                                      state.run.layers[selection.layer];
  },
  holds(run, id) {
    if (this.buffer !== null) return run.buffers[id] === this.buffer;
    return this.layer !== null && layerName(run, run.writer[id]) === this.layer;
  }
};

function chooseByName(buffer, layer) {
  const [id, index] = [
    buffer === null ? null : indexOrNone(state.run.buffers, buffer),
    layer === null ? null : indexOrNone(state.run.layers, layer)
  ];
  const elsewhere = (buffer !== null && id === null) || (layer !== null && index === null);
  select({
    buffer: id,
    layer: index,
    elsewhere: elsewhere ?
        {buffer: id === null ? buffer : null, layer: index === null ? layer : null} :
        null
  });
}

function indexOrNone(names, name) {
  const index = names.indexOf(name);
  return index >= 0 ? index : null;
}

function writerName(run, id) { return run.writer[id] >= 0 ? layerName(run, run.writer[id]) : null; }

// Two maps that show the same cycles and addresses.
function mapPair(a, b) {
  const top = 1.04 * Math.max(a.summary.memory.peak.value, b.summary.memory.peak.value);
  const until = Math.max(a.cycles, b.cycles);
  const maps = [a, b].map((run) => {
    const map = runMap(
        run, {axis: "cycle", by: "tensor", top, title: `memory map of ${run.path}`, height: 300});
    Object.assign(map.chart, {until, range: [0, until]});
    map.choose = ({id, name}) => chooseByName(name, writerName(run, id));
    map.chart.interval = undefined;
    map.isChosen = ({id}) => chosenNames.holds(run, id);
    return map;
  });
  maps.forEach((map, i) => {
    const other = maps[1 - i].chart;
    map.chart.ranged = (range) => {
      other.range = [...range];
      other.redraw();
    };
  });
  showSameAddresses(...maps);
  return maps;
}

function layerTable(a, b) {
  const layersOf = (run) => new Map(run.layerSums.map((l) => [l.name, l]));
  const rows = byName(layersOf(a), layersOf(b), (l) => l.cycles);
  return compareTable(
      "compare-layers", rows, grouped, "layer", (r) => chosenNames.layer === r.name,
      (r) => chooseByName(null, r.name));
}

// Of programs with other buffers: in how many pieces each tensor is stored.
function piecesOfTensors(run) {
  const pieces = new Map();
  for (const id of run.live.ids)
    pieces.set(run.tensors[id], (pieces.get(run.tensors[id]) || 0) + 1);
  return pieces;
}

function tensorDifferences(a, b) {
  const rows = byName(piecesOfTensors(a), piecesOfTensors(b), (count) => count);
  const moved = rows.filter((r) => r.a !== r.b);
  const note = `The runs store tensors at another granularity: ${moved.length} of ${
      rows.length} tensors have another number of buffers.`;
  const layerOf = (name) => a.live.ids.find((id) => a.tensors[id] === name);
  const table = compareTable(
      "compare-buffers", moved, grouped, "tensor, in buffers", (r) => chosenNames.layer === r.layer,
      (r) => chooseByName(null, r.layer), 2000);
  for (const row of moved) {
    const id = layerOf(row.name);
    row.layer = id === undefined ? null : writerName(a, id);
  }
  return {note, table};
}

function buffersByName(run) {
  return new Map(Array.from(run.live.ids, (id) => [run.buffers[id], run.size[id]]));
}

function bufferDifferences(a, b) {
  const rows = byName(buffersByName(a), buffersByName(b), (size) => size);
  const moved = rows.filter((r) => r.inA !== r.inB || r.a !== r.b);
  const note = `${rows.length - moved.length} buffers have the same name and size in both; ${
      moved.length} do not.`;
  const layerOf = (name) => {
    for (const run of [a, b]) {
      const id = run.buffers.indexOf(name);
      if (id >= 0) return writerName(run, id);
    }
    return null;
  };
  const table = compareTable(
      "compare-buffers", moved, readableBytes, "buffer", (r) => chosenNames.buffer === r.name,
      (r) => chooseByName(r.name, layerOf(r.name)), 2000);
  return {note, table};
}

function compareView(root) {
  const runs = state.runs;
  const shown = {a: 0, b: 1};
  const place = element("div");
  let redraw;
  const build = () => {
    const [a, b] = [runs[shown.a], runs[shown.b]];
    const maps = mapPair(a, b);
    state.maps = maps;
    const layers = layerTable(a, b);
    const alike = a.summary.granularity === b.summary.granularity;
    const buffers = alike ? bufferDifferences(a, b) : tensorDifferences(a, b);
    place.replaceChildren(
        element("h2", {}, "In what they differ"), settingsTable(a, b), element("h2", {}, "Figures"),
        figuresTable(a, b), element("h2", {}, "Maps in one scale"),
        element("p", {class: "note"}, a.path), maps[0].chart.canvas,
        element("p", {class: "note"}, b.path), maps[1].chart.canvas,
        element(
            "div", {class: "columns"},
            element("section", {}, element("h2", {}, "Layers, run cycles"), layers.node),
            element(
                "section", {}, element("h2", {}, "Buffers that differ"),
                element("p", {class: "note"}, buffers.note), buffers.table.node)));
    redraw = () => {
      for (const map of maps) map.chart.redraw();
      layers.draw();
      buffers.table.draw();
    };
  };
  const pick = (name) => element(
      "select", {
        id: `compare-${name}`,
        onchange: (event) => {
          shown[name] = Number(event.target.value);
          build();
        }
      },
      ...runs.map(
          (run, i) => element("option", {value: i, selected: shown[name] === i}, run.path)));
  root.append(
      element(
          "div", {class: "tools"}, element("label", {}, "First run ", pick("a")),
          element("label", {}, "Second run ", pick("b"))),
      place);
  build();
  return {update: () => redraw()};
}
