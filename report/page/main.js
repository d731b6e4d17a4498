// Unpacks the contents, makes the tabs, and opens a view when its tab is chosen.

const state = {
  runs: [],
  sweeps: [],
  run: null,
  timelineBy: "layer",
  core: null,  // whose lanes the timeline shows; null: all cores
  view: null,
  tab: null
};

function tabsOf() {
  const tabs = [];
  if (state.run) {
    tabs.push(
        ["overview", "Overview", (root) => overviewView(state.run, root)],
        ["memory", "Memory map", (root) => memoryView(state.run, root)],
        ["timeline", "Timeline", (root) => timelineView(state.run, root)],
        ["layers", "Layers", (root) => layersView(state.run, root)]);
  }
  if (state.runs.length > 1) tabs.push(["compare", "Compare", compareView]);
  state.sweeps.forEach((sweep, i) => tabs.push([
    `sweep${i || ""}`, state.sweeps.length > 1 ? `Sweep ${sweep.name}` : "Sweep",
    (root) => sweepView(sweep, root)
  ]));
  const fits = state.runs.filter((run) => run.front_csv !== undefined);
  fits.forEach((run, i) => tabs.push([
    `fit${i || ""}`, fits.length > 1 ? `Fit ${run.path}` : "Fit", (root) => fitView(run, root)
  ]));
  return tabs;
}

function openTab(id) {
  const tabs = tabsOf();
  const tab = tabs.find(([name]) => name === id) || tabs[0];
  state.tab = tab[0];
  const root = element(
      "section", {role: "tabpanel", id: `view-${tab[0]}`, "aria-labelledby": `tab-${tab[0]}`});
  document.getElementById("views").replaceChildren(root);
  state.view = tab[2](root);
  for (const button of document.querySelectorAll("[role=tab]")) {
    const open = button.id === `tab-${tab[0]}`;
    button.setAttribute("aria-selected", open);
    button.tabIndex = open ? 0 : -1;
  }
  showTip("");
  scrollTo(0, 0);
  history.replaceState(null, "", `#${tab[0]}`);
}

function makeTabs() {
  const tabs = tabsOf();
  document.getElementById("tabs").replaceChildren(...tabs.map(
      ([id, name]) =>
          element("button", {role: "tab", id: `tab-${id}`, onclick: () => openTab(id)}, name)));
}

function tabKey(event) {
  const buttons = [...document.querySelectorAll("[role=tab]")];
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (!step) return;
  const next =
      buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
  next.focus();
  openTab(next.id.slice(4));
}

function chooseRun(index) {
  state.run = state.runs[index];
  state.core = null;
  const run = state.run;
  Object.assign(selection, {layer: null, buffer: null, interval: null, elsewhere: null});
  if (!run.live) {
    run.live = makeLiveness(run);
    run.tensorIndex = new Map([...new Set(run.tensors)].map((name, i) => [name, i]));
    run.slowest = Math.max(...run.layerSums.map((l) => l.cycles), 1);
  }
  const m = run.summary.machine;
  const title = `${run.summary.network} on ${run.cores} ${run.cores === 1 ? "core" : "cores"} of ${
      m.name} at ${m.clock_mhz.value} MHz`;
  document.getElementById("title").textContent = title;
  document.title = title;
  makeTabs();
  showSelection();
}

async function start() {
  for (const node of document.querySelectorAll("script.packed")) {
    const content = await unpack(node.textContent);
    node.remove();
    if (content.type === "run")
      state.runs.push(makeRun(content));
    else
      state.sweeps.push(content);
  }
  for (let i = state.runs.length - 1; i >= 0; --i) chooseRun(i);
  const choice = document.getElementById("run");
  choice.replaceChildren(...state.runs.map((run, i) => element("option", {value: i}, run.path)));
  choice.addEventListener("change", () => {
    chooseRun(Number(choice.value));
    openTab(state.tab);
  });
  document.getElementById("run-choice").hidden = state.runs.length < 2;
  if (!state.run)
    document.getElementById("title").textContent = document.title =
        state.sweeps.map((s) => s.name).join(", ");
  document.getElementById("tabs").addEventListener("keydown", tabKey);
  document.addEventListener("keydown", (event) => event.key === "Escape" && clearSelection());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    colourCache.clear();
    coloured.clear();
    openTab(state.tab);
  });
  listenForTips();
  onSelection(() => state.view && state.view.update());
  makeTabs();
  openTab(location.hash.slice(1));
  state.ready = performance.now();
}

start().catch((error) => {
  document.getElementById("views").replaceChildren(element(
      "p", {id: "failure"},
      `This page can't be shown: ${error}.${
          typeof DecompressionStream === "undefined" ? " It needs a browser of 2023 or later." :
                                                       ""}`));
});
