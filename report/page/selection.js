// One selection for all views: a layer, a buffer and an interval of cycles, each of which may be
// none. Views listen and draw what is chosen.

const selection = {
  layer: null,
  buffer: null,
  interval: null
};
const listeners = [];

function onSelection(listener) { listeners.push(listener); }

function select(change) {
  Object.assign(selection, change);
  showSelection();
  for (const listener of listeners) listener();
}

// Choosing a buffer chooses the layer that writes it; choosing a layer leaves no buffer of another.
function selectBuffer(run, buffer) {
  const event = run.writer[buffer];
  select({buffer, layer: event >= 0 ? run.layer[event] : null});
}

function selectLayer(layer) { select({layer, buffer: null}); }

function clearSelection() { select({layer: null, buffer: null, interval: null}); }

function showSelection() {
  const bar = document.getElementById("selection");
  const run = state.run;
  bar.replaceChildren();
  if (!run || (selection.layer === null && selection.buffer === null && !selection.interval)) {
    bar.append(
        run ? "Nothing is selected: click a layer, a buffer, an instruction, or drag with Shift." :
              "");
    return;
  }
  const part = (name, text) => bar.append(element("span", {}, `${name} `, element("b", {}, text)));
  if (selection.layer !== null) {
    const sum = run.layerSums[selection.layer];
    part("layer", `${sum.name} (${sum.kind}), cycles ${grouped(sum.start)} to ${grouped(sum.end)}`);
  }
  if (selection.buffer !== null) {
    part(
        "buffer", `${run.buffers[selection.buffer]}, ${readableBytes(run.size[selection.buffer])}`);
  }
  if (selection.interval) part("interval", measure(run, selection.interval));
  bar.append(element("button", {onclick: clearSelection, id: "clear"}, "Clear"));
}

// What happened in an interval: DRAM bytes as moved evenly while a request is open, busy engines.
function measure(run, [from, until]) {
  let bytes = 0;
  let compute = 0;
  let instructions = 0;
  for (let e = 0; e < run.count; ++e) {
    const end = run.start[e] + run.length[e];
    const shared = Math.min(end, until) - Math.max(run.start[e], from);
    if (shared <= 0) continue;
    ++instructions;
    if (run.bytes[e] > 0) bytes += run.bytes[e] * shared / run.length[e];
    if (run.laneOf[e] % LANES === 2) compute += shared;
  }
  const span = until - from;
  return `${grouped(from)} to ${grouped(until)}: ${readableCycles(span)}, ${
             grouped(instructions)} ` +
      `instructions, ${readableBytes(bytes)} of DRAM (${significant(bytes / span)} B a cycle), ` +
      `compute engines busy ${percent(compute / (span * run.cores))}`;
}
