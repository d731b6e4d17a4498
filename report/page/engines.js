// What each engine of each core did, in the chosen interval or in the whole run.

// Sums of one lane: idle cycles by cause; whatever else it is busy.
function laneSums(run, lane, [from, until]) {
  const idle = Object.fromEntries(CAUSES.map((cause) => [cause, 0]));
  let all = 0;
  const gaps = run.gaps[lane];
  for (let i = gapAfter(gaps, from); i < gaps.length && gaps[i][0] < until; ++i) {
    const [begin, end, cause] = gaps[i];
    const shared = Math.min(end, until) - Math.max(begin, from);
    idle[cause] += shared;
    all += shared;
  }
  return {busy: until - from - all, idle};
}

function sumOf(parts) {
  const idle = Object.fromEntries(
      CAUSES.map((cause) => [cause, parts.reduce((sum, part) => sum + part.idle[cause], 0)]));
  return {busy: parts.reduce((sum, part) => sum + part.busy, 0), idle};
}

function engineRow(run, name, sums) {
  return element(
      "tr", {"data-key": name}, element("td", {}, name),
      ...sums.map(
          (sum, engine) =>
              element("td", {"data-engine": run.engines[engine]}, stackedBar(sum.busy, sum.idle))));
}

// The selected cycles, else those between a selected layer's first and last instruction.
function shownInterval(run) {
  const text = (interval) => interval.map(grouped).join(" to ");
  if (selection.interval)
    return [selection.interval, `the selected cycles ${text(selection.interval)}`];
  const layer = selection.layer === null ? null : run.layerSums[selection.layer];
  if (layer && layer.end > layer.start)
    return [
      [layer.start, layer.end], `the cycles of ${layer.name}, ${text([layer.start, layer.end])}`
    ];
  return [[0, run.cycles], "the whole run"];
}

function engineTable(run) {
  const [interval, what] = shownInterval(run);
  const cores = Array.from({length: run.cores}, (_, core) => core);
  const engines = [0, 1, 2, 3];
  const sums =
      cores.map((core) => engines.map((engine) => laneSums(run, core * LANES + engine, interval)));
  const all = engines.map((engine) => sumOf(sums.map((of) => of[engine])));
  return element(
      "section", {id: "engine-table"}, element("h2", {}, "What each engine did"),
      element(
          "p", {class: "note"},
          `In ${what}. Of an interval or a layer once one is selected. Hovering tells the shares.`),
      causeLegend(true),
      element(
          "div", {class: "scroll"},
          element(
              "table", {class: "plain even"},
              element(
                  "thead", {},
                  element(
                      "tr", {}, element("th", {}, "core"),
                      ...engines.map(
                          (engine) => element(
                              "th", {},
                              `${run.engines[engine]}: ${ENGINE_TEXT[run.engines[engine]]}`)))),
              element(
                  "tbody", {}, ...cores.map((core) => engineRow(run, `core ${core}`, sums[core])),
                  run.cores > 1 ? engineRow(run, "all", all) : null))));
}
