// Sweep: the points of a sweep's store over any two figures. Fit: the front of `fit`.

// The points that no other one beats in both; each axis is better small unless it is said
// otherwise.
function paretoFront(points, x, y, larger) {
  const sign = (name) => larger.has(name) ? -1 : 1;
  const sorted = [...points].sort((a, b) => sign(x) * (a[x] - b[x]) || sign(y) * (a[y] - b[y]));
  let best = Infinity;
  return sorted.filter((p) => {
    if (sign(y) * p[y] >= best) return false;
    best = sign(y) * p[y];
    return true;
  });
}

const LARGER_IS_BETTER = new Set([
  "utilisation", "gops", "gops_per_watt", "roofline_share", "reduction", "row_hit_rate",
  "cache_hit_rate", "fairness"
]);

function sweepRows(sweep) {
  const names = [...sweep.axes, ...(sweep.fields || []).map((f) => f.name)];
  return (sweep.rows || [])
      .map((cells, i) => ({point: i, ...Object.fromEntries(cells.map((c, k) => [names[k], c]))}));
}

function sweepView(sweep, root) {
  const rows = sweepRows(sweep);
  const good = rows.filter((r) => r.status === "ok");
  const figures = (sweep.fields || [])
                      .map((f) => f.name)
                      .filter((name) => good.some((r) => typeof r[name] === "number"));
  const valuesOf = (axis) => [...new Set(rows.map((r) => String(r[axis])))];
  const varied = sweep.axes.filter((axis) => valuesOf(axis).length > 1);
  // Two figures that differ between the points, if there are.
  const differs = (name) => figures.includes(name) && new Set(good.map((r) => r[name])).size > 1;
  const prefer = (list) => list.find(differs) || figures.find(differs) || figures[0];
  const unit = Object.fromEntries(
      (sweep.fields ||
       []).map((f) => [f.name, f.unit && f.unit !== f.name ? `${f.name} (${f.unit})` : f.name]));
  const settings = {
    x: prefer(["cycles", "latency_s"]),
    y: prefer(["peak", "energy_nj", "dram_read"]),
    by: varied[0] || sweep.axes[0],
    split: "",
    log: false,
    allowed: Object.fromEntries(sweep.axes.map((axis) => [axis, new Set(valuesOf(axis))]))
  };
  const place = element("div", {id: "sweep-charts"});
  const pick = (name, values, label) => element(
      "label", {}, `${label} `,
      element(
          "select", {
            id: `sweep-${name}`,
            onchange: (event) => {
              settings[name] = event.target.value;
              build();
            }
          },
          ...values.map(
              (v) => element("option", {value: v, selected: settings[name] === v}, v || "none"))));
  const filters = element(
      "div", {class: "tools"},
      ...varied.map(
          (axis) => element(
              "fieldset", {}, element("legend", {}, axis),
              ...valuesOf(axis).map(
                  (value) => element(
                      "label", {}, element("input", {
                        type: "checkbox",
                        checked: true,
                        "data-axis": axis,
                        "data-value": value,
                        onchange: (event) => {
                          settings.allowed[axis][event.target.checked ? "add" : "delete"](value);
                          build();
                        }
                      }),
                      ` ${shortName(value)} `)))));
  root.append(
      element(
          "p", {class: "note"},
          `${sweep.name}: ${rows.length} points, ${good.length} of them ran, ${
              rows.length - good.length} did not. ` +
              "The line is the Pareto front: no other point is better in both figures."),
      element(
          "div", {class: "tools"}, pick("x", figures, "Across"), pick("y", figures, "Up"),
          pick("by", sweep.axes, "Colour by"), pick("split", ["", ...varied], "A chart for each"),
          element(
              "label", {}, element("input", {
                type: "checkbox",
                id: "sweep-log",
                onchange: (event) => {
                  settings.log = event.target.checked;
                  build();
                }
              }),
              " logarithmic")),
      filters, place);
  function build() {
    const shown = good.filter(
        (r) => sweep.axes.every((axis) => settings.allowed[axis].has(String(r[axis]))) &&
            typeof r[settings.x] === "number" && typeof r[settings.y] === "number");
    const colours = valuesOf(settings.by);
    const groups = settings.split ?
        valuesOf(settings.split)
            .map((v) => [v, shown.filter((r) => String(r[settings.split]) === v)]) :
        [["", shown]];
    const charts = groups.filter(([, points]) => points.length > 0).map(([name, points]) => {
      const front = paretoFront(points, settings.x, settings.y, LARGER_IS_BETTER);
      const inFront = new Set(front);
      return element(
          "section", {}, name ? element("h2", {}, `${settings.split}: ${shortName(name)}`) : null,
          scatter({
            log: settings.log,
            x: unit[settings.x],
            y: unit[settings.y],
            label: `${settings.y} over ${settings.x}`,
            width: settings.split ? 480 : 860,
            height: settings.split ? 300 : 440,
            lines: [{points: front.map((r) => ({x: r[settings.x], y: r[settings.y]}))}],
            points: points.map(
                (r) => ({
                  x: r[settings.x],
                  y: r[settings.y],
                  colour: tensorColour(colours.indexOf(String(r[settings.by]))),
                  chosen: inFront.has(r),
                  r: 5.5,
                  tip: [
                    ...sweep.axes.map((axis) => `${axis}: ${shortName(String(r[axis]))}`),
                    `${settings.x}: ${significant(r[settings.x], 5)}`,
                    `${settings.y}: ${significant(r[settings.y], 5)}`
                  ].join("\n")
                }))
          }));
    });
    place.replaceChildren(
        element(
            "div", {class: "legend"},
            ...colours.map(
                (v, i) => element(
                    "span", {}, element("i", {style: `background:${tensorColour(i)}`}),
                    shortName(v))),
            ` ${shown.length} points shown`),
        element("div", {class: settings.split ? "columns" : ""}, ...charts));
    if (charts.length === 0) place.append(element("p", {}, "No point passes the filters."));
  }
  if (figures.length === 0)
    place.append(element("p", {}, "No point has figures yet."));
  else
    build();
  return {update: () => {}};
}

function shortName(value) { return value.replace(/^.*\//, "").replace(/\.(yaml|onnx)$/, ""); }

function fitView(run, root) {
  const rows = parseCsv(run.front_csv).map((r, i) => ({
                                             ...r,
                                             index: i,
                                             front: r.front === "true" || r.front === 1,
                                             chosen: r.chosen === "true" || r.chosen === 1
                                           }));
  const front = rows.filter((r) => r.front).sort((a, b) => a.footprint - b.footprint);
  const chart = scatter({
    x: "footprint in bytes",
    y: "cycles",
    label: "front of fit",
    width: 860,
    height: 420,
    lines: [{points: front.map((r) => ({x: r.footprint, y: r.cycles}))}],
    points:
        rows.map((r) => ({
                   x: r.footprint,
                   y: r.cycles,
                   r: r.chosen ? 8 : 5,
                   chosen: r.chosen,
                   colour: r.chosen ? OKABE_ITO[5] :
                       r.front      ? OKABE_ITO[0] :
                                      GREY,
                   tip: `footprint ${readableBytes(r.footprint)} (bound ${
                       readableBytes(r.bound)})\n${readableCycles(r.cycles)}\n${
                       readableBytes(r.dram_bytes)} of DRAM\n${r.walked_kernels} walked kernels, ${
                       r.buffers} buffers${r.chosen ? "\nthe one that this run is" : ""}`
                 }))
  });
  const table = new SortableTable({
    id: "fit-table",
    rows,
    bars: ["footprint", "cycles", "dram_bytes"],
    key: (r) => String(r.index),
    chosen: (r) => r.chosen,
    choose: () => {},
    sort: {by: "footprint", down: true},
    columns: [
      {name: "footprint", title: "footprint", text: readableBytes},
      {name: "bound", title: "lower bound", text: readableBytes},
      {name: "cycles", title: "cycles", text: grouped},
      {name: "dram_bytes", title: "DRAM", text: readableBytes},
      {name: "buffers", title: "buffers", text: grouped},
      {name: "walked_kernels", title: "walked kernels", text: grouped},
      {name: "front", title: "on the front", text: (v) => v ? "yes" : ""},
      {name: "chosen", title: "chosen", text: (v) => v ? "yes" : ""}
    ]
  });
  root.append(
      element("p", {class: "note"}, `${run.summary.network}, ${run.path}`),
      element(
          "p", {class: "note"},
          "Each point is a program that fit compiled and simulated. Blue ones are on the " +
              "front of footprint, cycles and DRAM bytes; the large one is the program of " +
              "this run."),
      chart, table.node, element("h2", {}, "Schedule of the chosen program"),
      element("pre", {id: "schedule"}, run.schedule || "layer by layer"));
  return {update: () => {}};
}
