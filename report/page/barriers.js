// What hovering a barrier's line tells: who takes part, who came last, and what the others' waiting
// cost.

// events: those of one meeting. An arrival is an event's start, the release its end; the last is
// the lowest core among equals, as report/sync_pairs.h has it.
function barrierFigures(run, events) {
  const coreOf = (e) => Math.floor(run.laneOf[e] / LANES);
  let last = events[0];
  for (const e of events) {
    if (run.start[e] > run.start[last] ||
        (run.start[e] === run.start[last] && coreOf(e) < coreOf(last)))
      last = e;
  }
  const waited = events.reduce((sum, e) => sum + run.start[last] - run.start[e], 0);
  return {
    id: run.sync[last],
    cores: events.map(coreOf),
    last: coreOf(last),
    arrival: run.start[last],
    release: run.start[last] + run.length[last],
    waited
  };
}

// Such as "0 to 3, 6": cores ascend.
function coreRanges(cores) {
  const ranges = [];
  for (const core of cores) {
    const range = ranges[ranges.length - 1];
    if (range && range[1] === core - 1)
      range[1] = core;
    else
      ranges.push([core, core]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
}

function barrierText(run, events) {
  const {id, cores, last, arrival, release, waited} = barrierFigures(run, events);
  return `barrier ${id} of ${cores.length === 1 ? "core" : "cores"} ${coreRanges(cores)}\n` +
      `core ${last} arrived last, in cycle ${grouped(arrival)}; the release is in cycle ${
             grouped(release)}\n` +
      `the others waited ${grouped(waited)} core-cycles for it`;
}

// lines: those that are drawn, as {x, top, bottom, events}; of several under the pointer the one
// with the most waiting.
function costliestBarrier(run, lines, x, y) {
  let found = null;
  let most = -1;
  for (const line of lines) {
    if (Math.abs(line.x - x) > 3 || y < line.top || y > line.bottom) continue;
    const {waited} = barrierFigures(run, line.events);
    if (waited > most) [found, most] = [line.events, waited];
  }
  return found;
}
