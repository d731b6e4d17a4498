// Busy cycles, bytes moved and bytes in use over time, exact at every zoom.

// Sums of the busy cycles before each event, so that a span's share takes two searches. Requests of
// a DMA engine overlap: what counts is the time in which at least one is open.
function busySums(run) {
  const sums = new Float64Array(run.count + run.laneStart.length);
  const reach = new Float64Array(run.count);
  for (let lane = 0; lane + 1 < run.laneStart.length; ++lane) {
    let end = 0;
    let sum = 0;
    for (let e = run.laneStart[lane]; e < run.laneStart[lane + 1]; ++e) {
      const own = run.start[e] + run.length[e];
      sums[e + lane] = sum;
      sum += Math.max(0, own - Math.max(run.start[e], end));
      end = Math.max(end, own);
      reach[e] = end;
    }
    sums[run.laneStart[lane + 1] + lane] = sum;
  }
  return {sums, reach};
}

// The first event of a lane that ends after a time.
function firstAfter(run, lane, time) {
  let low = run.laneStart[lane];
  let high = run.laneStart[lane + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (run.busy.reach[middle] > time)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// Busy cycles of a lane before a time; e is the first event that ends after it.
function busyAt(run, lane, e, time) {
  const sum = run.busy.sums[e + lane];
  if (e === run.laneStart[lane + 1]) return sum;
  const before = e > run.laneStart[lane] ? run.busy.reach[e - 1] : 0;
  return sum + Math.max(0, time - Math.max(run.start[e], before));
}

// Bytes moved until each time at which a request begins or ends, and how many a cycle from then on:
// the mean of any span follows, whatever the zoom.
function movedCurve(run) {
  const changes = [];
  for (let e = 0; e < run.count; ++e) {
    if (run.bytes[e] === 0) continue;
    const length = Math.max(run.length[e], 1);
    changes.push(
        [run.start[e], run.bytes[e] / length], [run.start[e] + length, -run.bytes[e] / length]);
  }
  changes.sort((a, b) => a[0] - b[0]);
  const curve = {
    times: new Float64Array(changes.length),
    bytes: new Float64Array(changes.length),
    rates: new Float64Array(changes.length)
  };
  let bytes = 0;
  let rate = 0;
  changes.forEach(([time, change], i) => {
    if (i > 0) bytes += rate * (time - curve.times[i - 1]);
    rate = Math.max(0, rate + change);
    curve.times[i] = time;
    curve.bytes[i] = bytes;
    curve.rates[i] = rate;
  });
  return curve;
}

// Bytes of the intermediates in use from each time on.
function liveCurve(run) {
  const changes = [];
  for (const id of run.live.ids) {
    if (run.lastUse[id] < 0) continue;
    changes.push([run.firstUse[id], run.size[id]], [run.lastUse[id], -run.size[id]]);
  }
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const curve = {times: new Float64Array(changes.length), bytes: new Float64Array(changes.length)};
  let bytes = 0;
  changes.forEach(([time, change], i) => {
    curve.times[i] = time;
    curve.bytes[i] = bytes += change;
  });
  return curve;
}

// The most bytes of intermediates that are between first and last use at a time, in this run.
function mostLive(run) {
  run.liveBytes ??= liveCurve(run);
  return largest(run.liveBytes.bytes, 0);
}

// How many of the ascending times are at or before one.
function countUntil(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

function movedUntil(curve, time) {
  const i = countUntil(curve.times, time) - 1;
  return i < 0 ? 0 : curve.bytes[i] + curve.rates[i] * (time - curve.times[i]);
}

// Bytes a cycle on an average of [from, until).
function movedBetween(curve, from, until) {
  return (movedUntil(curve, until) - movedUntil(curve, from)) / (until - from);
}

// The most bytes in use at one time of [from, until).
function liveBetween(curve, from, until) {
  let i = countUntil(curve.times, from);
  let most = i > 0 ? curve.bytes[i - 1] : 0;
  for (; i < curve.times.length && curve.times[i] < until; ++i)
    most = Math.max(most, curve.bytes[i]);
  return most;
}

// A value for each pixel, in a scale that is the same at every zoom; what is beyond it has a dark
// top. curve: {name, colour, valueOf(from, until), text(value), most, line, lineName}.
function drawCurve(g, chart, top, {name, colour, valueOf, text, most, line, lineName}) {
  const [height, bottom] = [54, top + 58];
  g.fillStyle = cssColourCached("--faint");
  g.textAlign = "right";
  g.textBaseline = "top";
  g.fillText(name, chart.left - 8, top + 14);
  g.fillText(`to ${text(most)}`, chart.left - 8, top + 28);
  clipToPlot(g, chart, top, top + 60);
  for (let x = chart.left; x < chart.width - chart.right; ++x) {
    const value = valueOf(chart.value(x), chart.value(x + 1));
    const h = height * Math.min(value / most, 1);
    g.fillStyle = colour;
    g.fillRect(x, bottom - h, 1, h);
    if (value <= most) continue;
    g.fillStyle = cssColourCached("--text");
    g.fillRect(x, bottom - h, 1, 3);
  }
  const y = Math.round(bottom - height * line / most) - 0.5;
  g.strokeStyle = cssColourCached("--text");
  g.lineWidth = 1;
  g.setLineDash([6, 4]);
  g.beginPath();
  g.moveTo(chart.left, y);
  g.lineTo(chart.width - chart.right, y);
  g.stroke();
  g.setLineDash([]);
  g.strokeStyle = cssColourCached("--plot");
  g.lineWidth = 3;
  g.fillStyle = cssColourCached("--text");
  g.strokeText(lineName, chart.width - chart.right - 4, y + 2);
  g.fillText(lineName, chart.width - chart.right - 4, y + 2);
  g.restore();
}

// The curves below the lanes. Of DRAM the scale leaves a quarter above the peak.
function timelineCurves(run) {
  const peak = peakBytes(run);
  const planned = run.summary.memory.peak.value;
  const most = liveBetween(run.liveBytes, 0, run.cycles);
  return [
    {
      name: "DRAM B/cycle",
      colour: engineColour(1),
      valueOf: (from, until) => movedBetween(run.moved, from, until),
      text: (v) => significant(v),
      most: 1.25 * peak,
      line: peak,
      lineName: `peak ${significant(peak)} B a cycle`,
      tip: (value) => `${significant(value)} B of DRAM a cycle, ${percent(value / peak)} of the ` +
          `peak bandwidth of ${significant(peak)}${
                          value > peak ?
                              "\nMore than it for a moment: the bytes of a request count " +
                                  "evenly over the time that it is open." :
                              ""}`
    },
    {
      name: "live bytes",
      colour: engineColour(2),
      valueOf: (from, until) => liveBetween(run.liveBytes, from, until),
      text: readableBytes,
      most: 1.04 * Math.max(planned, most, 1),
      line: planned,
      lineName: `peak of the plan ${readableBytes(planned)}`,
      tip: (value) =>
          `${readableBytes(value)} of intermediates live; at most ${
              readableBytes(most)} in this run\nThe plan's peak of ${readableBytes(planned)} may ` +
          "be higher: it keeps apart what could be in use together in another run, rounds sizes " +
          "up to the alignment, and may have gaps."
    }
  ];
}
