"""Colours, scales, keys and sizes of what is drawn."""

import contextlib

from views_case import ViewsCase


class Charts(ViewsCase):
    @contextlib.contextmanager
    def dark(self):
        def media(scheme):
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        media("dark")
        try:
            yield
        finally:
            media("light")

    @contextlib.contextmanager
    def screen(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def test_a_chosen_layer_keeps_its_colour_and_others_are_grey(self):
        self.open("timeline")
        for by in ("layer", "engine"):
            self.choose("#timeline-by", by)
            wrong = self.js("""const t = state.timeline, r = state.run, e = r.laneStart[2] + 40;
                const before = t.colour(e); select({layer: r.layer[e], buffer: null});
                const grey = cssColour('--faded'); const idle = CAUSES.map(causeColour);
                const wrong = [];
                if (t.colour(e) !== before || idle.includes(before)) wrong.push('chosen');
                for (let i = 0; i < r.count; ++i) if (r.layer[i] !== r.layer[e] && t.colour(i) !== grey) wrong.push(i);
                clearSelection(); return wrong;""")
            self.assertEqual(wrong, [], by)
        outline = self.js("""const strokes = []; const g = new Proxy({}, {set: (_, name, value) => { if (name === 'strokeStyle') strokes.push(value); return true; },
            get: () => () => {}}); select({layer: 3, buffer: null}); state.timeline.shadeChosen(g); clearSelection(); return strokes;""")
        self.assertEqual(outline, [self.js("return cssColour('--text')")])

    def test_colours_stand_out_on_a_dark_ground(self):
        with self.dark():
            self.open("timeline")
            least = self.js("""const part = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
                const light = (c) => { const [r, g, b] = channelsOf(c).map(part); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                const ground = light(cssColour('--plot'));
                const colours = Array.from({length: 60}, (_, i) => [layerColour(i), tensorColour(i), viridis(i / 59)]).flat();
                return Math.min(...[...colours, ...[0, 1, 2, 3].map(engineColour)].map((c) => (light(c) + 0.05) / (ground + 0.05)));""")
            self.assertGreater(least, 3)
            work = self.js("return Array.from({length: 30}, (_, i) => channelsOf(layerColour(i)))")
            for red, _, blue in work:
                self.assertGreater(blue, red)

    def test_curves_have_one_scale_a_line_at_the_peak_and_values(self):
        self.open("timeline")
        performance, machine = self.summary["performance"], self.summary["machine"]
        peak = performance["peak_bandwidth"]["value"] * 1000 / machine["clock_mhz"]["value"]
        drawn = """const [curve, value] = [state.timeline.curves[arguments[0]], arguments[1]]; const heights = [], lines = [], texts = [];
            const g = new Proxy({}, {set: () => true, get: (_, name) => ({fillRect: (x, y, w, h) => heights.push(h),
              moveTo: (x, y) => lines.push(y), fillText: (text) => texts.push(text)})[name] || (() => {})});
            state.timeline.chart.show(...arguments[2]); drawCurve(g, state.timeline.chart, 0, {...curve, valueOf: () => value});
            return [heights[0], 58 - lines[0], texts];"""
        self.assertEqual(self.js("return state.timeline.curves[0].most"), 1.25 * peak)
        for number, line in ((0, peak), (1, self.summary["memory"]["peak"]["value"])):
            height, top, texts = self.js(drawn, number, line, [0, performance["cycles"]["value"]])
            self.assertAlmostEqual(height, top, delta=1)
            self.assertTrue(any("peak" in text for text in texts), texts)
            self.assertEqual(self.js(drawn, number, line, [1000, 3000])[:2], [height, top])
        self.js("state.timeline.chart.show(0, state.run.cycles)")
        y = self.js("return state.timeline.curveTop + 40")
        self.mouse("pointermove", "#view-timeline canvas", 500, y)
        self.assertRegex(self.text("#tip"), rf"B of DRAM a cycle, .* of the peak bandwidth of {peak:g}")
        self.mouse("pointermove", "#view-timeline canvas", 500, y + 68)
        self.assertIn("of intermediates live", self.text("#tip"))
        self.assertIn("The plan's peak of", self.text("#tip"))

    def test_engines_are_spelled_out_on_many_cores_too(self):
        self.open("timeline", self.where / "c/report.html")
        self.assertIn("ls load synapses", self.text("#engines"))
        texts = self.js("""const texts = []; const g = new Proxy({}, {set: () => true, get: () => (text) => texts.push(text)});
            state.timeline.drawLabels(g); return texts;""")
        for name in ("ln", "ls", "cp", "st"):
            self.assertEqual(texts.count(name), 16)
        self.assertEqual(len([text for text in texts if text.startswith("core ")]), 16)
        self.mouse("pointermove", "#view-timeline canvas", 20, self.js("return state.timeline.y(5 * 15 + 1) + 3"))
        self.assertEqual(self.text("#tip"), "ls: the load synapses engine of core 15")

    def test_a_row_keeps_the_focus_and_is_the_only_tab_stop(self):
        self.open("layers")
        stops = "return [...document.querySelectorAll('#layer-table tbody [tabindex=\"0\"]')].map((r) => r.dataset.key)"
        focused = "return document.activeElement.dataset.key"
        rows = self.js("return [...document.querySelectorAll('#layer-table tbody tr')].map((r) => r.dataset.key)")
        self.assertEqual(self.js(stops), rows[:1])
        self.js("document.querySelector('#layer-table tbody tr').focus()")
        self.key("ArrowDown")
        self.key("ArrowDown")
        self.assertEqual(self.js(focused), rows[2])
        self.assertEqual(self.js(stops), rows[2:3])
        self.key("Enter")
        self.assertEqual(self.js("return state.run.layers[selection.layer]"), rows[2])
        self.assertEqual(self.js(focused), rows[2])
        self.key("End")
        self.assertEqual(self.js(focused), rows[-1])
        self.js("document.querySelector('[data-column=macs]').focus(); document.activeElement.click()")
        self.assertEqual(self.js("return document.activeElement.dataset.column"), "macs")
        # So does a point of the roofline.
        self.js("clearSelection(); openTab('overview'); document.querySelectorAll('circle.point')[3].focus()")
        point = self.js(focused)
        self.key("Enter")
        self.assertEqual([self.js(focused), self.js("return state.run.layers[selection.layer]")], [point, point])

    def test_shift_and_arrows_select_an_interval(self):
        self.open("timeline")
        self.js("document.querySelector('#view-timeline canvas').focus()")
        before = self.js("return [...state.timeline.chart.range]")
        for _ in range(3):
            self.key("ArrowRight", shiftKey=True)
        low, high = self.js("return selection.interval")
        self.assertAlmostEqual(low, before[1] / 2, delta=1)
        self.assertAlmostEqual(high - low, 0.06 * before[1], delta=3)
        self.key("ArrowLeft", shiftKey=True)
        self.assertEqual(self.js("return selection.interval[0]"), low)
        self.assertLess(self.js("return selection.interval[1]"), high)
        for _ in range(60):
            self.key("ArrowLeft", shiftKey=True)
        self.assertEqual(self.js("return selection.interval"), [0, low])
        self.assertEqual(self.js("return state.timeline.chart.range"), before)

    def test_small_screens_cut_nothing(self):
        with self.screen(1280, 800):
            self.open("layers")
            wide, box = self.js("const t = document.getElementById('layer-table'); return [t.scrollWidth, t.clientWidth]")
            self.assertLessEqual(wide, box)
            self.open("memory")
            self.js("""const r = state.run; const i = Array.from(r.live.ids.keys()).find((i) => conflicts(r.live, i).length > 0);
                selectBuffer(r, r.live.ids[i]);""")
            cut = self.js("""const box = document.querySelector('#conflicts .scroll'); const cells = [...box.querySelectorAll('td')];
                return [box.scrollWidth - box.clientWidth, cells.filter((c) => c.scrollWidth > c.clientWidth).length];""")
            self.assertEqual(cut, [0, 0])
            x, y = self.js("""const m = state.map; const b = m.boxes[4];
                return [m.chart.x((b.from + b.until) / 2), m.y(b.at + b.size / 2)]""")
            self.mouse("pointermove", "#view-memory canvas", x, y)
            covered = self.js("""const [t, c] = [document.getElementById('tip'), document.querySelector('#view-memory canvas')]
                .map((n) => n.getBoundingClientRect()); return t.height > 0 && t.top < c.bottom && c.top < t.bottom;""")
            self.assertFalse(covered)

    def test_large_screens_are_used(self):
        with self.screen(1920, 1080):
            self.open("layers")
            self.assertGreater(self.js("return document.getElementById('layer-table').clientWidth"), 1800)
