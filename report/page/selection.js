// One selection for all views: a layer, a buffer and an interval of cycles, each of which may be
// none. Views listen and draw what is chosen. Of a comparison, `elsewhere` names the buffer and the
// layer that only the other run has.

const selection = {
  layer: null,
  buffer: null,
  interval: null,
  elsewhere: null
};
const listeners = [];

function onSelection(listener) { listeners.push(listener); }

function select(change) {
  Object.assign(selection, {elsewhere: null}, change);
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
  const {layer, buffer, interval, elsewhere} = selection;
  if (!run || (layer === null && buffer === null && !interval && !elsewhere)) {
    bar.append(
        run ? "Nothing is selected: click a layer, a buffer, an instruction, or drag with Shift." :
              "");
    return;
  }
  const parts = element("div", {class: "parts"});
  const part = (name, text) =>
      parts.append(element("span", {}, `${name} `, element("b", {}, text)));
  bar.append(element("button", {onclick: clearSelection, id: "clear"}, "Clear"), parts);
  if (selection.layer !== null) {
    const sum = run.layerSums[selection.layer];
    part("layer", `${sum.name} (${sum.kind}), cycles ${grouped(sum.start)} to ${grouped(sum.end)}`);
    if (sum.cores > 0) part("is limited by", limitText(sum));
    if (sum.cores > 0) part("and its compute engines were", engineText(sum.compute_busy, sum.idle));
  }
  if (selection.buffer !== null) {
    part(
        "buffer", `${run.buffers[selection.buffer]}, ${readableBytes(run.size[selection.buffer])}`);
  }
  for (const kind of ["layer", "buffer"])
    if (elsewhere?.[kind]) part(kind, `${elsewhere[kind]}, which ${run.path} does not have`);
  if (selection.interval) part("interval", intervalText(run, selection.interval, state.core));
}
