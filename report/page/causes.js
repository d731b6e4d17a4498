// What limits runs and layers, and why engines are idle.

// Why an engine is idle, in the words and order of docs/metrics.md.
const CAUSES =
    ["dispatch", "token_ln", "token_ls", "token_cp", "token_st", "drain", "sync", "done"];
const CAUSE_TEXT = {
  dispatch: "no instruction handed on yet",
  token_ln: "waits for the load-neuron engine (ln)",
  token_ls: "waits for the load-synapse engine (ls)",
  token_cp: "waits for the compute engine (cp)",
  token_st: "waits for the store engine (st)",
  drain: "waits for own engines to end (drain)",
  sync: "waits for other cores",
  done: "nothing left to do",
};
const CAUSE_COLOUR = {
  dispatch: "#f0e442",
  token_ln: "#e69f00",
  token_ls: "#d55e00",
  token_cp: "#cc6677",
  token_st: "#8c5a2b",
  drain: "#808000",
  sync: "var(--text)",
  done: "#c9b79c",
};
const CAUSE_SHORT = {
  dispatch: "no instruction",
  token_ln: "ln",
  token_ls: "ls",
  token_cp: "cp",
  token_st: "st",
  drain: "drain",
  sync: "other cores",
  done: "nothing left",
};

// "ln 12.0 %, st 0.3 %": idle cycles by cause, the most first.
function idleText(idle, total) {
  const parts = CAUSES.filter((cause) => idle[cause] >= total * 5e-4 && idle[cause] > 0)
                    .sort((a, b) => idle[b] - idle[a]);
  return parts.map((cause) => `${CAUSE_SHORT[cause]} ${percent(idle[cause] / total)}`).join(", ") ||
      "none";
}

// Busy and idle cycles by cause beside one another.
function stackedBar(busy, idle) {
  const total = CAUSES.reduce((sum, cause) => sum + idle[cause], busy);
  const lines = [`${percent(busy / total)} busy (${grouped(busy)} core-cycles)`];
  const bar = element("div", {class: "stack", role: "img"});
  const add = (value, colour) => value > 0 &&
      bar.append(element("i", {style: `width:${100 * value / total}%;background:${colour}`}));
  add(busy, "var(--busy)");
  for (const cause of CAUSES) {
    add(idle[cause], CAUSE_COLOUR[cause]);
    if (idle[cause] > 0)
      lines.push(`${percent(idle[cause] / total)} idle: ${CAUSE_TEXT[cause]} (${
          grouped(idle[cause])} core-cycles)`);
  }
  bar.setAttribute("aria-label", lines.join(", "));
  bar.dataset.tip = lines.join("\n");
  return total > 0 ? bar : "";
}

function causeLegend(withBusy) {
  const entry = (colour, text) =>
      element("span", {}, element("i", {style: `background:${colour}`}), text);
  return element(
      "div", {class: "legend causes"}, withBusy ? entry("var(--busy)", "busy") : null,
      ...CAUSES.map((cause) => entry(CAUSE_COLOUR[cause], `idle: ${CAUSE_TEXT[cause]}`)));
}

const SHARE_NAMES = ["compute", "data", "cores"];
const LIMIT_TIP =
    "What the compute engines of all cores did in the run cycles of the layer. compute: they " +
    "executed; data: they waited for loads, stores or instructions; cores: they waited for other " +
    "cores.\nThe limit is the largest share, so that a layer that compute limits may well lose " +
    "time to data. Waiting for data is called bandwidth where DRAM is busy for at least half of " +
    "the time, else latency. A DRAM that is busy for 9/10 of the time, while engines compute for " +
    "less, is the limit whatever the shares are.";

// "compute 78 %, data 22 %"; another limit stands before its shares.
function limitText({limit, shares}) {
  const parts = shares.map((value, i) => ({name: SHARE_NAMES[i], value}))
                    .filter((p) => p.value >= 0.005)
                    .sort((a, b) => b.value - a.value);
  const text = parts.map((p) => `${p.name} ${Math.round(100 * p.value)} %`).join(", ");
  return parts.length > 0 && parts[0].name === limit ? text : `${limit}: ${text}`;
}

// How many layers each limit has, and their part of the run's cycles, the most first.
function cyclesByLimit(run) {
  const sums = new Map();
  for (const {limit, cycles, cores} of run.layerSums) {
    if (cores === 0) continue;
    const sum = sums.get(limit) || {limit, layers: 0, cycles: 0};
    sum.layers += 1;
    sum.cycles += cycles;
    sums.set(limit, sum);
  }
  return [...sums.values()].sort((a, b) => b.cycles - a.cycles);
}
