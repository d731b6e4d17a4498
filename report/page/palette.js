// Colours that readers with any colour vision tell apart: Okabe and Ito's eight, viridis for
// amounts.

const OKABE_ITO = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const GREY = "#8a9099";
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function viridis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const mixed = VIRIDIS[low].map((v, i) => Math.round(v + (VIRIDIS[low + 1][i] - v) * (at - low)));
  return `rgb(${mixed.join(",")})`;
}

// Why an engine is idle, in the words and order of docs/metrics.md.
const CAUSES = ["dispatch", "token_ln", "token_ls", "token_cp", "token_st", "sync", "done"];
const CAUSE_TEXT = {
  dispatch: "no instruction handed on yet",
  token_ln: "waits for the load-neuron engine",
  token_ls: "waits for the load-synapse engine",
  token_cp: "waits for the compute engine",
  token_st: "waits for the store engine",
  sync: "waits for other cores",
  done: "nothing left to do",
};
// Work is blue, green or violet, idleness yellow, red or brown, so that no layer looks like a
// stall.
const CAUSE_COLOUR = {
  dispatch: "#f0e442",
  token_ln: "#e69f00",
  token_ls: "#d55e00",
  token_cp: "#cc6677",
  token_st: "#8c5a2b",
  sync: "var(--text)",
  done: "#c9b79c",
};
const LAYER_COLOURS = ["#0072b2", "#56c1e9", "#009e73", "#7d6fe0", "#8fd9c8", "#24408e"];
const ENGINE_TEXT = {
  ln: "load neurons",
  ls: "load synapses",
  cp: "compute",
  st: "store",
  ctl: "control"
};
const ENGINE_COLOUR = ["#56c1e9", "#0072b2", "#009e73", "#7d6fe0", GREY];

// Neighbours get colours far apart: those of a palette in turn, each lap a bit darker.
const coloured = new Map();
function paletteColour(palette, index) {
  if (index < 0) return GREY;
  const key = `${palette[0]} ${palette[1]} ${index}`;
  if (!coloured.has(key)) {
    const lap = Math.floor(index / palette.length) % 4;
    const shades =
        channelsOf(palette[index % palette.length]).map((v) => Math.round(v * (1 - 0.14 * lap)));
    coloured.set(key, `rgb(${shades.join(",")})`);
  }
  return coloured.get(key);
}
function tensorColour(index) { return paletteColour(OKABE_ITO, index); }
function layerColour(index) { return paletteColour(LAYER_COLOURS, index); }
function causeColour(cause) {
  return cause === "sync" ? cssColourCached("--text") : CAUSE_COLOUR[cause];
}

function channelsOf(colour) {
  return colour.startsWith("#") ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) :
                                  colour.match(/\d+/g).map(Number);
}

// Black or white, whichever reads better on a colour of the form rgb(r,g,b) or #rrggbb.
function inkOn(colour) {
  const [r, g, b] = channelsOf(colour);
  return 0.299 * r + 0.587 * g + 0.114 * b > 110 ? "#000" : "#fff";
}

function cssColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
