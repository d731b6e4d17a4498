// The table of a run's planned buffers, which can be searched, and that of what the chosen one
// conflicts with.

function layerName(run, event) {
  return event >= 0 && run.layer[event] >= 0 ? run.layers[run.layer[event]] : "-";
}

// Rows of both tables.
function bufferRow(run, id) {
  return {
    id,
    name: run.buffers[id],
    tensor: run.tensors[id],
    size: run.size[id],
    at: run.offset[id],
    from: Number.isFinite(run.firstUse[id]) ? run.firstUse[id] : 0,
    until: Math.max(run.lastUse[id], 0),
    writer: layerName(run, run.writer[id]),
    reader: layerName(run, run.lastReader[id]),
    bound: run.live.inBound.has(id) ? "yes" : ""
  };
}

const BUFFER_PLACE = [
  {name: "name", title: "buffer", text: (v) => v},
  {name: "size", title: "size", text: readableBytes},
  {
    name: "at",
    title: "at",
    unit: "byte",
    tip: "Its first byte in the shared buffer.",
    text: grouped
  },
  {
    name: "from",
    title: "first use",
    unit: "run cycle",
    tip: "The cycle in which the first instruction that uses it starts.",
    text: grouped
  },
  {
    name: "until",
    title: "last use",
    unit: "run cycle",
    tip: "The cycle in which the last instruction that uses it ends.",
    text: grouped
  },
];
const BUFFER_COLUMNS = [
  ...BUFFER_PLACE,
  {name: "tensor", title: "tensor", text: (v) => v},
  {name: "writer", title: "written by", tip: "The layer that writes it first.", text: (v) => v},
  {name: "reader", title: "last read by", tip: "The layer that reads it last.", text: (v) => v},
  {
    name: "bound",
    title: "in the bound",
    tip: "Whether it is one of those that may be in use together and make the lower bound.",
    text: (v) => v
  },
];
const SHOWN_BUFFERS = 200;  // of each table

// Every word that is searched for has to be in the name of the buffer, its tensor or its layers.
function matches(row, words) {
  const text = `${row.name} ${row.tensor} ${row.writer} ${row.reader}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function bufferTable(run) {
  const count = element("span", {id: "buffer-count"});
  const table = new SortableTable({
    id: "buffer-table",
    columns: BUFFER_COLUMNS,
    rows: Array.from(run.live.ids, (id) => bufferRow(run, id)),
    bars: ["size"],
    shown: SHOWN_BUFFERS,
    key: (row) => row.name,
    chosen: (row) => selection.buffer === row.id,
    choose: (row) => selectBuffer(run, row.id),
    sort: {by: "size", down: true}
  });
  const tell = () => {
    const found = table.matching().length;
    count.textContent = `${grouped(found)} of ${grouped(table.rows.length)} buffers` +
        (found > SHOWN_BUFFERS ? `, of which ${SHOWN_BUFFERS} are shown` : "");
  };
  const search = element("input", {
    type: "search",
    id: "buffer-search",
    placeholder: "name, tensor or layer",
    oninput: (event) => {
      const words = event.target.value.toLowerCase().split(/\s+/).filter((word) => word);
      table.narrow(words.length > 0 ? (row) => matches(row, words) : null);
      tell();
    }
  });
  tell();
  return {
    node: element(
        "section", {}, element("h2", {}, "Buffers"),
        element("div", {class: "tools"}, element("label", {}, "Search ", search), count),
        table.node),
    draw: () => table.draw()
  };
}

function conflictTable(run) {
  const id = selection.buffer;
  const entry = id === null ? undefined : run.live.entry.get(id);
  if (entry === undefined)
    return element(
        "p", {class: "note", id: "conflicts"},
        "Click a buffer: its conflicts are listed here, with the reason of each.");
  if (!run.live.first)
    return element(
        "p", {class: "note", id: "conflicts"},
        "The run has too many buffers and cores to list its conflicts here: the page " +
            "leaves them out.");
  const others = conflicts(run.live, entry);
  const table = new SortableTable({
    id: "conflict-table",
    columns: [
      ...BUFFER_PLACE,
      {name: "why", title: "why", words: true, cell: (row) => row.why()},
    ],
    rows: others.map((other) => ({
                       ...bufferRow(run, run.live.ids[other]),
                       // Worked out for the rows that are shown.
                       why: () => whyConflict(run, run.live, entry, other)
                     })),
    bars: ["size"],
    shown: SHOWN_BUFFERS,
    key: (row) => row.name,
    chosen: () => false,
    choose: (row) => selectBuffer(run, row.id),
    sort: {by: "size", down: true}
  });
  return element(
      "div", {id: "conflicts"},
      element(
          "p", {}, element("b", {}, run.buffers[id]),
          ` conflicts with ${others.length} of ${run.live.n - 1} buffers${
              others.length > SHOWN_BUFFERS ? `; ${SHOWN_BUFFERS} are shown` : ""}.`),
      table.node);
}
