// What happened in an interval of cycles, on one core or on all.

function scopeText(core) { return core === null ? "all cores" : `core ${core}`; }

// DRAM bytes as moved evenly while a request is open; what compute engines did, by cause.
function intervalSums(run, [from, until], core) {
  const sums = {
    bytes: 0,
    busy: 0,
    instructions: 0,
    idle: Object.fromEntries(CAUSES.map((cause) => [cause, 0]))
  };
  const within = (lane) => core === null || Math.floor(lane / LANES) === core;
  for (let e = 0; e < run.count; ++e) {
    const end = run.start[e] + run.length[e];
    const shared = Math.min(end, until) - Math.max(run.start[e], from);
    if (shared <= 0 || !within(run.laneOf[e])) continue;
    ++sums.instructions;
    if (run.bytes[e] > 0) sums.bytes += run.bytes[e] * shared / run.length[e];
    if (run.laneOf[e] % LANES === COMPUTE) sums.busy += shared;
  }
  for (let lane = COMPUTE; lane < run.gaps.length; lane += LANES) {
    if (!within(lane)) continue;
    for (const [begin, end, cause] of run.gaps[lane])
      sums.idle[cause] += Math.max(0, Math.min(end, until) - Math.max(begin, from));
  }
  return sums;
}

function engineText(busy, idle) {
  const total = CAUSES.reduce((sum, cause) => sum + idle[cause], busy) || 1;
  return `busy ${percent(busy / total)} of ${grouped(total)} core-cycles, idle: ${
      idleText(idle, total)}`;
}

function intervalText(run, interval, core) {
  const {bytes, busy, instructions, idle} = intervalSums(run, interval, core);
  const [from, until] = interval;
  const span = until - from;
  return `${grouped(from)} to ${grouped(until)}, ${scopeText(core)}: ${readableCycles(span)}, ` +
      `${grouped(instructions)} instructions, ${readableBytes(bytes)} of DRAM (${
             significant(
                 bytes / Math.max(span, 1))} B a cycle), compute engines ${engineText(busy, idle)}`;
}
