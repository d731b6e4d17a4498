// The view around the timeline: its tools, and what engines did and cores waited for in tables.

function prepareTimeline(run) {
  if (run.busy) return;
  run.busy = busySums(run);
  run.moved = movedCurve(run);
  run.liveBytes ??= liveCurve(run);
}

// What "Zoom to the selection" shows.
function selectedSpan(run) {
  const {interval, buffer, layer} = selection;
  if (interval) return interval;
  if (buffer !== null) return [run.firstUse[buffer], run.lastUse[buffer]];
  if (layer !== null) return [run.layerSums[layer].start, run.layerSums[layer].end];
  return [0, run.cycles];
}

function labelledSelect(label, id, options, chosen, change) {
  return element(
      "label", {}, `${label} `,
      element(
          "select", {id, onchange: (event) => change(event.target.value)},
          ...options.map(
              (value) => element("option", {value, selected: value === chosen}, value))));
}

function engineLegend(run) {
  return element(
      "div", {class: "legend", id: "engines"},
      ...[0, 1, 2, 3].map(
          (engine) => element(
              "span", {}, element("b", {}, run.engines[engine]),
              ` ${ENGINE_TEXT[run.engines[engine]]}`)));
}

const TIMELINE_NOTE =
    "The height of a lane is the share of the pixel's cycles in which the engine was busy, the " +
    "pale rest tells why it mostly was idle; zoomed in, every instruction is drawn, and the " +
    "stripe below an idle engine says why. " +
    "Vertical lines are barriers, arrows signals. The curves are of all cores, in a scale " +
    "that does not change: that of DRAM is the mean of each pixel's cycles, in which the " +
    "bytes of a request count evenly over the time that it is open, with a dark top where it " +
    "leaves the scale; that of live bytes is the most in them. Hovering tells values. Shift " +
    "and dragging, or Shift and arrow keys, select an interval, of the chosen cores.";

function timelineView(run, root) {
  prepareTimeline(run);
  const place = element("div");
  const engines = element("div");
  let timeline;
  // With what lies around it in sight.
  const showRow = ({from, until}) => {
    const margin = Math.max(50, until - from);
    timeline.chart.show(from - margin, until + margin);
    select({interval: [from, Math.max(until, from + 1)]});
    place.scrollIntoView({block: "nearest"});
  };
  const waits = synchronisationSection(run, showRow);
  const build = () => {
    const cores = state.core === null ? Array.from({length: run.cores}, (_, i) => i) : [state.core];
    const range = timeline && timeline.chart.range;
    state.timeline = timeline = new Timeline(run, cores);
    if (range) timeline.chart.range = range;
    place.replaceChildren(timeline.chart.canvas);
  };
  const chooseCore = (value) => {
    state.core = value === "all" ? null : Number(value);
    build();
    showSelection();
  };
  const chooseColour = (value) => {
    state.timelineBy = value;
    timeline.chart.redraw();
  };
  const numbers = Array.from({length: run.cores}, (_, i) => String(i));
  root.append(
      element(
          "div", {class: "tools"},
          labelledSelect(
              "Cores", "cores", ["all", ...numbers],
              state.core === null ? "all" : String(state.core), chooseCore),
          labelledSelect(
              "Colour by", "timeline-by", ["layer", "engine"], state.timelineBy, chooseColour),
          element(
              "button",
              {onclick: () => timeline.chart.show(...selectedSpan(run)), id: "zoom-selection"},
              "Zoom to the selection"),
          element(
              "button", {onclick: () => timeline.chart.show(0, run.cycles), id: "zoom-all"},
              "Show all"),
          engineLegend(run)),
      element("p", {class: "note"}, TIMELINE_NOTE), place, causeLegend(false), engines, waits.node);
  build();
  const update = () => {
    engines.replaceChildren(engineTable(run));
    waits.draw();
    timeline.chart.redraw();
  };
  update();
  return {update};
}
