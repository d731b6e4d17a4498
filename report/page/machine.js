// The machine of a run, and in which of its fields and options two runs differ.

// [path, figure or word] of every field below an object.
function fieldsOf(object, path = "") {
  return Object.entries(object).flatMap(([name, field]) => {
    const here = path ? `${path}.${name}` : name;
    const inner = field !== null && typeof field === "object" && !("value" in field);
    return inner ? fieldsOf(field, here) : [[here, field]];
  });
}

// In the unit of the machine file, so that a value can be copied back there.
function fieldText(field) {
  if (field === undefined) return "-";
  if (field === null || typeof field !== "object") return String(field);
  return `${field.value} ${field.unit}`;
}

// What the run was asked for besides its machine.
function optionsOf(summary) {
  const options = Object.entries(summary).filter(([, value]) => typeof value !== "object");
  const files = ["network_file", "machine_file"].filter((name) => summary[name]);
  return [
    ...options, ...files.map((name) => [name, `${summary[name].path} (${summary[name].xxh64})`]),
    ["memory.planner", summary.memory.planner], ["memory.liveness", summary.memory.liveness],
    ["memory.seed", summary.memory.seed], ["energy.table", summary.energy.table]
  ];
}

// [field, first, second] of machine fields and options that differ, machine first.
function settingsThatDiffer(a, b) {
  const list = (summary) => new Map([
    ...fieldsOf(summary.machine).map(([name, field]) => [`machine.${name}`, fieldText(field)]),
    ...optionsOf(summary).map(([name, field]) => [name, fieldText(field)])
  ]);
  const [first, second] = [list(a), list(b)];
  const names = [...new Set([...first.keys(), ...second.keys()])];
  return names.map((name) => [name, first.get(name) ?? "-", second.get(name) ?? "-"])
      .filter(([, x, y]) => x !== y);
}

function machineFacts(run) {
  const {machine: m, performance} = run.summary;
  const {core, dram, cache} = m;
  return [
    ["cores", String(m.cores.value)], ["clock", `${m.clock_mhz.value} MHz`],
    ["data type", m.data_type],
    ["multipliers of a core", `${core.pes.value} PEs x ${core.multipliers.value}`],
    ["NBin", readableBytes(core.nbin_bytes.value)], ["SB", readableBytes(core.sb_bytes.value)],
    ["NBout", readableBytes(core.nbout_bytes.value)], ["DRAM model", dram.model],
    ["DRAM standard", dram.standard], ["DRAM channels", String(dram.channels.value)],
    [
      "peak bandwidth",
      `${significant(performance.peak_bandwidth.value, 4)} GB/s, ${
          significant(peakBytes(run))} B a cycle`
    ],
    ["shared cache", cache.size_bytes.value > 0 ? readableBytes(cache.size_bytes.value) : "none"]
  ];
}

function machineSection(run) {
  const m = run.summary.machine;
  const row = (name, text) => element("tr", {}, element("td", {}, name), element("td", {}, text));
  const facts = machineFacts(run).map(
      ([name, text]) => element("span", {}, `${name} `, element("b", {}, text)));
  return element(
      "details", {id: "machine", open: true}, element("summary", {}, `Machine: ${m.name}`),
      element("div", {class: "facts"}, ...facts),
      element(
          "details", {}, element("summary", {}, "all fields and options"),
          element(
              "div", {class: "scroll plain"},
              element(
                  "table", {},
                  element(
                      "tbody", {},
                      ...optionsOf(run.summary).map(([name, value]) => row(name, fieldText(value))),
                      ...fieldsOf(m).map(
                          ([name, field]) => row(`machine.${name}`, fieldText(field))))))));
}

function settingsTable(a, b) {
  const rows = settingsThatDiffer(a.summary, b.summary);
  if (rows.length === 0)
    return element(
        "p", {class: "note", id: "compare-settings"},
        "Both runs have the same network, machine and options.");
  const head = ["machine field or option", a.path, b.path].map((t) => element("th", {}, t));
  return element(
      "div", {class: "scroll plain", id: "compare-settings"},
      element(
          "table", {}, element("thead", {}, element("tr", {}, ...head)),
          element(
              "tbody", {},
              ...rows.map(
                  (cells) => element("tr", {}, ...cells.map((t) => element("td", {}, t)))))));
}
