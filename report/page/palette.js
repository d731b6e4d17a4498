// Colours that readers with any colour vision tell apart: Okabe and Ito's eight, viridis for amounts.

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
  dispatch: "no instruction handed on yet", token_ln: "waits for the load-neuron engine",
  token_ls: "waits for the load-synapse engine", token_cp: "waits for the compute engine",
  token_st: "waits for the store engine", sync: "waits for other cores", done: "nothing left to do",
};
const CAUSE_COLOUR = {
  dispatch: "#f0e442", token_ln: "#e69f00", token_ls: "#d55e00", token_cp: "#cc79a7",
  token_st: "#8c5a2b", sync: "#111111", done: "#8a9099",
};
const ENGINE_TEXT = {ln: "load neurons", ls: "load synapses", cp: "compute", st: "store", ctl: "control"};
const ENGINE_COLOUR = ["#56b4e9", "#0072b2", "#009e73", "#cc79a7", "#8a9099"];

// Neighbouring layers and tensors get colours far apart: the seven in turn, each lap a bit darker.
const colours = [];
function colourOf(index) {
  if (index < 0) return GREY;
  return colours[index] ??= makeColour(index);
}
function makeColour(index) {
  const lap = Math.floor(index / OKABE_ITO.length) % 4;
  const hex = OKABE_ITO[index % OKABE_ITO.length];
  const part = (at) => Math.round(parseInt(hex.slice(at, at + 2), 16) * (1 - 0.14 * lap));
  return `rgb(${part(1)},${part(3)},${part(5)})`;
}

function channelsOf(colour) {
  return colour.startsWith("#") ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
    : colour.match(/\d+/g).map(Number);
}

// Black or white, whichever reads better on a colour of the form rgb(r,g,b) or #rrggbb.
function inkOn(colour) {
  const [r, g, b] = channelsOf(colour);
  return 0.299 * r + 0.587 * g + 0.114 * b > 110 ? "#000" : "#fff";
}

function cssColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
