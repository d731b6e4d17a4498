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

function engineTable(run) {
  const interval = selection.interval || [0, run.cycles];
  const cores = Array.from({length: run.cores}, (_, core) => core);
  const engines = [0, 1, 2, 3];
  const sums =
      cores.map((core) => engines.map((engine) => laneSums(run, core * LANES + engine, interval)));
  const all = engines.map((engine) => sumOf(sums.map((of) => of[engine])));
  return element(
      "section", {id: "engine-table"}, element("h2", {}, "What each engine did"),
      element(
          "p", {class: "note"},
          selection.interval ?
              `In the selected cycles ${interval.map(grouped).join(" to ")}.` :
              "In the whole run; in an interval once one is selected. Hovering tells the shares."),
      element(
          "div", {class: "scroll"},
          element(
              "table", {class: "plain"},
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
