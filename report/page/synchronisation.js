// Where cores waited for one another, each meeting at a barrier and each wait for a signal, the
// costliest first.

function layerText(run, layer) { return layer >= 0 ? run.layers[layer] : "-"; }

// The layers that a core computes last before a cycle, and first after it.
function layersAround(run, core, cycle) {
  const lane = core * LANES + COMPUTE;
  const next = firstAfter(run, lane, cycle);
  const at = (e) =>
      layerText(run, e >= run.laneStart[lane] && e < run.laneStart[lane + 1] ? run.layer[e] : -1);
  return {before: at(next - 1), after: at(next)};
}

function barrierRows(run) {
  return run.arrows.barriers.map((events) => {
    const {id, cores, last, arrival, release, waited} = barrierFigures(run, events);
    return {
      what: `barrier ${id}`,
      ...layersAround(run, last, arrival),
      cores: coreRanges(cores),
      last: `core ${last}`,
      from: smallest(events.map((e) => run.start[e])),
      at: arrival,
      until: release,
      waited
    };
  });
}

// A wait costs what it takes; the signal that ends it names who was waited for.
function signalRows(run) {
  const coreOf = (e) => Math.floor(run.laneOf[e] / LANES);
  return run.arrows.pairs.map(([signal, wait]) => ({
                                what: `signal ${run.sync[signal]}`,
                                before: layerText(run, run.layer[signal]),
                                after: layerText(run, run.layer[wait]),
                                cores: `${coreOf(wait)}`,
                                last: `core ${coreOf(signal)}`,
                                from: run.start[wait],
                                at: run.start[signal],
                                until: run.start[wait] + run.length[wait],
                                waited: run.length[wait]
                              }));
}

const SYNC_COLUMNS = [
  {name: "what", title: "what", text: (v) => v},
  {name: "cores", title: "cores", tip: "Who met, or who waited for a signal.", text: (v) => v},
  {name: "last", title: "waited for", tip: "Who came last, or who signalled.", text: (v) => v},
  {
    name: "before",
    title: "after layer",
    tip: "The layer that the awaited core computed last, or that signalled.",
    text: (v) => v
  },
  {
    name: "after",
    title: "before layer",
    tip: "The layer that it computes next, or that waited.",
    text: (v) => v
  },
  {name: "from", title: "first came", unit: "run cycle", text: grouped},
  {name: "at", title: "last came", unit: "run cycle", tip: "Or signalled.", text: grouped},
  {name: "until", title: "went on", unit: "run cycle", text: grouped},
  {
    name: "waited",
    title: "waited",
    unit: "core-cycles",
    tip: "At a barrier from each core's arrival to the last one's; for a signal as long as the " +
        "wait took. Engines had drained before.",
    text: grouped
  },
];

// Those that meet the selected cycles, else those of all.
function meetsSelection({from, until}) {
  const interval = selection.interval;
  return !interval || (from < interval[1] && until >= interval[0]);
}

// {node, draw}
function synchronisationSection(run, choose) {
  const rows =
      [...barrierRows(run), ...signalRows(run)].map((row, key) => ({...row, key: `${key}`}));
  if (rows.length === 0)
    return {
      node: element("p", {class: "note", id: "synchronisation"}, "No core waits for another one."),
      draw: () => {}
    };
  const waited = rows.reduce((sum, row) => sum + row.waited, 0);
  const table = new SortableTable({
    id: "sync-table",
    columns: SYNC_COLUMNS,
    rows,
    bars: ["waited"],
    shown: 100,
    key: (row) => row.key,
    chosen: () => false,
    choose,
    sort: {by: "waited", down: true}
  });
  const node = element(
      "section", {id: "synchronisation"}, element("h2", {}, "Where cores waited for one another"),
      element(
          "p", {class: "note"},
          `${grouped(run.arrows.barriers.length)} meetings at barriers and ${
              grouped(run.arrows.pairs.length)} signals; cores waited ${
              grouped(waited)} core-cycles at them, and at barriers ${
              run.summary.machine.sync.barrier_cycles.value} cycles more each until they went on.${
              rows.length > 100 ? " The 100 first of the order chosen are shown." :
                                  ""} Click one to see it in the timeline; of selected cycles ` +
              "only those in them are listed."),
      table.node);
  return {node, draw: () => table.narrow(selection.interval ? meetsSelection : null)};
}
