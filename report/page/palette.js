// Colours that readers with any colour vision tell apart: Okabe and Ito's eight, viridis for
// amounts.

const OKABE_ITO = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const GREY = "#8a9099";
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

const darkGround = matchMedia("(prefers-color-scheme: dark)");

// On a dark ground at least so light that it stands out against it by 3 to 1.
function visible(channels) {
  const luminance = ([r, g, b]) =>
      0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
  while (darkGround.matches && luminance(channels) < 0.18) channels = towards(255, channels, 0.1);
  return channels;
}
function towards(end, channels, share) { return channels.map((v) => v + (end - v) * share); }
function rgbOf(channels) { return `rgb(${channels.map(Math.round).join(",")})`; }

function viridis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return rgbOf(visible(VIRIDIS[low].map((v, i) => v + (VIRIDIS[low + 1][i] - v) * (at - low))));
}

// Work is blue, green or violet, idleness yellow, red or brown (causes.js), so that no layer looks
// like a stall. On a dark ground the same hues are lighter.
const LAYER_COLOURS = ["#0072b2", "#56c1e9", "#009e73", "#7d6fe0", "#8fd9c8", "#24408e"];
const ENGINE_TEXT = {
  ln: "load neurons",
  ls: "load synapses",
  cp: "compute",
  st: "store",
  ctl: "control"
};
const ENGINE_COLOUR = ["#56c1e9", "#0072b2", "#009e73", "#7d6fe0", GREY];

// Neighbours get colours far apart: those of a palette in turn, each lap a bit farther from the
// ground.
const coloured = new Map();
function paletteColour(palette, index) {
  if (index < 0) return GREY;
  const key = `${palette[0]} ${palette[1]} ${index}`;
  if (!coloured.has(key)) {
    const lap = Math.floor(index / palette.length) % 4;
    const base = visible(channelsOf(palette[index % palette.length]));
    coloured.set(key, rgbOf(towards(darkGround.matches ? 255 : 0, base, 0.14 * lap)));
  }
  return coloured.get(key);
}
function engineColour(engine) { return paletteColour(ENGINE_COLOUR, engine); }
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
