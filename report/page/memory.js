// Memory map: addresses upwards, time to the right, a rectangle for each buffer.

// boxes: [{id, from, until, at, size, colour}]; the owner of the pixel under the mouse is the last
// box drawn there.
class MemoryMap {
  constructor(options) {
    Object.assign(
        this, options);  // title, boxes, until, top, lines, describe, choose, isChosen, axisName
    [this.low, this.high] = [0, this.top];  // the addresses that are in sight
    this.chart = new Chart({
      height: options.height || 420,
      label: options.title,
      from: 0,
      until: options.until,
      least: options.least || 2,
      draw: (g) => this.draw(g),
      hover: (x, y) => this.hover(x, y),
      click: (x, y) => this.click(x, y),
      interval: options.interval,
      clear: true,
      vertical: {
        zoom: (factor, y) => this.zoomAddresses(factor, y),
        hold: () => this.holdAddresses(),
        all: () => this.showAddresses(0, this.top)
      }
    });
  }
  get bottom() { return this.chart.height - 26; }
  get bytesOfPixel() { return (this.high - this.low) / (this.bottom - 10); }
  y(address) { return this.bottom - (address - this.low) / this.bytesOfPixel; }
  address(y) { return this.low + (this.bottom - y) * this.bytesOfPixel; }

  showAddresses(low, high) {
    const span = Math.min(Math.max(high - low, Math.min(64, this.top)), this.top);
    this.low = Math.min(Math.max(low, 0), this.top - span);
    this.high = this.low + span;
    this.chart.redraw();
    if (this.scaled) this.scaled(this.low, this.high);
  }
  zoomAddresses(factor, y) {
    const at = this.address(y);
    this.showAddresses(at - (at - this.low) * factor, at + (this.high - at) * factor);
  }
  // What pans by so many pixels downwards from what is in sight now.
  holdAddresses() {
    const [low, high] = [this.low, this.high];
    return (pixels) => {
      const bytes = pixels * (high - low) / (this.bottom - 10);
      this.showAddresses(low + bytes, high + bytes);
    };
  }

  draw(g) {
    const {chart} = this;
    g.fillStyle = cssColour("--plot");
    g.fillRect(0, 0, chart.width, chart.height);
    g.fillStyle = cssColour("--faint");
    g.textAlign = "right";
    g.textBaseline = "middle";
    const exact = this.high - this.low < 2 ** 17;  // else neighbours would read alike
    for (const at of ticks(this.low, this.high, 6, true)) {
      g.fillText(exact ? grouped(at) : readableBytes(at), chart.left - 8, this.y(at));
      g.fillRect(chart.left - 4, Math.round(this.y(at)), 4, 1);
    }
    chart.axis(g, this.bottom, this.axisName);
    clipToPlot(g, chart, 0, this.bottom);
    this.drawBoxes(g);
    if (this.axisName === "cycle") shadeInterval(g, chart, 0, this.bottom);
    for (const line of this.lines) this.drawLine(g, line);
    g.restore();
  }

  drawBoxes(g) {
    const {chart} = this;
    const [from, until] = chart.range;
    const chosen = [];
    // Where something is chosen, all else is paler.
    const dimmed = this.boxes.some((box) => this.isChosen(box)) ? 0.35 : 1;
    for (const box of this.boxes) {
      if (box.until < from || box.from > until) continue;
      const x = chart.x(box.from);
      const y = this.y(box.at + box.size);
      const w = Math.max(chart.x(box.until) - x, 0.5);
      const h = Math.max(this.y(box.at) - y, 0.5);
      g.globalAlpha = this.isChosen(box) ? 1 : dimmed;
      g.fillStyle = box.colour;
      g.fillRect(x, y, w, h);
      if (w > 3 && h > 3) {
        g.strokeStyle = cssColourCached("--page");
        g.lineWidth = 0.7;
        g.strokeRect(x, y, w, h);
      }
      if (h > 12 && w > 40) this.drawName(g, box, Math.max(x, chart.left), y, w, h);
      if (this.isChosen(box))
        chosen.push([x, y, w, h]);
      else if (this.isMarked && this.isMarked(box))
        hatch(g, x, y, w, h);
    }
    g.globalAlpha = 1;
    for (const [x, y, w, h] of chosen) {
      g.strokeStyle = cssColourCached("--page");
      g.lineWidth = 5;
      g.strokeRect(x, y, w, h);
      g.strokeStyle = cssColourCached("--text");
      g.lineWidth = 2.5;
      g.strokeRect(x, y, w, h);
    }
  }
  drawName(g, box, x, y, w, h) {
    const letters = Math.floor((w - 8) / 6);
    if (box.name.length > letters) return;
    g.fillStyle = inkOn(box.colour);
    g.textAlign = "left";
    g.textBaseline = "middle";
    g.fillText(box.name, x + 5, y + h / 2);
  }
  drawLine(g, {at, name, left}) {
    const {chart} = this;
    const y = Math.round(this.y(at));
    g.strokeStyle = cssColour("--text");
    g.lineWidth = 1.4;
    g.setLineDash(left ? [] : [6, 4]);
    g.beginPath();
    g.moveTo(chart.left, y);
    g.lineTo(chart.width - chart.right, y);
    g.stroke();
    g.setLineDash([]);
    g.font = "bold 11px system-ui, sans-serif";
    g.textBaseline = "top";
    g.textAlign = left ? "left" : "right";
    const text = `${name} ${readableBytes(at)}`;
    const x = left ? chart.left + 6 : chart.width - chart.right - 6;
    g.strokeStyle = cssColour("--plot");
    g.lineWidth = 3;
    g.strokeText(text, x, y + 3);
    g.fillStyle = cssColour("--text");
    g.fillText(text, x, y + 3);
    g.font = "11px system-ui, sans-serif";
  }

  boxAt(x, y) {
    const time = this.chart.value(x);
    if (y > this.bottom) return null;
    const address = this.address(y);
    const slack = (this.chart.range[1] - this.chart.range[0]) / this.chart.inner;
    let found = null;
    for (const box of this.boxes) {
      if (box.from <= time + slack && time - slack < box.until && box.at <= address &&
          address < box.at + box.size)
        found = box;
    }
    return found;
  }
  hover(x, y) {
    const box = this.boxAt(x, y);
    return box ? this.describe(box) : "";
  }
  click(x, y) {
    const box = this.boxAt(x, y);
    if (box && this.choose) this.choose(box);
  }
}

const colourCache = new Map();
function cssColourCached(name) {
  if (!colourCache.has(name)) colourCache.set(name, cssColour(name));
  return colourCache.get(name);
}

// Buffers of the bound carry a stripe, so that colour alone does not tell them.
function hatch(g, x, y, w, h) {
  g.fillStyle = cssColourCached("--text");
  g.fillRect(x, y, Math.min(3, w / 3), h);
}

function bufferText(run, id) {
  const live = run.live;
  const lines = [
    `${run.buffers[id]} (${run.kinds[run.kind[id]]} of ${run.tensors[id]})`,
    `${grouped(run.size[id])} B at ${grouped(run.offset[id])} to ${
        grouped(run.offset[id] + run.size[id])}`
  ];
  if (run.lastUse[id] >= 0)
    lines.push(`in use in cycles ${grouped(run.firstUse[id])} to ${grouped(run.lastUse[id])}`);
  lines.push(
      `first written by ${eventText(run, run.writer[id])}`,
      `last read by ${eventText(run, run.lastReader[id])}`);
  const entry = live.entry.get(id);
  if (entry !== undefined && live.first) {
    const others = conflicts(live, entry);
    lines.push(`may share bytes with ${live.n - 1 - others.length} of ${live.n - 1} others`);
    others.sort((a, b) => run.size[live.ids[b]] - run.size[live.ids[a]]);
    for (const other of others.slice(0, 3))
      lines.push(`not with ${run.buffers[live.ids[other]]}: ${briefly(live, entry, other)}`);
    if (others.length > 0)
      lines.push(`${
          others.length > 3 ? `nor with ${others.length - 3} smaller ones: ` :
                              ""}click for all conflicts and their reasons`);
    if (live.inBound.has(id)) lines.push("is one of those that make the lower bound");
  }
  return lines.join("\n");
}

function bufferColour(run, id, by) {
  if (by === "layer") return layerColour(run.writer[id] >= 0 ? run.layer[run.writer[id]] : -1);
  if (by === "slowness") {
    const layer = run.writer[id] >= 0 ? run.layerSums[run.layer[run.writer[id]]] : null;
    return layer ? viridis(layer.cycles / run.slowest) : GREY;
  }
  return tensorColour(run.tensorIndex.get(run.tensors[id]));
}

// Boxes of the planned intermediates in the problem's sequence, or in cycles.
function runBoxes(run, axis, by) {
  return Array.from(
      run.live.ids,
      (id, i) => ({
        id,
        name: run.buffers[id],
        from: axis === "cycle" ? Math.min(run.firstUse[id], run.cycles) : run.live.from[i],
        until: axis === "cycle" ? Math.max(run.lastUse[id], 0) : run.live.until[i],
        at: run.offset[id],
        size: run.size[id],
        colour: bufferColour(run, id, by)
      }));
}

function runMap(run, {axis, by, top, title, height}) {
  const boxes = runBoxes(run, axis, by);
  const until = axis === "cycle" ? run.cycles : largest(boxes.map((b) => b.until), 1);
  return new MemoryMap({
    title,
    boxes,
    until,
    top,
    height,
    axisName: axis === "cycle" ? "cycle" : "place",
    lines: [
      {at: run.summary.memory.peak.value, name: "peak", left: true},
      {at: run.summary.memory.lower_bound.value, name: "lower bound"}
    ],
    describe: (box) => bufferText(run, box.id),
    choose: (box) => selectBuffer(run, box.id),
    interval: axis === "cycle" ? (from, end) => select({interval: [from, end]}) : undefined,
    isMarked: (box) => run.live.inBound.has(box.id),
    isChosen: (box) => selection.buffer === box.id ||
        (selection.buffer === null && selection.layer !== null && run.writer[box.id] >= 0 &&
         run.layer[run.writer[box.id]] === selection.layer)
  });
}

// Zooming the addresses of one of two maps of equal heights zooms the other one's.
function showSameAddresses(a, b) {
  const follow = (map, other) => {
    map.scaled = (low, high) => {
      if (other.low !== low || other.high !== high) other.showAddresses(low, high);
    };
  };
  follow(a, b);
  follow(b, a);
}

// Whether this program bears the plan from topology out.
function topologyVerdict(run) {
  const {pairs, first} = run.topology.overlaps;
  if (pairs === 0)
    return "In this program it is right: cores are ordered wherever two tensors share bytes.";
  return "It holds only where no core starts a layer before all have ended the one before. " +
      `This program does not wait so: ${
             pairs === 1 ? "one pair of buffers shares" : `${pairs} pairs of buffers share`} ` +
      `bytes while both are in use, and data would be lost (${first}). ` +
      "unnasim compare shows what a barrier after each layer costs, for which the plan is right.";
}

function topologyMap(run, top) {
  const c = run.header.columns;
  const info = run.topology;
  const names = info.names || [];
  const boxes = names.map((name, i) => ({
                            id: i,
                            name,
                            from: c["topology.from"][i],
                            until: c["topology.until"][i],
                            at: c["topology.offset"][i],
                            size: c["topology.size"][i],
                            colour: tensorColour(run.tensorIndex.get(name) ?? i)
                          }));
  return new MemoryMap({
    title: "topology liveness",
    boxes,
    top,
    until: largest(boxes.map((b) => b.until), 1),
    axisName: info.intervals ? "layer" : "place",
    lines: [{at: info.peak, name: "peak", left: true}, {at: info.lower_bound, name: "lower bound"}],
    describe: (box) => `${box.name}\n${grouped(box.size)} B at ${grouped(box.at)}, in use from ${
        box.from} to ${box.until} in the order of the layers`,
    isChosen: (box) => selection.buffer !== null && run.tensors[selection.buffer] === box.name
  });
}

function boundNote(run) {
  const m = run.summary.memory;
  const bound = run.live.inBound;
  let bytes = 0;
  for (const id of bound) bytes += run.size[id];
  const gap = m.peak.value - m.lower_bound.value;
  return `${run.live.n} buffers, ${readableBytes(m.without_sharing.value)} without sharing. Peak ${
             readableBytes(m.peak.value)}, ` +
      `${
             gap === 0 ? `which no layout of this program's ${run.stored} goes below` :
                         `${readableBytes(gap)} (${
                             percent(gap / m.lower_bound.value)}) above the lower bound of its ${
                             run.stored}: that much is lost in gaps`}. ` +
      `The ${bound.size} buffers with a thick edge make the bound (${
             readableBytes(
                 bytes)}): nothing orders the uses of one after those of another, so that ` +
      `all may be in use together. In this run at most ${
             readableBytes(
                 mostLive(run))} are live at once: what is more is the price of what the ` +
      "program leaves unordered. To go below the bound takes another program, not another " +
      "layout: unnasim fit tells what walks of less memory would cost. Wheel and drag zoom and " +
      "move the cycles, Shift and wheel or Page up and down zoom the addresses.";
}

function memoryView(run, root) {
  const settings = {axis: "cycle", by: "tensor"};
  const choice = (name, values, label) => element(
      "label", {}, label, " ",
      element(
          "select", {
            id: name,
            onchange: (event) => {
              settings[name] = event.target.value;
              build();
            }
          },
          ...values.map(([value, text]) => element("option", {value}, text))));
  const place = element("div");
  const list = element("div");
  let listed;  // the buffer whose conflicts are listed
  const note = element("p", {class: "note", id: "bound"}, boundNote(run));
  const beside = element("div");
  const buffers = bufferTable(run);
  root.append(
      element(
          "div", {class: "tools"},
          choice("axis", [["cycle", "cycles"], ["place", "order of the instructions"]], "Time in"),
          choice(
              "by",
              [
                ["tensor", "tensor"], ["layer", "layer that writes"],
                ["slowness", "cycles of the layer"]
              ],
              "Colour by")),
      note, place, element("h2", {}, "Conflicts"), list,
      element("h2", {}, "Topology liveness in the same scale"),
      element(
          "p", {class: "note"},
          `What frameworks plan with: whole tensors in the order of the layers, planned by ${
              run.topology.planner}; ` +
              `peak ${readableBytes(run.topology.peak)}, lower bound of whole tensors ${
                  readableBytes(run.topology.lower_bound)}. ` +
              topologyVerdict(run)),
      beside, buffers.node);
  const top = 1.04 * Math.max(run.summary.memory.peak.value, run.topology.peak, 1);
  let map;
  const topology = topologyMap(run, top);
  state.topologyMap = topology;
  beside.append(topology.chart.canvas);
  function build() {
    const before = map;
    map = runMap(run, {...settings, top, title: "memory map"});
    showSameAddresses(map, topology);
    if (before) map.showAddresses(before.low, before.high);
    if (before && before.axisName === map.axisName) map.chart.show(...before.chart.range);
    place.replaceChildren(map.chart.canvas);
    state.map = map;
  }
  build();
  const update = () => {
    if (listed !== selection.buffer) list.replaceChildren(conflictTable(run));
    listed = selection.buffer;
    buffers.draw();
    map.chart.redraw();
    topology.chart.redraw();
  };
  update();
  return {update};
}
