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
  live.markStart = new Int32Array(n + 1);
  for (let i = 0; i < n; ++i) live.markStart[i + 1] = live.markStart[i] + c["clock.marks"][i];
  live.last = c["clock.last"];
  return live;
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

function whyConflict(run, live, a, b) {
  const [early, late] = run.firstUse[live.ids[a]] <= run.firstUse[live.ids[b]] ? [a, b] : [b, a];
  const event = accessOf(run, live, obstacle(live, early, late));
  return `nothing orders ${eventText(run, event)}, which uses ${run.buffers[live.ids[early]]}, ` +
      `before the first use of ${run.buffers[live.ids[late]]}`;
}
