// Small charts as SVG: horizontal bars of shares, histograms, and points over two axes.

// parts: [{name, value, colour, text}]; one bar a part, longest first.
function shareBars(parts, total) {
  const shown = parts.filter((p) => p.value > 0).sort((a, b) => b.value - a.value);
  const height = 24 * shown.length + 4;
  const svg = element("svg", {
    viewBox: `0 0 620 ${height}`,
    width: "100%",
    role: "img",
    "aria-label": shown.map((p) => `${p.name} ${percent(p.value / total)}`).join(", ")
  });
  shown.forEach((p, i) => {
    const y = i * 24 + 4;
    svg.append(
        element("text", {x: 226, y: y + 13, "text-anchor": "end"}, p.name), element("rect", {
          x: 232,
          y,
          width: Math.max(1, 250 * p.value / shown[0].value),
          height: 17,
          fill: p.colour
        }),
        element(
            "text", {x: 240 + 250 * p.value / shown[0].value, y: y + 13},
            `${percent(p.value / total)}  ${p.text || ""}`));
  });
  return svg;
}

function logTicks(from, until) {
  const list = [];
  const factors = until / from > 50 ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= until; ++power) {
    for (const factor of factors) {
      const at = factor * 10 ** power;
      if (at >= from && at <= until) list.push(at);
    }
  }
  return list.length >= 2 ? list : [from, until];
}

function axisOf(values, log) {
  let low = smallest(values);
  let high = largest(values);
  if (log && low > 0) {
    low /= 1.3;
    high *= 1.3;
    const span = Math.log(high / low);
    return {low, high, at: (v) => Math.log(v / low) / span, ticks: logTicks(low, high)};
  }
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  low = low >= 0 && low - room < 0 ? 0 : low - room;
  high += room;
  return {low, high, at: (v) => (v - low) / (high - low), ticks: ticks(low, high, 6)};
}

function lineName({points, name, nameAt, anchor, shift}, px, py) {
  const at = points[nameAt];
  return element(
      "text", {x: px(at.x) + shift[0], y: py(at.y) + shift[1], "text-anchor": anchor}, name);
}

function scatterPoint(p, cx, cy) {
  const act = () => p.click && p.click();
  return element("circle", {
    cx,
    cy,
    r: p.r ?? 4.5,
    fill: p.colour,
    class: "point",
    "fill-opacity": 0.82,
    stroke: p.chosen ? "var(--text)" : "var(--page)",
    "stroke-width": p.chosen ? 2.5 : 0.7,
    tabindex: 0,
    "data-key": p.key,
    "aria-label": p.tip,
    style: "cursor:pointer",
    onclick: act,
    onkeydown: (event) => event.key === "Enter" && act(),
    onpointermove: (event) => showTip(p.tip, event.clientX, event.clientY),
    onpointerleave: () => showTip("")
  });
}

// Points over two axes, later ones on top. points: [{x, y, r, colour, tip, click, chosen, key}];
// lines: [{points, name, dashed, nameAt, anchor, shift}]: a name stands at a point of its line.
function scatter({points, lines = [], x, y, log = false, width = 640, height = 380, label}) {
  const inner = {left: 88, right: 16, top: lines.some((l) => l.name) ? 30 : 12, bottom: 42};
  const xs = [...points, ...lines.flatMap((l) => l.points)].map((p) => p.x);
  const ys = [...points, ...lines.flatMap((l) => l.points)].map((p) => p.y);
  const ax = axisOf(xs, log);
  const ay = axisOf(ys, log);
  const px = (v) => inner.left + ax.at(v) * (width - inner.left - inner.right);
  const py = (v) => height - inner.bottom - ay.at(v) * (height - inner.top - inner.bottom);
  const svg = element(
      "svg",
      {viewBox: `0 0 ${width} ${height}`, width: "100%", role: "group", "aria-label": label});
  for (const t of ax.ticks) {
    svg.append(
        element(
            "line",
            {class: "grid", x1: px(t), x2: px(t), y1: inner.top, y2: height - inner.bottom}),
        element(
            "text", {x: px(t), y: height - inner.bottom + 16, "text-anchor": "middle"},
            significant(t)));
  }
  for (const t of ay.ticks) {
    svg.append(
        element(
            "line", {class: "grid", x1: inner.left, x2: width - inner.right, y1: py(t), y2: py(t)}),
        element("text", {x: inner.left - 6, y: py(t) + 4, "text-anchor": "end"}, significant(t)));
  }
  svg.append(
      element(
          "text",
          {x: (inner.left + width - inner.right) / 2, y: height - 6, "text-anchor": "middle"}, x),
      element(
          "text", {
            transform: `translate(13,${(height - inner.bottom) / 2}) rotate(-90)`,
            "text-anchor": "middle"
          },
          y));
  for (const l of lines) {
    svg.append(element("polyline", {
      points: l.points.map((p) => `${px(p.x)},${py(p.y)}`).join(" "),
      fill: "none",
      stroke: l.colour || "var(--faint)",
      "stroke-width": 1.6,
      "stroke-dasharray": l.dashed ? "5 4" : undefined
    }));
    if (l.name) svg.append(lineName(l, px, py));
  }
  for (const p of points) svg.append(scatterPoint(p, px(p.x), py(p.y)));
  return svg;
}

function histogram(values, label) {
  const positive = values.filter((v) => v > 0);
  if (positive.length === 0) return element("p", {class: "note"}, "There are none.");
  const low = Math.floor(Math.log2(smallest(positive)));
  const high = Math.floor(Math.log2(largest(positive)));
  const bins = new Array(high - low + 1).fill(0);
  for (const v of positive) ++bins[Math.floor(Math.log2(v)) - low];
  const most = Math.max(...bins);
  const width = 640;
  const step = (width - 60) / bins.length;
  const svg = element(
      "svg", {viewBox: `0 0 ${width} 190`, width: "100%", role: "img", "aria-label": label});
  bins.forEach((n, i) => {
    const h = 130 * n / most;
    svg.append(element(
        "rect",
        {x: 40 + i * step + 1, y: 150 - h, width: step - 2, height: h, fill: "var(--accent)"},
        element(
            "title", {},
            `${n} of ${readableBytes(2 ** (low + i))} to ${readableBytes(2 ** (low + i + 1))}`)));
    if (n > 0)
      svg.append(element(
          "text", {x: 40 + (i + 0.5) * step, y: 146 - h, "text-anchor": "middle"}, String(n)));
    if (bins.length <= 10 || i % 2 === 0) {
      svg.append(element(
          "text", {x: 40 + i * step, y: 166, "text-anchor": "middle"},
          readableBytes(2 ** (low + i)).replace(".00", "")));
    }
  });
  svg.append(element("text", {x: width / 2, y: 186, "text-anchor": "middle"}, label));
  return svg;
}
