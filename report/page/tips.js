// One tooltip for the page: of charts, which say what to show, and of whatever has data-tip.

// Beside the mouse, or, where a chart is to stay in sight, above or below it.
function showTip(text, x, y, chart) {
  const tip = document.getElementById("tip");
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  tip.classList.toggle("wide", chart !== undefined);
  const box = tip.getBoundingClientRect();
  let left = x + 14;
  let top = y + 16 + box.height < innerHeight ? y + 16 : Math.max(4, y - box.height - 10);
  if (chart) [left, top] = outside(chart, box, x) || [left, top];
  tip.style.left = `${Math.max(4, Math.min(left, innerWidth - box.width - 8))}px`;
  tip.style.top = `${top}px`;
}

// Below the chart, above it, or in its other half: the first that has room.
function outside(chart, box, x) {
  if (chart.bottom + 4 + box.height <= innerHeight) return [x - box.width / 2, chart.bottom + 4];
  if (chart.top - 4 - box.height >= 0) return [x - box.width / 2, chart.top - 4 - box.height];
  const top = Math.max(4, innerHeight - box.height - 8);
  if (x > (chart.left + chart.right) / 2) return [Math.max(4, chart.left - 20), top];
  return [chart.right, top];
}

function listenForTips() {
  let shown = false;
  const show = (target, x, y) => {
    const owner = target instanceof Element ? target.closest("[data-tip]") : null;
    if (owner || shown) showTip(owner ? owner.dataset.tip : "", x, y);
    shown = owner !== null;
  };
  document.addEventListener(
      "pointermove", (event) => show(event.target, event.clientX, event.clientY));
  document.addEventListener("focusin", (event) => {
    const box = event.target.getBoundingClientRect();
    if (event.target.matches(":focus-visible")) show(event.target, box.left, box.bottom);
  });
}
