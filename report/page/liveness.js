// Which intermediates may not share bytes, and why: by the vector clocks of memmgr/lifetimes.h. A
// comes before B where every chain's last use of A is at most what B's first use knows of it.

function makeLiveness(run) {
  const c = run.header.columns;
  const ids = c["life.buffer"];
  const n = ids.length;
  const live = {ids, from: c["life.from"], until: c["life.until"], n, entry: new Map()};
  ids.forEach((id, i) => live.entry.set(id, i));
  live.inBound = new Set(Array.from(c["life.bound"], (i) => ids[i]));
  if (!c["clock.first"]) return live;
  live.first = c["clock.first"];
  live.chains = c["clock.chains"];
  live.markStart = starts(c["clock.marks"]);
  live.last = c["clock.last"];
  live.known = c["clock.known"];
  live.firstStart = starts(c["clock.first_marks"]);
  live.firstUse = c["clock.first_use"];
  return live;
}

function starts(counts) {
  const list = new Int32Array(counts.length + 1);
  counts.forEach((count, i) => {
    list[i + 1] = list[i] + count;
  });
  return list;
}

// The mark that keeps A from being before B: [chain, position], or null where A is before B.
function obstacle(live, a, b) {
  for (let m = live.markStart[a]; m < live.markStart[a + 1]; ++m) {
    const chain = live.last[2 * m];
    const known = live.first[chain * live.n + b];
    if (known >= 0 && live.last[2 * m + 1] > known) return [chain, live.last[2 * m + 1]];
  }
  return null;
}

function conflicts(live, a) {
  if (!live.first) return [];
  const list = [];
  for (let b = 0; b < live.n; ++b) {
    if (b === a || live.markStart[b] === live.markStart[b + 1]) continue;
    if (obstacle(live, a, b) && obstacle(live, b, a)) list.push(b);
  }
  return list;
}

// The event that is the n-th access of an engine to intermediates.
function accessOf(run, live, [chain, position]) {
  const lane = live.chains[chain];
  const at = Math.floor(lane / 4) * LANES + lane % 4;
  let count = 0;
  for (let e = run.laneStart[at]; e < run.laneStart[at + 1]; ++e) {
    if (run.buffer[e] >= 0 && run.kinds[run.kind[run.buffer[e]]] === "intermediate" &&
        ++count === position)
      return e;
  }
  return -1;
}

function eventText(run, e) {
  if (e < 0) return "nothing";
  const lane = run.laneOf[e];
  const layer = run.layer[e] >= 0 ? ` of ${run.layers[run.layer[e]]}` : "";
  return `${run.opcodes[run.opcode[e]]}${layer}, core ${Math.floor(lane / LANES)}, pc ${
             run.pc[e]}, ` +
      `cycles ${grouped(run.start[e])} to ${grouped(run.start[e] + run.length[e])}`;
}

// A use of A that happens before some use of B in every run, as [chain, position]; null: there is
// none.
function startsBeforeEnd(live, a, b) {
  for (let m = live.firstStart[a]; m < live.firstStart[a + 1]; ++m) {
    const chain = live.firstUse[2 * m];
    if (live.known[chain * live.n + b] >= live.firstUse[2 * m + 1])
      return [chain, live.firstUse[2 * m + 1]];
  }
  return null;
}

function lastUseOf(run, id) {
  const [reader, writer] = [run.lastReader[id], run.lastWriter[id]];
  const end = (e) => (e < 0 ? -1 : run.start[e] + run.length[e]);
  return end(reader) >= end(writer) ? reader : writer;
}

// Either both are needed at one time whatever happens, or nothing keeps them from being so.
function whyConflict(run, live, a, b) {
  const [early, late] = run.firstUse[live.ids[a]] <= run.firstUse[live.ids[b]] ? [a, b] : [b, a];
  const name = (entry) => run.buffers[live.ids[entry]];
  const begun = startsBeforeEnd(live, late, early);
  if (begun && startsBeforeEnd(live, early, late)) {
    return `their lives overlap in every run: ${name(late)} is used by ${
               eventText(run, accessOf(run, live, begun))} ` +
        `before ${name(early)} is used for the last time, by ${
               eventText(run, lastUseOf(run, live.ids[early]))}`;
  }
  const event = accessOf(run, live, obstacle(live, early, late));
  const here = run.lastUse[live.ids[early]] <= run.firstUse[live.ids[late]];
  return `nothing orders ${eventText(run, event)}, which uses ${
             name(early)}, before the first use of ${name(late)}` +
      (here ? ": it came first in this run, but need not in another" : "");
}

// The same without who and when.
function briefly(live, a, b) {
  return startsBeforeEnd(live, a, b) && startsBeforeEnd(live, b, a) ?
      "their lives overlap in every run" :
      "nothing orders their uses";
}
