// Why each engine was idle before each instruction. The trace has starts and ends; when tokens came
// and when the control processor handed instructions on follows from them by the rules of
// docs/model.md (one instruction a cycle, queues of queue_depth, the first missing token counts).

function deriveStalls(run) {
  const gaps = [];  // by lane: [from, until, cause] in order
  for (let lane = 0; lane < run.laneStart.length - 1; ++lane) gaps.push([]);
  for (let core = 0; core < run.cores; ++core) deriveCore(run, core, gaps);
  return gaps;
}

function deriveCore(run, core, gaps) {
  const available = handedOn(run, core);
  const tokens = tokenTimes(run, core);
  for (let engine = 0; engine < 4; ++engine) {
    const lane = core * LANES + engine;
    let idleFrom = 0;
    for (let e = run.laneStart[lane]; e < run.laneStart[lane + 1]; ++e) {
      if (run.start[e] > idleFrom) explainGap(run, e, idleFrom, available, tokens, gaps[lane]);
      if (run.opcodes[run.opcode[e]] === "wait")
        addGap(gaps[lane], Math.max(run.start[e], idleFrom), run.start[e] + run.length[e], "sync");
      idleFrom = Math.max(idleFrom, run.start[e] + run.length[e]);
    }
    if (idleFrom < run.cycles) {
      const control = core * LANES + 4;
      for (let e = run.laneStart[control]; e < run.laneStart[control + 1]; ++e) {
        const from = available.get(run.pc[e]) ?? run.start[e];
        const end = run.start[e] + run.length[e];
        if (run.opcodes[run.opcode[e]] !== "barrier" || end <= idleFrom) continue;
        addGap(gaps[lane], idleFrom, from, "dispatch");
        addGap(gaps[lane], Math.max(idleFrom, from), end, "sync");
        idleFrom = end;
      }
      addGap(gaps[lane], idleFrom, run.cycles, "done");
    }
  }
}

function addGap(list, from, until, cause) {
  if (until > from) list.push([from, until, cause]);
}

// For each pc of a core the cycle in which its engine (or the control processor) may take it, and
// the barriers on the way.
function handedOn(run, core) {
  const order = [];
  for (let lane = core * LANES; lane < (core + 1) * LANES; ++lane) {
    for (let e = run.laneStart[lane]; e < run.laneStart[lane + 1]; ++e) order.push(e);
  }
  order.sort((a, b) => run.pc[a] - run.pc[b]);
  const depth = run.summary.machine.core.queue_depth.value;
  const perCycle = run.summary.machine.core.dispatch_per_cycle.value;
  const starts = [[], [], [], []];
  const available = new Map();
  let slot = 0;
  let used = 0;
  for (const e of order) {
    const engine = run.laneOf[e] % LANES;
    const room = engine < 4 && starts[engine].length >= depth ?
        starts[engine][starts[engine].length - depth] :
        0;
    if (room > slot) {
      slot = room;
      used = 0;
    }
    if (used === perCycle) {
      ++slot;
      used = 0;
    }
    ++used;
    if (engine < 4) {
      available.set(run.pc[e], slot + 1);
      starts[engine].push(run.start[e]);
    } else {
      available.set(run.pc[e], slot);
      if (run.start[e] + run.length[e] > slot) {
        slot = run.start[e] + run.length[e];
        used = 0;
      }
    }
  }
  return available;
}

// For each event of a core when the tokens that it takes had come, by giver.
function tokenTimes(run, core) {
  const times = new Map();
  for (let giver = 0; giver < 4; ++giver) {
    const lane = core * LANES + giver;
    for (let taker = 0; taker < 4; ++taker) {
      const given = [];
      for (let e = run.laneStart[lane]; e < run.laneStart[lane + 1]; ++e) {
        if (run.tokens[e] >> 4 & 1 << taker) given.push(run.start[e] + run.length[e]);
      }
      let taken = 0;
      const own = core * LANES + taker;
      for (let e = run.laneStart[own]; e < run.laneStart[own + 1]; ++e) {
        if (!(run.tokens[e] & 1 << giver)) continue;
        if (!times.has(e)) times.set(e, [0, 0, 0, 0]);
        times.get(e)[giver] = given[taken++] ?? 0;
      }
    }
  }
  return times;
}

function explainGap(run, e, idleFrom, available, tokens, list) {
  const core = Math.floor(run.laneOf[e] / LANES);
  const ready = Math.min(Math.max(available.get(run.pc[e]), idleFrom), run.start[e]);
  // Until it is handed on, the control processor is on its way, or at a barrier.
  let at = idleFrom;
  const control = core * LANES + 4;
  for (let c = firstEndingAfter(run, control, idleFrom);
       c < run.laneStart[control + 1] && run.start[c] < ready; ++c) {
    const from = Math.max(at, available.get(run.pc[c]));
    const until = Math.min(ready, run.start[c] + run.length[c]);
    if (until <= from) continue;
    addGap(list, at, from, "dispatch");
    addGap(list, from, until, "sync");
    at = until;
  }
  addGap(list, at, ready, "dispatch");
  at = Math.max(at, ready);
  const times = tokens.get(e) || [0, 0, 0, 0];
  for (let giver = 0; giver < 4; ++giver) {
    const until = Math.min(times[giver], run.start[e]);
    addGap(list, at, until, CAUSES[1 + giver]);
    at = Math.max(at, until);
  }
  addGap(list, at, run.start[e], "dispatch");
}

// Events of the control processor follow one another.
function firstEndingAfter(run, lane, time) {
  let low = run.laneStart[lane];
  let high = run.laneStart[lane + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (run.start[middle] + run.length[middle] > time)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}
