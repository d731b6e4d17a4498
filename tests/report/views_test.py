"""views_test.py <unnasim>: makes runs, a fit and a sweep, opens their report in Chromium, and holds what
each view shows against the files of the runs."""

import json
import re
import unittest

import browser
from views_barriers import Barriers  # noqa: F401
from views_case import ViewsCase, rows_of, unnasim
from views_charts import Charts  # noqa: F401
from views_details import Details  # noqa: F401
from views_figures import Comparison, Figures  # noqa: F401
from views_scale import Scale  # noqa: F401


class Views(ViewsCase):
    def test_simulate_report_is_what_report_writes(self):
        unnasim("report", "a", "-o", "one.html", cwd=self.where)
        self.assertEqual((self.where / "one.html").read_bytes(), (self.where / "a/report.html").read_bytes())

    def test_page_asks_for_nothing(self):
        self.assertNotRegex(self.page.read_text().replace("http://www.w3.org/2000/svg", ""), r"https?://")
        browser.open_page(self.driver, self.page)
        self.assertEqual(self.js("return performance.getEntriesByType('resource').length"), 0)

    def test_events_add_up_to_the_summary(self):
        columns = self.header["columns"]
        opcodes = self.header["names"]["opcodes"]
        moved = {"load": 0, "store": 0}
        for opcode, size in zip(columns["event.opcode"], columns["event.bytes"]):
            if size:
                moved[opcodes[opcode].split(".")[0]] += size
        self.assertEqual(moved["load"], self.summary["performance"]["dram_read"]["value"])
        self.assertEqual(moved["store"], self.summary["performance"]["dram_written"]["value"])

    def test_overview_shows_the_figures(self):
        self.open("overview")
        performance = self.summary["performance"]
        self.assertIn(f"{performance['cycles']['value']:,}", self.text("[data-figure=cycles]"))
        self.assertIn(f"{100 * performance['utilisation']['value']:.1f} %", self.text("[data-figure=utilisation]"))
        self.assertIn(performance["limit"], self.text("[data-figure=limit]"))
        with_macs = {row["layer"] for row in self.layers if int(row["macs"]) > 0}
        self.assertEqual(self.js("return document.querySelectorAll('circle.point').length"), len(with_macs))

    def test_a_layer_chosen_in_the_roofline_is_chosen_everywhere(self):
        self.open("overview")
        self.js("document.querySelectorAll('circle.point')[3].dispatchEvent(new MouseEvent('click'))")
        name = self.js("return state.run.layers[selection.layer]")
        self.assertIn(name, self.text("#selection"))
        self.js("openTab('layers')")
        self.assertEqual(self.js("return document.querySelector('tr.chosen').dataset.key"), name)
        self.js("openTab('memory')")
        chosen = self.js("return state.map.boxes.filter((b) => state.map.isChosen(b)).map((b) => b.id)")
        self.assertTrue(chosen)
        for buffer in chosen:
            self.assertEqual(self.js("return state.run.layers[state.run.layer[state.run.writer[arguments[0]]]]", buffer), name)
        self.js("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
        self.assertIn("Nothing is selected", self.text("#selection"))

    def test_memory_map_tells_what_is_under_the_mouse(self):
        self.open("memory")
        intermediates = [row for row in self.plan if row["kind"] == "intermediate"]
        self.assertEqual(self.js("return state.map.boxes.length"), len(intermediates))
        box = self.js("""const m = state.map; const b = m.boxes.reduce((a, b) => a.size * (a.until - a.from) > b.size * (b.until - b.from) ? a : b);
            return [b.id, m.chart.x((b.from + b.until) / 2), m.y(b.at + b.size / 2)]""")
        self.mouse("pointermove", "#view-memory canvas", box[1], box[2])
        found = self.js("return state.map.boxAt(arguments[0], arguments[1]).id", box[1], box[2])
        row = self.plan[found]
        tip = self.text("#tip")
        self.assertIn(row["buffer"], tip)
        self.assertIn(f"{int(row['size']):,} B at {int(row['offset']):,}", tip)
        self.mouse("pointerdown", "#view-memory canvas", box[1], box[2])
        self.mouse("pointerup", "#view-memory canvas", box[1], box[2])
        self.assertEqual(self.js("return selection.buffer"), found)
        self.assertIn(row["buffer"], self.text("#conflicts"))

    def test_buffers_that_conflict_share_no_byte_and_some_others_do(self):
        self.open("memory")
        shared, wrong, conflicting = self.js("""const r = state.run, l = r.live; let shared = 0, wrong = 0, pairs = 0;
            for (let a = 0; a < l.n; ++a) { const set = new Set(conflicts(l, a)); pairs += set.size;
              for (let b = 0; b < a; ++b) { const i = l.ids[a], j = l.ids[b];
                if (r.offset[i] >= r.offset[j] + r.size[j] || r.offset[j] >= r.offset[i] + r.size[i]) continue;
                if (set.has(b)) ++wrong; else ++shared; } }
            return [shared, wrong, pairs];""")
        self.assertGreater(shared, 0)
        self.assertEqual(wrong, 0)
        self.assertGreater(conflicting, 0)
        # The bound's buffers conflict with one another, and add up to it.
        self.assertEqual(self.js("""const r = state.run; let sum = 0; const align = r.summary.machine.dram.alignment_bytes.value;
            for (const id of r.live.inBound) sum += Math.ceil(r.size[id] / align) * align; return sum"""),
                         self.summary["memory"]["lower_bound"]["value"])
        self.assertIn("peak", self.text("#bound").lower())

    def test_reasons_of_conflicts_are_those_of_this_run(self):
        """Lives that overlap in every run overlap in this one; what nothing orders is not said to overlap."""
        self.open("memory")
        overlap, unordered, wrong = self.js("""const r = state.run, l = r.live; let overlap = 0, unordered = 0; const wrong = [];
            for (let a = 0; a < l.n; ++a) for (const b of conflicts(l, a)) {
              const [i, j] = [l.ids[a], l.ids[b]]; const text = whyConflict(r, l, a, b);
              const both = r.firstUse[i] < r.lastUse[j] && r.firstUse[j] < r.lastUse[i];
              if (text.startsWith("their lives overlap in every run")) { ++overlap; if (!both) wrong.push(text); }
              else { ++unordered; if (!text.startsWith("nothing orders") || text.includes("it came first") === both) wrong.push(text); } }
            return [overlap, unordered, wrong.slice(0, 3)];""")
        self.assertEqual(wrong, [])
        self.assertGreater(overlap, 0)

    def test_hovering_a_buffer_names_conflicts_with_their_reasons(self):
        self.open("memory")
        text, other = self.js("""const r = state.run, l = r.live;
            const a = Array.from(l.ids.keys()).find((i) => conflicts(l, i).length > 0);
            const others = conflicts(l, a).sort((x, y) => r.size[l.ids[y]] - r.size[l.ids[x]]);
            return [bufferText(r, l.ids[a]), r.buffers[l.ids[others[0]]]];""")
        self.assertRegex(text, f"not with {re.escape(other)}: (their lives overlap|nothing orders)")

    def test_no_layer_has_the_colour_of_a_stall(self):
        self.open("timeline")
        work, idle = self.js("""return [[...Array.from({length: 30}, (_, i) => layerColour(i)), ...ENGINE_COLOUR.slice(0, 4)].map(channelsOf),
            CAUSES.filter((c) => c !== 'sync').map((c) => channelsOf(causeColour(c)))];""")
        for red, _, blue in work:
            self.assertGreater(blue, red)
        for red, _, blue in idle:
            self.assertGreater(red, blue)

    def test_curves_are_exact_at_every_zoom(self):
        self.open("timeline")
        moved = self.summary["performance"]["dram_read"]["value"] + self.summary["performance"]["dram_written"]["value"]
        whole = self.js("return movedBetween(state.run.moved, 0, state.run.cycles) * state.run.cycles")
        self.assertAlmostEqual(whole, moved, delta=moved * 1e-6)
        few, expected = self.js("""const r = state.run; const from = r.start[r.laneStart[2] + 40], until = from + 7; let bytes = 0;
            for (let e = 0; e < r.count; ++e) if (r.bytes[e] > 0) {
              const shared = Math.min(r.start[e] + r.length[e], until) - Math.max(r.start[e], from);
              if (shared > 0) bytes += r.bytes[e] * shared / r.length[e]; }
            return [movedBetween(r.moved, from, until), bytes / 7];""")
        self.assertAlmostEqual(few, expected, delta=1e-3)
        live, expected = self.js("""const r = state.run; const t = Math.floor(r.cycles / 2); let bytes = 0;
            for (const id of r.live.ids) if (r.firstUse[id] <= t && t < r.lastUse[id]) bytes += r.size[id];
            return [liveBetween(r.liveBytes, t, t + 0.5), bytes];""")
        self.assertEqual(live, expected)

    def test_memory_map_has_the_order_of_the_instructions(self):
        self.open("memory")
        self.js("const s = document.getElementById('axis'); s.value = 'place'; s.dispatchEvent(new Event('change'))")
        self.assertEqual(self.js("return state.map.axisName"), "place")
        live = self.header["columns"]
        self.assertEqual(self.js("return state.map.chart.until"), max(live["life.until"]))

    def test_timeline_is_exact_when_zoomed_in(self):
        self.open("timeline")
        self.assertEqual(self.js("return state.timeline.chart.until"), self.summary["performance"]["cycles"]["value"])
        whole = self.js("return state.timeline.exact")
        span = self.js("""const r = state.run, t = state.timeline; const e = r.laneStart[2] + 40;
            t.chart.show(r.start[e] - 50, r.start[e] + r.length[e] + 50); t.chart.drawNow();
            return [e, t.chart.x(r.start[e] + r.length[e] / 2), t.y(2) + 5, r.pc[e], r.start[e]];""")
        self.assertGreater(self.js("return state.timeline.exact"), 0)
        self.assertLess(self.js("return state.timeline.chart.range[1] - state.timeline.chart.range[0]"), 20000)
        self.mouse("pointermove", "#view-timeline canvas", span[1], span[2])
        self.assertIn(f"core 0, pc {span[3]}", self.text("#tip"))
        self.assertIn(f"{span[4]:,}", self.text("#tip"))
        self.assertLess(whole, self.js("return state.run.start.length"))

    def test_timeline_measures_an_interval(self):
        self.open("timeline")
        self.js("select({interval: [0, state.run.cycles]})")
        text = self.text("#selection")
        self.assertIn(f"{self.summary['performance']['cycles']['value']:,} cycles", text)
        moved = self.summary["performance"]["dram_read"]["value"] + self.summary["performance"]["dram_written"]["value"]
        self.assertIn(f"{moved / 2 ** 20:.2f} MiB", text)
        self.assertIn(f"{100 * self.summary['performance']['compute_share']['value']:.1f} %", text)
        self.mouse("pointerdown", "#view-timeline canvas", 300, 20, shiftKey=True)
        self.mouse("pointermove", "#view-timeline canvas", 500, 20, shiftKey=True)
        self.mouse("pointerup", "#view-timeline canvas", 500, 20)
        low, high = self.js("return selection.interval")
        self.assertTrue(0 < low < high < self.summary["performance"]["cycles"]["value"])

    def test_stalls_of_the_timeline_are_those_of_the_summary(self):
        self.open("timeline")
        derived = self.js("""const sums = {}; state.run.gaps.forEach((list, lane) => list.forEach(([a, b, c]) => {
            const key = lane + c; sums[key] = (sums[key] || 0) + b - a; })); return sums;""")
        for core, figures in enumerate(self.summary["cores"]):
            for lane, (engine, stats) in enumerate(figures["engines"].items()):
                for name, figure in stats.items():
                    if name.startswith("stall_"):
                        found = derived.get(f"{core * 5 + lane}{name[6:]}", 0)
                        self.assertEqual(found, figure["value"], f"core {core} {engine} {name}")

    def test_barriers_are_arrows(self):
        self.open("timeline")
        barriers = self.js("return state.run.arrows.barriers.length")
        met = sum(core["barriers"]["value"] for core in self.summary["cores"])
        self.assertEqual(self.js("return state.run.arrows.barriers.reduce((n, b) => n + b.length, 0)"), met)
        self.assertGreater(barriers, 0)
        self.assertGreater(self.js("return state.timeline.arrows"), 0)

    def test_keys_move_and_zoom(self):
        self.open("timeline")
        press = "const c = document.querySelector('#view-timeline canvas'); c.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0]})); return state.timeline.chart.range;"
        before = self.js("return [...state.timeline.chart.range]")
        zoomed = self.js(press, "+")
        self.assertLess(zoomed[1] - zoomed[0], before[1] - before[0])
        self.assertGreater(self.js(press, "ArrowRight")[0], zoomed[0])
        self.assertEqual(self.js(press, "0"), before)
        self.js("""const t = document.querySelector('[role=tab]'); t.focus();
            t.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))""")
        self.assertEqual(self.js("return document.activeElement.id"), "tab-memory")

    def test_layers_sort(self):
        self.open("layers")
        self.js("document.querySelector('[data-column=cycles]').click()")
        first = self.js("return document.querySelector('#layer-table tbody tr').dataset.key")
        cycles = {}
        for row in self.layers:
            cycles[row["layer"]] = cycles.get(row["layer"], 0) + float(row["run_cycles"])
        self.assertEqual(first, max(cycles, key=cycles.get))
        self.assertEqual(self.js("return document.querySelectorAll('#layer-table tbody tr').length"), len(cycles))
        self.assertAlmostEqual(sum(cycles.values()), self.summary["performance"]["cycles"]["value"], delta=1)
        limit = next(row["limit"] for row in self.layers if row["layer"] == first)
        self.assertIn(limit, self.text("#layer-table tbody tr [data-column=limit]"))

    def test_compare_shows_both_runs(self):
        self.open("compare")
        other = json.loads((self.where / "b/summary.json").read_text())
        text = self.text("#compare-figures")
        for summary in (self.summary, other):
            self.assertIn(f"{summary['memory']['peak']['value'] / 2 ** 20:.2f} MiB", text)
        rows = self.js("return document.querySelectorAll('#compare-layers tbody tr').length")
        self.assertEqual(rows, self.summary["layers"]["value"])
        self.assertEqual(self.js("return document.querySelectorAll('#view-compare canvas').length"), 2)

    def test_sweep_filters_and_small_multiples(self):
        self.open("sweep")
        rows = rows_of(self.where / "s/sweep.csv")
        self.assertIn(f"{len(rows)} points", self.text("#view-sweep"))
        count = "return document.querySelectorAll('circle.point').length"
        self.assertEqual(self.js(count), 6)
        self.js("document.querySelector(\"[data-axis=cores][data-value='4']\").click()")
        self.assertEqual(self.js(count), 4)
        self.js("const s = document.getElementById('sweep-split'); s.value = 'cores'; s.dispatchEvent(new Event('change'))")
        self.assertEqual(self.js("return document.querySelectorAll('#sweep-charts svg').length"), 2)
        front = self.js("return paretoFront([{x: 1, y: 5}, {x: 2, y: 3}, {x: 3, y: 4}], 'x', 'y', new Set()).map((p) => p.x)")
        self.assertEqual(front, [1, 2])

    def test_fit_shows_front_and_schedule(self):
        self.open("overview")
        self.js("const s = document.getElementById('run'); s.value = '2'; s.dispatchEvent(new Event('change')); openTab('fit')")
        rows = rows_of(self.where / "f/front.csv")
        self.assertEqual(self.js("return document.querySelectorAll('#fit-table tbody tr').length"), len(rows))
        self.assertEqual(self.js("return document.querySelectorAll('#fit-table tr.chosen').length"), 1)
        self.assertEqual(self.text("#schedule"), (self.where / "f/schedule.txt").read_text())

    def test_dark_mode_has_dark_ground(self):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.open("memory")
        self.assertEqual(self.js("return getComputedStyle(document.body).backgroundColor"), "rgb(22, 24, 28)")
        # The edge of a buffer of the bound is light there.
        edge = self.js("""const filled = []; const g = {set fillStyle(c) { filled.push(c); }, fillRect() {}};
            hatch(g, 0, 0, 9, 9); return filled;""")
        self.assertEqual(edge, ["#e6e8eb"])
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "light"}]})


if __name__ == "__main__":
    browser.require()
    unittest.main()
