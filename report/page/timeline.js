// Timeline: a lane for each engine of each core. Where many instructions fall on a pixel, its
// height says which share of it the engine was busy, the rest in pale why it mostly was not; where
// few do, each is drawn.

// A colour as a pixel of an image: bytes red, green, blue, alpha.
const words = new Map();
function wordOf(colour) {
  if (!words.has(colour)) {
    const [r, g, b] = channelsOf(colour);
    words.set(colour, (255 << 24 | b << 16 | g << 8 | r) >>> 0);
  }
  return words.get(colour);
}

class Timeline {
  constructor(run, cores) {
    this.run = run;
    this.cores = cores;
    this.lane = cores.length > 8 ? 9 : cores.length > 1 ? 13 : 22;  // height in pixels
    this.rows = cores.flatMap((core) => [0, 1, 2, 3].map((engine) => core * LANES + engine));
    this.row = new Map(this.rows.map((lane, i) => [lane, i]));
    this.curves = timelineCurves(run);
    this.curveTop = this.rows.length * this.lane + cores.length * 5 + 8;
    this.chart = new Chart({
      height: this.curveTop + 160,
      label: "timeline",
      left: 98,
      from: 0,
      until: run.cycles,
      draw: (g) => this.draw(g),
      hover: (x, y) => this.hover(x, y),
      click: (x, y) => this.click(x, y),
      interval: (from, until) => select({interval: [from, until]})
    });
  }
  y(lane) { return this.row.get(lane) * this.lane + Math.floor(this.row.get(lane) / 4) * 5 + 4; }

  draw(g) {
    const {run, chart} = this;
    g.fillStyle = cssColour("--plot");
    g.fillRect(0, 0, chart.width, chart.height);
    this.drawLabels(g);
    this.drawLanes(g);
    clipToPlot(g, chart, 0, this.curveTop);
    this.drawArrows(g);
    g.restore();
    this.curves.forEach((curve, i) => drawCurve(g, chart, this.curveTop + 68 * i, curve));
    clipToPlot(g, chart, 0, chart.height - 24);
    shadeInterval(g, chart, 0, chart.height - 24);
    this.shadeChosen(g);
    g.restore();
    chart.axis(g, chart.height - 24, "cycle");
  }
  // Each lane has the short name of its engine, however low it is; a core's stands before them.
  drawLabels(g) {
    const {chart} = this;
    g.textAlign = "right";
    g.textBaseline = "middle";
    g.fillStyle = cssColourCached("--faint");
    const font = g.font;
    for (const lane of this.rows) {
      const engine = lane % LANES;
      g.font = this.lane > 10 ? font : "8px system-ui, sans-serif";
      g.fillText(this.run.engines[engine], chart.left - 8, this.y(lane) + this.lane / 2);
      g.font = font;
      if (engine === 0)
        g.fillText(
            `core ${Math.floor(lane / LANES)}`, chart.left - 26,
            this.y(lane) + (this.lane > 10 ? this.lane / 2 : 2 * this.lane));
    }
  }
  // Shares go into an image, pixel by pixel: tens of thousands of rectangles take a canvas too
  // long.
  drawLanes(g) {
    const {run, chart} = this;
    const ratio = devicePixelRatio || 1;
    const image =
        g.createImageData(Math.round(chart.inner * ratio), Math.round((this.curveTop - 4) * ratio));
    const pixels = {words: new Uint32Array(image.data.buffer), width: image.width, ratio};
    pixels.words.fill(wordOf(cssColour("--plot")));
    pixels.pale = CAUSES.map((cause) => wordOf(paleColour(causeColour(cause))));
    const [from, until] = chart.range;
    const most = Math.min(chart.inner / 3, 8000 / this.rows.length);
    const few = [];
    for (const lane of this.rows) {
      const first = firstAfter(run, lane, from);
      const end = run.laneStart[lane + 1];
      let last = first;
      while (last < end && last - first <= most && run.start[last] < until) ++last;
      if (last - first > most)
        this.drawShares(pixels, lane);
      else
        few.push([lane, first, last]);
    }
    g.putImageData(image, Math.round(chart.left * ratio), 0);
    this.exact = 0;
    clipToPlot(g, chart, 0, this.curveTop);
    for (const [lane, first, last] of few) this.drawExact(g, lane, first, last);
    g.restore();
  }
  drawShares({words, width, ratio, pale}, lane) {
    const {run, chart} = this;
    const bottom = Math.round((this.y(lane) + this.lane - 1) * ratio);
    const full = Math.round((this.lane - 2) * ratio);
    const span = (chart.range[1] - chart.range[0]) / width;
    const {sums, reach} = run.busy;
    const begin = run.laneStart[lane];
    const end = run.laneStart[lane + 1];
    // Goes through the lane once, as the pixels do.
    let e = firstAfter(run, lane, chart.range[0]);
    let before = busyAt(run, lane, e, chart.range[0]);
    const idle = idleByPixel(run.gaps[lane], chart.range[0], span);
    for (let x = 0, time = chart.range[0] + span; x < width; ++x, time += span) {
      let shown = Math.min(e, end - 1);
      for (; e < end && reach[e] <= time; ++e)
        if (this.isChosen(e)) shown = e;
      let after = sums[e + lane];
      if (e < end)
        after += Math.max(0, time - Math.max(run.start[e], e > begin ? reach[e - 1] : 0));
      const share = (after - before) / span;
      before = after;
      const cause = idle(time);
      const height = share <= 0 ? 0 : Math.max(1, Math.round(full * Math.min(share, 1)));
      const word = height > 0 ? wordOf(this.colour(shown)) : 0;
      if (cause >= 0)
        for (let y = bottom - full; y < bottom - height; ++y) words[y * width + x] = pale[cause];
      for (let y = bottom - height; y < bottom; ++y) words[y * width + x] = word;
    }
  }
  drawExact(g, lane, first, last) {
    const {run, chart} = this;
    const y = this.y(lane);
    const [from, until] = chart.range;
    const gaps = run.gaps[lane];
    for (let i = gapAfter(gaps, from); i < gaps.length && gaps[i][0] < until; ++i) {
      const x = chart.x(gaps[i][0]);
      const cause = gaps[i][2];
      g.fillStyle = causeColour(cause);
      g.fillRect(x, y + this.lane - 5, Math.max(chart.x(gaps[i][1]) - x, 0.3), 3);
    }
    // Requests of a DMA overlap: what is chosen lies above the others.
    const order = Array.from({length: last - first}, (_, i) => first + i);
    const [others, chosen] =
        [order.filter((e) => !this.isChosen(e)), order.filter((e) => this.isChosen(e))];
    for (const e of [...others, ...chosen]) {
      if (run.opcodes[run.opcode[e]] === "wait") continue;
      ++this.exact;
      const x = chart.x(run.start[e]);
      const w = Math.max(chart.x(run.start[e] + run.length[e]) - x, 0.6);
      g.fillStyle = this.colour(e);
      g.fillRect(x, y, w, this.lane - 2);
      if (w > 4) {
        g.fillStyle = cssColourCached("--plot");
        g.fillRect(x + w - 0.8, y, 0.8, this.lane - 2);
      }
      if (w > 70 && this.lane > 10) {
        g.fillStyle = inkOn(this.colour(e));
        g.textAlign = "left";
        g.textBaseline = "middle";
        const name =
            `${run.opcodes[run.opcode[e]]} ${run.layer[e] >= 0 ? run.layers[run.layer[e]] : ""}`;
        g.fillText(
            name.slice(0, Math.floor(w / 6.2)), Math.max(x, chart.left) + 3, y + this.lane / 2 - 1);
      }
    }
  }
  isChosen(e) {
    if (selection.buffer !== null) return this.run.buffer[e] === selection.buffer;
    return selection.layer === null || this.run.layer[e] === selection.layer;
  }
  // What is chosen keeps its colour, so that it looks like no stall; all else is grey.
  colour(e) {
    const {run} = this;
    if (!this.isChosen(e)) return cssColourCached("--faded");
    return state.timelineBy === "engine" ? engineColour(run.laneOf[e] % LANES) :
                                           layerColour(run.layer[e]);
  }
  drawArrows(g) {
    const {run, chart} = this;
    const [from, until] = chart.range;
    const seen = (time) => time >= from && time <= until;
    g.strokeStyle = cssColourCached("--text");
    g.lineWidth = 1;
    const barriers = run.arrows.barriers.filter((b) => seen(run.start[b[0]] + run.length[b[0]]));
    this.arrows = 0;
    this.barrierLines = [];
    for (const events of barriers.length <= 150 ? barriers : []) {
      const rows = events.map((e) => Math.floor(run.laneOf[e] / LANES))
                       .filter((core) => this.cores.includes(core));
      if (rows.length === 0) continue;
      const x = chart.x(run.start[events[0]] + run.length[events[0]]);
      const ys = rows.map((core) => this.y(core * LANES) + 2 * this.lane);
      const [top, bottom] = [Math.min(...ys) - 2 * this.lane, Math.max(...ys) + 2 * this.lane];
      this.barrierLines.push({x, top, bottom, events});
      g.globalAlpha = 0.6;
      g.beginPath();
      g.moveTo(x, top);
      g.lineTo(x, bottom);
      for (const e of events) {
        const core = Math.floor(run.laneOf[e] / LANES);
        if (!this.cores.includes(core)) continue;
        g.moveTo(chart.x(run.start[e]), this.y(core * LANES) + 2 * this.lane);
        g.lineTo(x, this.y(core * LANES) + 2 * this.lane);
      }
      g.stroke();
      g.globalAlpha = 1;
      ++this.arrows;
    }
    const pairs = run.arrows.pairs.filter(
        ([a, b]) => this.row.has(run.laneOf[a]) && this.row.has(run.laneOf[b]) &&
            (seen(run.start[a]) || seen(run.start[b])));
    for (const [a, b] of pairs.length <= 1500 ? pairs : []) {
      this.drawArrow(
          g, chart.x(run.start[a]), this.y(run.laneOf[a]) + this.lane / 2,
          chart.x(run.start[b] + run.length[b]), this.y(run.laneOf[b]) + this.lane / 2);
      ++this.arrows;
    }
  }
  drawArrow(g, x1, y1, x2, y2) {
    const angle = Math.atan2(y2 - y1, x2 - x1);
    g.beginPath();
    g.moveTo(x1, y1);
    g.lineTo(x2, y2);
    for (const turn of [2.6, -2.6]) {
      g.moveTo(x2, y2);
      g.lineTo(x2 + 6 * Math.cos(angle + turn), y2 + 6 * Math.sin(angle + turn));
    }
    g.stroke();
  }
  shadeChosen(g) {
    const {run, chart} = this;
    const span = selection.buffer !== null ?
        [run.firstUse[selection.buffer], run.lastUse[selection.buffer]] :
        selection.layer !== null ?
        [run.layerSums[selection.layer].start, run.layerSums[selection.layer].end] :
        null;
    if (!span || !Number.isFinite(span[0])) return;
    g.strokeStyle = cssColour("--text");
    g.lineWidth = 1.5;
    g.setLineDash([4, 3]);
    g.strokeRect(
        chart.x(span[0]), 1, Math.max(chart.x(span[1]) - chart.x(span[0]), 1), chart.height - 27);
    g.setLineDash([]);
  }
  laneAt(y) { return this.rows.find((lane) => y >= this.y(lane) && y < this.y(lane) + this.lane); }
  eventAt(x, y) {
    const lane = this.laneAt(y);
    if (lane === undefined) return [undefined, -1];
    const time = this.chart.value(x);
    const e = firstAfter(this.run, lane, time);
    return [lane, e < this.run.laneStart[lane + 1] && this.run.start[e] <= time ? e : -1];
  }
  // A barrier stands before what lies below its line.
  hover(x, y) {
    const barrier = costliestBarrier(this.run, this.barrierLines || [], x, y);
    const below = this.hoverLanes(x, y);
    if (!barrier) return below;
    return barrierText(this.run, barrier) + (below ? `\n${below}` : "");
  }
  hoverLanes(x, y) {
    const {run} = this;
    const [lane, e] = this.eventAt(x, y);
    if (lane === undefined) return this.hoverCurve(x, y);
    if (x < this.chart.left) {
      const engine = run.engines[lane % LANES];
      return `${engine}: the ${ENGINE_TEXT[engine]} engine of core ${Math.floor(lane / LANES)}`;
    }
    if (e >= 0) {
      const bytes = run.buffer[e] >= 0 ?
          `\n${readableBytes(run.bytes[e])} of ${run.buffers[run.buffer[e]]}` :
          "";
      return `${eventText(run, e)}\n${readableCycles(run.length[e])}${bytes}`;
    }
    const time = this.chart.value(x);
    const gap = run.gaps[lane].find(([from, until]) => from <= time && time < until);
    return gap ? `idle: ${CAUSE_TEXT[gap[2]]}\n${readableCycles(gap[1] - gap[0])}, from ${
                     grouped(gap[0])} to ${grouped(gap[1])}` :
                 "";
  }
  hoverCurve(x, y) {
    const {chart} = this;
    const curve = this.curves[Math.floor((y - this.curveTop) / 68)];
    if (!curve || x < chart.left || x > chart.width - chart.right) return "";
    const [from, until] = [chart.value(x), chart.value(x + 1)];
    const end = Math.max(Math.ceil(until), Math.floor(from) + 1);
    return `cycles ${grouped(Math.floor(from))} to ${grouped(end)}\n${
        curve.tip(curve.valueOf(from, until))}`;
  }
  click(x, y) {
    const [, e] = this.eventAt(x, y);
    if (e < 0) return;
    select({
      layer: this.run.layer[e] >= 0 ? this.run.layer[e] : null,
      buffer: this.run.buffer[e] >= 0 ? this.run.buffer[e] : null
    });
  }
}
