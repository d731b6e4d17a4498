// Numbers and times as a reader wants them, and small helpers for elements.

function grouped(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function significant(value, digits = 3) {
  if (value === 0) return "0";
  if (Math.abs(value) >= Math.min(10 ** digits, 1000)) return grouped(value);
  return String(Number(value.toPrecision(digits)));
}

function readableBytes(value) {
  if (Math.abs(value) < 1024) return `${Math.round(value)} B`;
  for (const unit of ["KiB", "MiB", "GiB", "TiB"]) {
    value /= 1024;
    if (Math.abs(value) < 1024 || unit === "TiB") return `${value.toFixed(2)} ${unit}`;
  }
  return "";
}

function percent(ratio) { return `${(100 * ratio).toFixed(1)} %`; }

function readableCycles(value) { return `${grouped(value)} cycles`; }

// A plain number of the summary, which has its unit beside it.
function readable({value, unit}) {
  if (unit === "bytes") return readableBytes(value);
  if (unit === "ratio") return percent(value);
  if (unit === "s")
    return value < 1e-3 ? `${significant(value * 1e6)} us` : `${significant(value * 1e3)} ms`;
  if (unit === "nJ")
    return value < 1e6 ? `${significant(value / 1e3)} uJ` : `${significant(value / 1e6)} mJ`;
  return `${significant(value, 4)} ${unit}`;
}

// Of lists that may be too long to be arguments of Math.max.
function largest(values, least = -Infinity) {
  return values.reduce((most, v) => (v > most ? v : most), least);
}
function smallest(values) { return values.reduce((least, v) => (v < least ? v : least), Infinity); }

// Steps of 1, 2 or 5 times a power of ten (of bytes: powers of two) that cut a span into few parts.
function ticks(from, until, wanted, binary = false) {
  const span = Math.max(until - from, 1e-12) / wanted;
  let step;
  if (binary) {
    step = 2 ** Math.ceil(Math.log2(Math.max(span, 1)));
  } else {
    const power = 10 ** Math.floor(Math.log10(span));
    step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= span * 0.999);
  }
  const list = [];
  for (let at = Math.ceil(from / step) * step; at <= until; at += step) list.push(at);
  return list;
}

// element("td", {class: "bar"}, child, "text"): attributes that start with "on" are listeners.
function element(name, attributes = {}, ...children) {
  const svg =
      ["svg", "g", "rect", "circle", "line", "path", "text", "title", "polyline"].includes(name);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) :
                     document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on"))
      node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false)
      node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// A text that breaks at its commas only.
function unbroken(text) {
  const span = element("span");
  text.split(", ").forEach((part, i) => {
    span.append(i > 0 ? ", " : "", element("span", {class: "unbroken"}, part));
  });
  return span;
}

// What is drawn anew has other elements: the one with the same data-key gets the focus.
function keepFocus(node, redraw) {
  const key =
      node.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  redraw();
  if (key === undefined) return;
  [...node.querySelectorAll("[data-key]")].find((n) => n.dataset.key === key)?.focus();
}
