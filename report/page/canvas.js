// A canvas with a horizontal axis that can be moved and zoomed, by mouse and by keys. The view that
// owns it draws; the chart keeps the visible range and tells hovering and clicks.

class Chart {
  // options: height, label, from, until, draw(chart), hover(x, y) -> text, click(x, y),
  // interval(from, until), clear: tooltips do not cover the chart, vertical: what moves and zooms
  // upwards, {zoom(factor, y), hold() -> pan(pixels), all()}.
  constructor(options) {
    Object.assign(this, options);
    this.left = options.left ?? 84;
    this.right = 12;
    this.range = [options.from, options.until];
    this.canvas = element("canvas", {tabindex: 0, role: "img", "aria-label": options.label});
    this.canvas.style.height = `${options.height}px`;
    this.pending = false;
    this.drag = null;
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    this.canvas.addEventListener("wheel", (event) => this.wheel(event), {passive: false});
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", (event) => this.up(event));
    this.canvas.addEventListener("pointerleave", () => showTip(""));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  get width() { return this.canvas.clientWidth; }
  get inner() { return Math.max(this.width - this.left - this.right, 1); }
  x(value) {
    return this.left + (value - this.range[0]) / (this.range[1] - this.range[0]) * this.inner;
  }
  value(x) {
    return this.range[0] + (x - this.left) / this.inner * (this.range[1] - this.range[0]);
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.drawNow();
    });
  }

  drawNow() {
    const ratio = devicePixelRatio || 1;
    if (this.width === 0) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.height = `${this.height}px`;
    const g = this.canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.font = "11px system-ui, sans-serif";
    const begin = performance.now();
    this.draw(g, this);
    this.lastDraw = performance.now() - begin;
  }

  // The horizontal axis at height y, and the selected interval behind everything.
  axis(g, y, name) {
    g.fillStyle = cssColour("--faint");
    g.textBaseline = "top";
    for (const at of ticks(this.range[0], this.range[1], Math.max(2, this.inner / 120))) {
      g.fillRect(Math.round(this.x(at)), y, 1, 4);
      // Names at the edges stay within the plot.
      const x = this.x(at);
      const near = x < this.left + 26      ? "left" :
          x > this.width - this.right - 26 ? "right" :
                                             "center";
      g.textAlign = near;
      g.fillText(grouped(at), x, y + 5);
    }
    g.textAlign = "right";
    g.fillText(name, this.left - 8, y + 5);
  }

  show(from, until) {
    const span = Math.min(Math.max(until - from, this.least ?? 20), this.until - this.from);
    const start = Math.min(Math.max(from, this.from), this.until - span);
    this.range = [start, start + span];
    this.redraw();
    if (this.ranged) this.ranged(this.range);
  }
  zoom(factor, at) {
    const span = (this.range[1] - this.range[0]) * factor;
    const share = (at - this.range[0]) / (this.range[1] - this.range[0]);
    this.show(at - span * share, at + span * (1 - share));
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
  wheel(event) {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    // With Shift some browsers turn the wheel sideways.
    const turned = event.shiftKey ? event.deltaY || event.deltaX : event.deltaY;
    const factor = Math.exp(turned * 0.0015);
    const [x, y] = this.at(event);
    if (event.shiftKey && this.vertical)
      this.vertical.zoom(factor, y);
    else
      this.zoom(factor, this.value(x));
  }
  down(event) {
    this.canvas.focus({preventScroll: true});
    this.canvas.setPointerCapture(event.pointerId);
    const [x, y] = this.at(event);
    this.drag = {
      x,
      y,
      range: [...this.range],
      pan: this.vertical && this.vertical.hold(),
      interval: event.shiftKey && this.interval,
      moved: false
    };
  }
  move(event) {
    const [x, y] = this.at(event);
    if (!this.drag) {
      showTip(
          this.hover ? this.hover(x, y) : "", event.clientX, event.clientY,
          this.clear ? this.canvas.getBoundingClientRect() : undefined);
      return;
    }
    if (Math.abs(x - this.drag.x) > 3 || (this.drag.pan && Math.abs(y - this.drag.y) > 3))
      this.drag.moved = true;
    if (!this.drag.moved) return;
    showTip("");
    if (this.drag.interval) {
      const ends = [this.value(this.drag.x), this.value(x)].sort((a, b) => a - b);
      this.interval(
          Math.max(this.from, Math.round(ends[0])), Math.min(this.until, Math.round(ends[1])));
    } else {
      const shift = (this.drag.x - x) / this.inner * (this.drag.range[1] - this.drag.range[0]);
      this.show(this.drag.range[0] + shift, this.drag.range[1] + shift);
      if (this.drag.pan) this.drag.pan(y - this.drag.y);
    }
  }
  up(event) {
    const drag = this.drag;
    this.drag = null;
    if (drag && !drag.moved && this.click) this.click(...this.at(event));
  }
  // Shift and an arrow move one end of the interval; the other end stays where the first was.
  extend(sign) {
    const clamped = (at) => Math.round(Math.min(Math.max(at, this.from), this.until));
    const step = Math.max(1, (this.range[1] - this.range[0]) * 0.02);
    const [low, high] = selection.interval || [];
    const known = this.ends && Math.min(...this.ends) === low && Math.max(...this.ends) === high;
    const middle = clamped((this.range[0] + this.range[1]) / 2);
    if (!known) this.ends = low === undefined ? [middle, middle] : [low, high];
    this.ends = [this.ends[0], clamped(this.ends[1] + sign * step)];
    if (this.ends[1] === this.ends[0]) this.ends[1] = clamped(this.ends[1] + sign * step);
    if (this.ends[1] === this.ends[0]) return;
    this.interval(Math.min(...this.ends), Math.max(...this.ends));
    const outside =
        Math.min(0, this.ends[1] - this.range[0]) + Math.max(0, this.ends[1] - this.range[1]);
    if (outside !== 0) this.show(this.range[0] + outside, this.range[1] + outside);
  }
  key(event) {
    const sign = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (event.shiftKey && sign && this.interval) {
      event.preventDefault();
      this.extend(sign);
      return;
    }
    const span = this.range[1] - this.range[0];
    const middle = (this.range[0] + this.range[1]) / 2;
    const acts = {
      ArrowLeft: () => this.show(this.range[0] - span * 0.15, this.range[1] - span * 0.15),
      ArrowRight: () => this.show(this.range[0] + span * 0.15, this.range[1] + span * 0.15),
      "+": () => this.zoom(0.6, middle),
      "=": () => this.zoom(0.6, middle),
      "-": () => this.zoom(1 / 0.6, middle),
      0: () => {
        this.show(this.from, this.until);
        if (this.vertical) this.vertical.all();
      },
    };
    if (this.vertical) {
      const step = this.height * 0.15;
      Object.assign(acts, {
        ArrowUp: () => this.vertical.hold()(step),
        ArrowDown: () => this.vertical.hold()(-step),
        PageUp: () => this.vertical.zoom(0.6, this.height / 2),
        PageDown: () => this.vertical.zoom(1 / 0.6, this.height / 2),
      });
    }
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }
}

function shadeInterval(g, chart, top, bottom) {
  if (!selection.interval) return;
  g.fillStyle = cssColour("--accent") + "33";
  const [from, until] = selection.interval.map((at) => chart.x(at));
  g.fillRect(from, top, Math.max(until - from, 1), bottom - top);
}

function clipToPlot(g, chart, top, bottom) {
  g.save();
  g.beginPath();
  g.rect(chart.left, top, chart.inner, bottom - top);
  g.clip();
}
