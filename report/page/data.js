// Unpacks what report/packing.cpp has packed: base64, gzip, a JSON header with its length in front,
// and columns of differences in variable-length bytes.

async function unpack(text) {
  const packed = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const headerSize = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerSize)));
  const columns = {};
  for (const column of header.columns || []) {
    columns[column.name] = unpackColumn(bytes, 4 + headerSize + column.at, column);
  }
  header.columns = columns;
  return header;
}

function unpackColumn(bytes, at, {count, wide}) {
  const values = wide ? new Float64Array(count) : new Int32Array(count);
  let value = 0;
  for (let i = 0; i < count; ++i) {
    let rest = 0;
    let scale = 1;
    let byte;
    do {
      byte = bytes[at++];
      rest += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    value += rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2;
    values[i] = value;
  }
  return values;
}

// A line of CSV may hold quoted cells (RFC 4180).
function parseCsv(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (quoted) {
      if (c !== '"')
        cell += c;
      else if (text[i + 1] === '"')
        cell += text[++i];
      else
        quoted = false;
    } else if (c === '"') {
      quoted = true;
    } else if (c === ",") {
      row.push(cell);
      cell = "";
    } else if (c === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else {
      cell += c;
    }
  }
  const names = rows.shift() || [];
  return rows.map(
      (cells) => Object.fromEntries(cells.map(
          (value, i) =>
              [names[i], value !== "" && Number.isFinite(Number(value)) ? Number(value) : value])));
}

const LANES = 5;    // of a core: its four engines and its control processor
const COMPUTE = 2;  // the lane of the compute engine

// Everything that the views ask of a run is derived here, once.
function makeRun(header) {
  const run = {...header, ...header.names, header};
  const c = header.columns;
  run.cycles = header.summary.performance.cycles.value;
  run.cores = header.summary.cores.length;
  run.count = c["event.pc"] ? c["event.pc"].length : 0;
  for (const name
           of ["pc", "start", "length", "opcode", "layer", "buffer", "bytes", "begin", "tokens",
               "sync", "peer", "cores_low", "cores_high"])
    run[name] = c["event." + name] || new Int32Array(0);
  run.laneStart = new Int32Array(c.lanes.length + 1);
  c.lanes.forEach((n, lane) => {
    run.laneStart[lane + 1] = run.laneStart[lane] + n;
  });
  run.laneOf = new Int32Array(run.count);
  for (let lane = 0; lane < c.lanes.length; ++lane) {
    run.laneOf.fill(lane, run.laneStart[lane], run.laneStart[lane + 1]);
  }
  run.size = c["buffer.size"];
  run.kind = c["buffer.kind"];
  run.offset = c["buffer.offset"];
  run.gaps = idleSpans(c);
  run.arrows = arrowsOf(c);
  deriveBuffers(run);
  deriveLayers(run);
  return run;
}

// Why each engine was idle when (report/stalls.h): by lane a list of [from, until, cause].
function idleSpans(columns) {
  const lanes = [];
  let next = 0;
  columns["idle.lanes"].forEach((count, engine) => {
    const spans = [];
    for (let i = 0; i < count; ++i, ++next) {
      const from = columns["idle.from"][next];
      spans.push([from, from + columns["idle.length"][next], CAUSES[columns["idle.cause"][next]]]);
    }
    lanes[Math.floor(engine / 4) * LANES + engine % 4] = spans;
  });
  return lanes;
}

// Which events are barriers together, and which signal ends which wait (report/sync_pairs.h).
function arrowsOf(columns) {
  const barriers = [];
  let next = 0;
  for (const size of columns["barrier.size"]) {
    barriers.push(Array.from(columns["barrier.event"].subarray(next, next + size)));
    next += size;
  }
  const signals = Array.from(columns["pair.signal"]);
  return {barriers, pairs: signals.map((from, i) => [from, columns["pair.wait"][i]])};
}

// For each buffer the cycles in which it is in use, its first write and its last read.
function deriveBuffers(run) {
  const n = run.size.length;
  run.firstUse = new Float64Array(n).fill(Infinity);
  run.lastUse = new Float64Array(n).fill(-1);
  run.writer = new Int32Array(n).fill(-1);
  run.lastWriter = new Int32Array(n).fill(-1);
  run.lastReader = new Int32Array(n).fill(-1);
  const mnemonics = run.opcodes;
  for (let e = 0; e < run.count; ++e) {
    const b = run.buffer[e];
    if (b < 0) continue;
    const end = run.start[e] + run.length[e];
    if (run.start[e] < run.firstUse[b]) run.firstUse[b] = run.start[e];
    if (end > run.lastUse[b]) run.lastUse[b] = end;
    if (mnemonics[run.opcode[e]] === "store") {
      if (run.writer[b] < 0 || run.start[e] < run.start[run.writer[b]]) run.writer[b] = e;
      const last = run.lastWriter[b];
      if (last < 0 || end > run.start[last] + run.length[last]) run.lastWriter[b] = e;
    } else {
      const last = run.lastReader[b];
      if (last < 0 || end > run.start[last] + run.length[last]) run.lastReader[b] = e;
    }
  }
}

// Rows of layers.csv put together over the cores.
function deriveLayers(run) {
  run.layerRows = parseCsv(run.layers_csv);
  const index = new Map(run.layers.map((name, i) => [name, i]));
  run.layerSums = run.layers.map((name, i) => ({
                                   index: i,
                                   name,
                                   kind: run.layer_kinds[i],
                                   start: Infinity,
                                   end: 0,
                                   cores: 0,
                                   shares_of_cores: [],  // [core, MACs, compute busy]
                                   cycles: 0,
                                   compute_busy: 0,
                                   macs: 0,
                                   dram: 0,
                                   moved: [0, 0, 0],  // by ln, ls and st
                                   energy_nj: 0,
                                   stalls: 0,
                                   idle: Object.fromEntries(CAUSES.map((cause) => [cause, 0])),
                                   shares: run.layer_shares[i],
                                   instructions: 0,
                                   limit: ""
                                 }));
  for (const row of run.layerRows) {
    const sum = run.layerSums[index.get(row.layer)];
    if (!sum) continue;
    sum.cores += 1;
    sum.shares_of_cores.push([row.core, row.macs, row.compute_busy]);
    sum.start = Math.min(sum.start, row.start_cycle);
    sum.end = Math.max(sum.end, row.end_cycle);
    sum.cycles += row.run_cycles;
    sum.limit = row.limit;
    sum.compute_busy += row.compute_busy;
    sum.macs += row.macs;
    sum.dram += row.dram_read + row.dram_written;
    sum.energy_nj += row.energy_nj;
    sum.instructions += row.instructions;
    for (const cause of CAUSES) {
      sum.idle[cause] += row["stall_" + cause];
      sum.stalls += row["stall_" + cause];
    }
  }
  const place = {0: 0, 1: 1, 3: 2};
  for (let e = 0; e < run.count; ++e) {
    const sum = run.layerSums[run.layer[e]];
    if (sum && run.bytes[e] > 0) sum.moved[place[run.laneOf[e] % LANES]] += run.bytes[e];
  }
  const core = run.summary.machine.core;
  const slots = core.pes.value * core.multipliers.value;
  for (const sum of run.layerSums) {
    if (sum.cores === 0) sum.start = 0;
    sum.rate = sum.cycles > 0 ? sum.dram / sum.cycles : 0;
    sum.utilisation = sum.cycles > 0 ? sum.macs / (sum.cycles * slots * run.cores) : 0;
  }
}
