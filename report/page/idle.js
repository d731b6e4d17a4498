// Why engines were idle, as the timeline draws it where many instructions fall on a pixel.

// Above the ground of the plot so much that causes are told apart, and less than what is busy.
function paleColour(colour) {
  const ground = channelsOf(cssColour("--plot"));
  return rgbOf(channelsOf(colour).map((v, i) => ground[i] + (v - ground[i]) * 0.45));
}

// The first idle span that ends after a cycle.
function gapAfter(gaps, cycle) {
  let low = 0;
  let high = gaps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (gaps[middle][1] > cycle)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// Asked for the ends of neighbouring pixels of `span` cycles in turn, from `from` on: the place of
// the cause, among CAUSES, that a pixel is idle longest for; -1: it is not idle.
function idleByPixel(gaps, from, span) {
  const sums = new Float64Array(CAUSES.length);
  const place = new Map(CAUSES.map((cause, i) => [cause, i]));
  let gap = gapAfter(gaps, from);
  return (time) => {
    sums.fill(0);
    let most = -1;
    for (; gap < gaps.length && gaps[gap][0] < time; ++gap) {
      const [begin, end, cause] = gaps[gap];
      const i = place.get(cause);
      sums[i] += Math.min(end, time) - Math.max(begin, time - span);
      if (most < 0 || sums[i] > sums[most]) most = i;
      if (end > time) break;
    }
    return most;
  };
}
