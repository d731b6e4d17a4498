"""Where cycles went, layer by layer and in an interval, and on which machine: held against the files of the runs."""

import collections
import json
import re

from views_case import ViewsCase, unnasim

SHORT = {"dispatch": "no instruction", "token_ln": "ln", "token_ls": "ls", "token_cp": "cp", "token_st": "st",
         "drain": "drain", "sync": "other cores", "done": "nothing left"}


class Figures(ViewsCase):
    def sums(self, *names):
        """Of the rows of layers.csv, by layer."""
        sums = collections.defaultdict(float)
        for row in self.layers:
            sums[row["layer"]] += sum(float(row[name]) for name in names)
        return sums

    def row_text(self, layer, column):
        return self.js("return document.querySelector(`#layer-table tr[data-key='${arguments[0]}'] [data-column=${arguments[1]}]`).textContent",
                       layer, column)

    def test_shares_of_layers_are_those_of_the_run(self):
        cycles = self.sums("run_cycles")
        names, shares = self.header["names"]["layers"], self.header["layer_shares"]
        total = sum(cycles.values())
        for i, name in enumerate(("compute_share", "waiting_share", "awaiting_share")):
            found = sum(cycles[layer] * by_layer[i] for layer, by_layer in zip(names, shares)) / total
            self.assertAlmostEqual(found, self.summary["performance"][name]["value"], delta=1e-4, msg=name)

    def test_what_limits_a_layer_is_shown_with_its_shares(self):
        self.open("layers")
        limits = {row["layer"]: row["limit"] for row in self.layers}
        lossy = 0
        for layer, shares in zip(self.header["names"]["layers"], self.header["layer_shares"]):
            if layer not in limits:
                continue
            text = self.row_text(layer, "limit")
            for name, share in zip(("compute", "data", "cores"), shares):
                if share >= 0.005:
                    self.assertIn(f"{name} {100 * share:.0f} %", text)
            self.assertTrue(text.startswith(limits[layer]), text)
            lossy += limits[layer] == "compute" and "data" in text
        self.assertGreater(lossy, 0)
        self.assertIn("waited for other cores", self.tip_of("#layer-table th.words"))

    def test_cycles_by_limit_are_counted(self):
        self.open("overview")
        text = self.text("[data-figure='cycles by limit']")
        cycles = self.sums("run_cycles")
        limits = {row["layer"]: row["limit"] for row in self.layers}
        for limit in set(limits.values()):
            layers = [layer for layer in cycles if limits[layer] == limit]
            share = sum(cycles[layer] for layer in layers) / sum(cycles.values())
            self.assertIn(f"{limit} {100 * share:.1f} % ({len(layers)} layer", text)

    def test_a_layer_tells_what_it_moved(self):
        self.open("layers")
        moved = self.sums("dram_read", "dram_written")
        written, cycles = self.sums("dram_written"), self.sums("run_cycles")
        found = self.js("return state.run.layerSums.map((l) => [l.name, l.moved, l.rate])")
        for layer, (neurons, synapses, stored), rate in found:
            self.assertEqual(neurons + synapses + stored, moved[layer], layer)
            self.assertEqual(stored, written[layer], layer)
            if cycles[layer]:
                self.assertAlmostEqual(rate, moved[layer] / cycles[layer], delta=0.01, msg=layer)
        self.assertTrue(any(synapses > 0 for _, (_, synapses, _), _ in found))
        rows = [row for row in self.layers if float(row["macs"]) > 0]
        total = self.sums("macs")[rows[0]["layer"]]
        cores = self.js("return document.querySelector(`#layer-table tr[data-key='${arguments[0]}'] td:nth-child(3)`).dataset.tip", rows[0]["layer"])
        for row in rows:
            if row["layer"] == rows[0]["layer"]:
                self.assertIn(f"core {row['core']} {100 * float(row['macs']) / total:.1f} %", cores)
        tip = self.js("return [...document.querySelectorAll('#layer-table td[data-tip]')].map((td) => td.dataset.tip).find((t) => t.includes('neurons'))")
        self.assertRegex(tip, r"of neurons and .* of synapses loaded, .* stored: [0-9.]+ B a run cycle")

    def test_a_layer_tells_why_its_engines_were_idle(self):
        self.open("layers")
        busy, stalls = self.sums("compute_busy"), {cause: self.sums("stall_" + cause) for cause in SHORT}
        for layer in busy:
            total = busy[layer] + sum(s[layer] for s in stalls.values())
            expected = [v / total for v in (busy[layer], *(s[layer] for s in stalls.values())) if v > 0]
            widths = self.js("""return [...document.querySelectorAll(`#layer-table tr[data-key='${arguments[0]}'] .stack i`)]
                .map((i) => parseFloat(i.style.width) / 100)""", layer)
            self.assertEqual(len(widths), len(expected), layer)
            for width, share in zip(widths, expected):
                self.assertAlmostEqual(width, share, delta=1e-3)
        layer = max(busy, key=stalls["token_ls"].get)
        total = busy[layer] + sum(s[layer] for s in stalls.values())
        tip = self.tip_of(f"#layer-table tr[data-key='{layer}'] .stack")
        self.assertIn(f"idle: waits for the load-synapse engine (ls) ({stalls['token_ls'][layer]:,.0f} core-cycles)", tip)
        self.js("document.querySelector(`#layer-table tr[data-key='${arguments[0]}']`).click()", layer)
        chosen = self.text("#selection")
        self.assertIn(f"busy {100 * busy[layer] / total:.1f} % of {total:,.0f} core-cycles", chosen)
        self.assertIn(f"ls {100 * stalls['token_ls'][layer] / total:.1f} %", chosen)

    def test_an_interval_tells_causes_of_the_chosen_cores(self):
        self.open("timeline")
        cycles = self.summary["performance"]["cycles"]["value"]
        self.js("select({interval: [0, state.run.cycles]})")
        everything = self.text("#selection")
        self.assertIn("all cores", everything)
        self.choose("#cores", 1)
        text = self.text("#selection")
        self.assertIn("core 1:", text)
        self.assertNotEqual(text, everything)
        engine = self.summary["cores"][1]["engines"]["cp"]
        self.assertIn(f"busy {100 * engine['busy']['value'] / cycles:.1f} % of {cycles:,} core-cycles", text)
        for cause, short in SHORT.items():
            share = engine["stall_" + cause]["value"] / cycles
            if share >= 5e-4:
                self.assertIn(f"{short} {100 * share:.1f} %", text)
        columns = self.header["columns"]
        first, last = (sum(columns["lanes"][:5 * core]) for core in (1, 2))
        took = sum(length > 0 for length in columns["event.length"][first:last])
        self.assertIn(f"{took:,} instructions", text)
        # Another view leaves the choice alone.
        self.js("openTab('layers'); openTab('timeline')")
        self.assertEqual(self.js("return [document.getElementById('cores').value, state.timeline.cores]"), ["1", [1]])
        self.choose("#cores", "all")
        self.assertEqual(self.text("#selection"), everything)

    def test_heads_have_units_and_columns_add_up_to_the_run(self):
        self.open("layers")
        heads = self.js("return [...document.querySelectorAll('#layer-table th')].map((h) => h.textContent)")
        self.assertIn("timerun cycles", heads)
        self.assertIn("compute busycore-cycles", heads)
        self.assertIn("between its instructions", self.tip_of("#layer-table th:nth-child(9)"))
        none, run = self.js("return [...document.querySelectorAll('#layer-table tfoot tr')].map((r) => [...r.cells].map((c) => c.textContent))")
        performance, energy = self.summary["performance"], self.summary["energy"]
        self.assertIn(f"{performance['cycles']['value']:,}", run)
        self.assertIn(f"{100 * performance['utilisation']['value']:.1f} %", run)
        self.assertIn(f"{performance['macs']['value']:,}", run)
        busy = sum(core["engines"]["cp"]["busy"]["value"] for core in self.summary["cores"])
        idle = performance["cycles"]["value"] * 4 - busy
        self.assertIn(f"{busy:,}", run)
        self.assertIn(f"{idle:,}", run)
        stalls = sum(self.sums(*("stall_" + cause for cause in SHORT)).values())
        self.assertIn(f"{idle - stalls:,.0f}", none)
        static = energy["parts"]["static"]["value"]
        self.assertRegex(none[-1], rf"^{static / 1e6:.3g} mJ static$")
        self.assertAlmostEqual(sum(self.sums("energy_nj").values()) + static, energy["total"]["value"],
                               delta=energy["total"]["value"] * 1e-4)

    def test_the_machine_has_a_section(self):
        self.open("overview")
        machine = self.summary["machine"]
        text = self.text("#machine")
        for fact in (f"cores {machine['cores']['value']}", f"clock {machine['clock_mhz']['value']} MHz", "data type int16",
                     "16 PEs x 16", f"NBin {machine['core']['nbin_bytes']['value'] / 1024:.2f} KiB", "SB 32.00 KiB",
                     f"DRAM model {machine['dram']['model']}", f"DRAM standard {machine['dram']['standard']}",
                     f"DRAM channels {machine['dram']['channels']['value']}",
                     f"{self.summary['performance']['peak_bandwidth']['value']:g} GB/s", "shared cache none",
                     "machine.dram.timing.cl", "granularity"):
            self.assertIn(fact, text)
        self.assertEqual(self.js("return document.getElementById('machine').tagName"), "DETAILS")

    def test_a_run_that_stands_for_more_blocks_says_so(self):
        self.open("overview")
        self.assertFalse(self.js("return document.querySelector(`[data-figure='whole network']`)"))
        unnasim("simulate", "mobilenet_v1", "--equal-blocks", "once", "--no-timing", "--report", "-o", "once", cwd=self.where)
        whole = json.loads((self.where / "once/summary.json").read_text())["whole_network"]
        self.open("overview", self.where / "once/report.html")
        text = self.text("[data-figure='whole network']")
        self.assertIn(f"{round(whole['cycles']['value']):,} cycles", text)
        self.assertIn(f"3 of {whole['equal_blocks'][0]['blocks']['value']} equal blocks", text)

    def test_single_bursts_have_a_card_where_they_are_simulated(self):
        self.open("overview")
        self.assertIn("dram.model is bandwidth, which counts no row hits", self.text("[data-figure='DRAM bursts']"))
        self.open("overview", self.where / "c/report.html")
        own = json.loads((self.where / "c/summary.json").read_text())["bursts"]["without_sharing"]
        text = self.text("[data-figure='DRAM bursts']")
        self.assertIn(f"{100 * own['row_hit_rate']['value']:.1f} % row hits", text)
        self.assertIn(f"{own['row_conflicts']['value']:,} row conflicts", text)
        self.assertIn(f"{own['reads']['value']:,} bursts read", text)
        self.assertIn(f"{own['interconnect']['fairness']['value']:.3f}", text)

    def test_the_bound_is_said_to_be_a_part_of_the_run(self):
        self.open("overview")
        roofline = self.summary["roofline"]
        self.assertIn(f"bound of {roofline['bound']['value']:,} cycles, which no run is faster than, is "
                      f"{100 * roofline['share']['value']:.1f} % of them", self.text("[data-figure=cycles]"))

    def test_the_roofline_tells_of_layers_without_a_point(self):
        self.open("overview")
        cycles, macs = self.sums("run_cycles"), self.sums("macs")
        without = [layer for layer in cycles if macs[layer] == 0]
        text = self.text("#pointless")
        share = sum(cycles[layer] for layer in without) / sum(cycles.values())
        self.assertIn(f"{len(without)} of {len(cycles)} layers have no point", text)
        self.assertIn(f"take {100 * share:.1f} % of the cycles", text)
        self.assertIn(max(without, key=cycles.get), text)
        radii = self.js("return [...document.querySelectorAll('circle.point')].map((c) => Number(c.getAttribute('r')))")
        self.assertEqual(radii, sorted(radii, reverse=True))
        # The names of the lines stand clear of them; a wheel is promised where it does something.
        names = self.js("""return [...document.querySelectorAll('#view-overview svg[aria-label=roofline] text')].map((t) => t.textContent)""")
        self.assertTrue(any(name.startswith("ridge: ") for name in names), names)
        apart = self.js("""const svg = document.querySelector('svg[aria-label=roofline]');
            const box = [...svg.querySelectorAll('text')].find((t) => t.textContent.includes('MACs a cycle,')).getBBox();
            const ys = svg.querySelector('polyline').getAttribute('points').split(' ').map((p) => Number(p.split(',')[1]));
            return Math.min(...ys) - box.y - box.height;""")
        self.assertGreater(apart, 0)
        self.assertRegex(self.text("footer"), r"a map or a timeline.*a\s+wheel zooms it")

    def test_the_plan_from_topology_is_judged_as_compare_judges_it(self):
        for network, cores in (("resnet18", 4), ("net.yaml", 1)):
            run = f"judged.{cores}"
            unnasim("simulate", network, "--cores", cores, "--no-timing", "--report", "-o", run, cwd=self.where)
            unnasim("compare", network, "--cores", cores, "--planners", "greedy-by-size", "--no-timing",
                    "--json", "judged.json", "-o", "judged", cwd=self.where)
            plans = json.loads((self.where / "judged.json").read_text())["cases"][0]["plans"]
            unsafe = next(p.get("unsafe") for p in plans if p["liveness"] == "topology")
            self.assertEqual(unsafe is None, cores == 1)
            self.open("memory", self.where / run / "report.html")
            note = self.js("return topologyVerdict(state.run)")
            self.assertIn(note, self.text("main"))
            self.assertIn(unsafe or "In this program it is right", note)



class Comparison(ViewsCase):
    def figures(self):
        return {row[0]: row[1:] for row in self.js(
            "return [...document.querySelectorAll('#compare-figures tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))")}

    def test_settings_that_differ_come_first(self):
        self.open("compare")
        rows = "return [...document.querySelectorAll('#compare-settings tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
        self.assertEqual(self.js(rows), [["granularity", "tensor", "band"]])
        self.assertEqual(self.js("""return document.querySelector('#compare-settings').compareDocumentPosition(
            document.querySelector('#compare-figures')) & Node.DOCUMENT_POSITION_FOLLOWING"""), 4)
        self.choose("#compare-b", 2)
        self.assertIn(["machine.cores", "4 cores", "2 cores"], self.js(rows))
        self.choose("#compare-b", 0)
        self.assertIn("the same network, machine and options", self.text("#compare-settings"))

    def test_figures_have_names_and_shares_differ_in_points(self):
        self.open("compare")
        other = json.loads((self.where / "b/summary.json").read_text())
        figures = self.figures()
        first, second = (s["performance"]["cycles"]["value"] for s in (self.summary, other))
        self.assertEqual(figures["cycles"][3], f"{second / first:.3f}")
        first, second = (s["performance"]["bandwidth_utilisation"]["value"] for s in (self.summary, other))
        self.assertEqual(figures["DRAM utilisation"][2], f"{100 * (second - first):+.1f} points")
        first, second = (s["energy"]["parts"]["static"]["value"] for s in (self.summary, other))
        self.assertEqual(figures["energy: static, by time"][3], f"{second / first:.3f}")
        stalled = sum(core["engines"]["cp"]["stall_token_ln"]["value"] for core in self.summary["cores"])
        self.assertEqual(figures["compute idle: waits for the load-neuron engine (ln)"][0], f"{stalled:,} core-cycles")
        self.assertFalse([name for name in figures if re.search(r"[._]", name)])

    def test_the_largest_difference_is_first(self):
        self.open("compare")
        differences, ratios = self.js("""const cells = (n) => [...document.querySelectorAll(`#compare-layers tbody td:nth-child(${n})`)]
            .map((c) => c.textContent); return [cells(4), cells(5)];""")
        sizes = [abs(int(text.replace(",", ""))) for text in differences]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.assertGreater(len({text[0] for text in differences if text != "0"}), 1)
        self.assertRegex(ratios[0], r"^\d+\.\d{3}$")
