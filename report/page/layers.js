// Layers: a table with bars that can be sorted, the sizes of the buffers, and the slowest layers.

const LAYER_COLUMNS = [
  ["name", "layer", (v) => v],
  ["kind", "kind", (v) => v],
  ["cores", "cores", (v) => String(v)],
  ["start", "first load", grouped],
  ["cycles", "cycles of the run", grouped],
  ["compute_busy", "compute busy", grouped],
  ["stalls", "compute idle before it", grouped],
  ["utilisation", "utilisation", percent],
  ["macs", "MACs", grouped],
  ["dram", "DRAM", readableBytes],
  ["energy_nj", "energy", (v) => readable({value: v, unit: "nJ"})],
  ["limit", "limited by", (v) => v],
];
const LAYER_BARS = ["cycles", "compute_busy", "stalls", "utilisation", "macs", "dram", "energy_nj"];

function sortableTable({columns, rows, bars, key, chosen, choose, id, sort}) {
  const order = sort || {by: columns[0][0], down: false};
  const most = Object.fromEntries(
      bars.map((b) => [b, largest(rows.map((r) => Math.abs(r[b]) || 0), 1e-12)]));
  const body = element("tbody");
  const head = element("tr");
  const draw = () => {
    const sorted = [...rows].sort((a, b) => {
      const [x, y] = [a[order.by], b[order.by]];
      const least = typeof x === "string" || typeof y === "string" ?
          String(x).localeCompare(String(y)) :
          x - y;
      return order.down ? -least : least;
    });
    body.replaceChildren(...sorted.map(
        (row) => element(
            "tr", {
              tabindex: 0,
              "data-key": key(row),
              class: chosen(row) ? "chosen" : "",
              onclick: () => choose(row),
              onkeydown: (event) => event.key === "Enter" && choose(row)
            },
            ...columns.map(
                ([name, , text]) => element(
                    "td",
                    bars.includes(name) ? {
                      class: "bar",
                      style: `--share:${(100 * Math.abs(row[name]) / most[name]).toFixed(1)}%`
                    } :
                                          {},
                    text(row[name], row))))));
    head.replaceChildren(...columns.map(
        ([name, title]) => element(
            "th",
            {"aria-sort": order.by === name ? (order.down ? "descending" : "ascending") : "none"},
            element(
                "button", {
                  "data-column": name,
                  onclick: () => {
                    order.down = order.by === name ? !order.down : bars.includes(name);
                    order.by = name;
                    draw();
                  }
                },
                title + (order.by === name ? (order.down ? " \u2193" : " \u2191") : "")))));
  };
  draw();
  return {
    node: element(
        "div", {class: "scroll", id}, element("table", {}, element("thead", {}, head), body)),
    draw
  };
}

function layersView(run, root) {
  const table = sortableTable({
    id: "layer-table",
    columns: LAYER_COLUMNS,
    rows: run.layerSums.filter((l) => l.cores > 0),
    bars: LAYER_BARS,
    key: (l) => l.name,
    chosen: (l) => selection.layer === l.index,
    choose: (l) => selectLayer(l.index),
    sort: {by: "start", down: false}
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
          "Click a column to sort, a row to select the layer in every view. The cycles of" +
              " a layer are those of the run in which cores compute it, shared with the " +
              "layers of other cores, or wait to begin it, so that they add up to the run; " +
              "what is loaded ahead is in the time of the layer before. Utilisation is of " +
              "these cycles, on all cores."),
      table.node,
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
