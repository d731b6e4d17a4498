"""Tables that name buffers, waits and engines; what is chosen in a comparison; zooming addresses."""

from views_case import ViewsCase

FADED = "#d0d4d9"


class Details(ViewsCase):
    def chosen_rows(self, table):
        return self.js("return [...document.querySelectorAll(`#${arguments[0]} tr.chosen`)].map((row) => row.dataset.key)", table)

    def click_row(self, table, key):
        self.js("""[...document.querySelectorAll(`#${arguments[0]} tbody tr`)].find((row) => row.dataset.key === arguments[1]).click()""",
                table, key)

    def test_what_is_clicked_in_a_comparison_is_chosen_in_both_runs(self):
        self.open("compare")
        layer = self.layers[0]["layer"]
        self.click_row("compare-layers", layer)
        self.assertEqual(self.chosen_rows("compare-layers"), [layer])
        self.assertIn(layer, self.text("#selection"))
        chosen = "return state.maps.map((map) => map.boxes.filter((box) => map.isChosen(box)).map((box) => box.name))"
        self.assertTrue(all(self.js(chosen)))
        # Whole tensors beside themselves, then beside bands, which have other names.
        self.choose("#compare-b", 0)
        both = self.js("const [box] = state.maps[1].boxes; state.maps[1].choose(box); return box.name")
        self.assertEqual(self.js(chosen), [[both], [both]])
        self.choose("#compare-b", 1)
        names = self.js("return state.maps.map((map) => map.boxes.map((box) => box.name))")
        # What only the second run has is named, and chosen in its map alone.
        only = sorted(set(names[1]) - set(names[0]))[0]
        self.js("const b = state.maps[1].boxes.find((box) => box.name === arguments[0]); state.maps[1].choose(b)", only)
        self.assertEqual(self.js(chosen), [[], [only]])
        # Of bands and whole tensors, tensors are compared; of equal granularities, buffers would be.
        self.assertEqual(self.chosen_rows("compare-buffers"), [only.split("[")[0]])
        note = self.js("const d = bufferDifferences(...state.runs); d.table.choose({name: arguments[0]}); return [d.note, d.table.chosen({name: arguments[0]})]", only)
        self.assertEqual(note, [f"0 buffers have the same name and size in both; {len(names[0]) + len(names[1])} do not.", True])
        self.assertIn(f"{only}, which a does not have", self.text("#selection"))
        self.js("document.getElementById('clear').click()")
        self.assertEqual(self.js(chosen), [[], []])
        self.assertEqual(self.chosen_rows("compare-buffers"), [])

    def test_maps_have_one_scale_at_every_zoom_of_the_addresses(self):
        self.open("memory")
        scales = "return [state.map, state.topologyMap].map((m) => [m.chart.canvas.clientHeight, m.bytesOfPixel, m.low, m.high])"
        first, second = self.js(scales)
        self.assertEqual(first, second)
        self.js("document.querySelector('#view-memory canvas').focus()")
        self.key("PageUp")
        zoomed, second = self.js(scales)
        self.assertEqual(zoomed, second)
        self.assertAlmostEqual(zoomed[1], 0.6 * first[1])
        self.assertGreater(zoomed[2], 0)
        self.key("ArrowUp")
        self.assertGreater(self.js(scales)[0][2], zoomed[2])
        # What is under the pointer stays there, and is found there.
        x, y, name = self.js("""const m = state.map; const [, , low, high] = [0, 0, m.low, m.high];
            const b = m.boxes.filter((b) => b.at > low && b.at + b.size < high).sort((a, b) => b.size - a.size)[0];
            return [m.chart.x((b.from + b.until) / 2), m.y(b.at + b.size / 2), b.name];""")
        address = self.js("return state.map.address(arguments[0])", y)
        self.js("""const c = document.querySelector('#view-memory canvas'); const r = c.getBoundingClientRect();
            c.dispatchEvent(new WheelEvent('wheel', {deltaY: -300, shiftKey: true, clientX: r.left + arguments[0],
              clientY: r.top + arguments[1], bubbles: true, cancelable: true}))""", x, y)
        self.assertAlmostEqual(self.js("return state.map.address(arguments[0])", y), address, delta=first[1])
        self.assertEqual(self.js("return state.map.boxAt(arguments[0], arguments[1]).name", x, y), name)
        # Another colour leaves both maps as they are.
        zoomed = self.js(scales)
        self.choose("#by", "layer")
        self.assertEqual(self.js(scales), zoomed)
        # A wheel that turns sideways zooms nothing without Shift.
        before = self.js("return state.map.chart.range")
        self.js("""document.querySelector('#view-memory canvas').dispatchEvent(
            new WheelEvent('wheel', {deltaX: -300, bubbles: true, cancelable: true}))""")
        self.assertEqual(self.js("return state.map.chart.range"), before)
        self.js("document.querySelector('#view-memory canvas').focus()")
        self.key("0")
        self.assertEqual(self.js(scales), [first, first])

    def test_what_is_not_chosen_is_paler_on_the_map(self):
        self.open("memory")
        self.js("clearSelection(); state.map.chart.drawNow()")
        pixel = """const m = state.map, ratio = devicePixelRatio || 1, b = m.boxes[arguments[0]];
            const x = (m.chart.x(b.from) + m.chart.x(b.until)) / 2, y = (m.y(b.at) + m.y(b.at + b.size)) / 2 + 8;
            return [...m.chart.canvas.getContext('2d').getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data];"""
        # Two large boxes, neither of which any other covers.
        one, other = self.js("""const area = (b) => b.size * (b.until - b.from); const m = state.map;
            return m.boxes.map((b, i) => [area(b), i]).sort((a, b) => b[0] - a[0]).slice(0, 2).map(([, i]) => i)""")
        before = [self.js(pixel, i) for i in (one, other)]
        self.js("selectBuffer(state.run, state.map.boxes[arguments[0]].id); state.map.chart.drawNow()", one)
        after = [self.js(pixel, i) for i in (one, other)]
        self.assertEqual(after[0], before[0])
        self.assertGreater(sum(after[1]), sum(before[1]))

    def test_bounds_say_what_they_bound(self):
        self.open("memory")
        self.assertIn("whole tensors", self.text("#bound"))
        # What is live at once, from the events alone: never more than the bound.
        live = self.js("""const r = state.run; const at = new Map(); for (let e = 0; e < r.count; ++e) {
              const b = r.buffer[e]; if (b < 0 || !r.live.entry.has(b)) continue; const [from, until] = at.get(b) || [Infinity, -1];
              at.set(b, [Math.min(from, r.start[e]), Math.max(until, r.start[e] + r.length[e])]); }
            let most = 0; for (const [from] of at.values()) { let sum = 0;
              for (const [b, [f, u]] of at) if (f <= from && from < u) sum += r.size[b]; most = Math.max(most, sum); }
            return [mostLive(r), most];""")
        self.assertEqual(live[0], live[1])
        self.assertLessEqual(live[0], self.summary["memory"]["lower_bound"]["value"])
        self.assertEqual(self.js("return state.runs[1].stored"), "bands")
        self.open("overview")
        self.assertIn("whole tensors", self.text("[data-figure=footprint]"))

    def test_buffers_are_found_by_words_and_keys(self):
        self.open("memory")
        intermediates = [row for row in self.plan if row["kind"] == "intermediate"]
        self.assertIn(f"{len(intermediates)} of {len(intermediates)} buffers", self.text("#buffer-count"))
        sizes = self.js("return [...document.querySelectorAll('#buffer-table tbody tr')].map((row) => row.dataset.key)")
        self.assertEqual(sizes[0], max(intermediates, key=lambda row: int(row["size"]))["buffer"])
        word = intermediates[3]["buffer"]
        self.js("""const s = document.getElementById('buffer-search'); s.value = arguments[0].toUpperCase();
            s.dispatchEvent(new Event('input'))""", word)
        found = self.js("return [...document.querySelectorAll('#buffer-table tbody tr')].map((row) => row.textContent)")
        self.assertTrue(found)
        self.assertTrue(all(word in text for text in found))
        self.assertLess(len(found), len(intermediates))
        self.assertIn(f"{len(found)} of {len(intermediates)} buffers", self.text("#buffer-count"))
        self.js("document.querySelector('#buffer-table tbody tr').focus()")
        self.key("Enter")
        self.assertEqual(self.js("return state.run.buffers[selection.buffer]"), self.chosen_rows("buffer-table")[0])

    def test_a_long_table_shows_its_first_rows_and_the_chosen_one(self):
        self.open("memory")
        shown = self.js("""const table = new SortableTable({id: "t", rows: Array.from({length: 30}, (_, size) => ({size})), bars: [],
              shown: 5, key: (r) => r.size, chosen: (r) => r.size === 20, choose: () => {}, sort: {by: "size", down: false},
              columns: [{name: "size", title: "size", text: String}]});
            return [...table.body.children].map((row) => Number(row.dataset.key));""")
        self.assertEqual(shown, [20, 0, 1, 2, 3, 4])

    def test_conflicts_say_where_and_when(self):
        self.open("memory")
        buffer = self.js("""const l = state.run.live; const a = Array.from(l.ids.keys()).find((i) => conflicts(l, i).length > 1);
            selectBuffer(state.run, l.ids[a]); return state.run.buffers[l.ids[a]];""")
        key = self.js("return document.querySelector('#conflict-table tbody tr').dataset.key")
        text = self.text("#conflict-table tbody tr")
        row = next(row for row in self.plan if row["buffer"] == key)
        self.assertNotEqual(key, buffer)
        self.assertIn(f"{int(row['offset']):,}", text)
        self.assertRegex(text, "their lives overlap|nothing orders")

    def test_engines_did_what_the_summary_says(self):
        self.open("timeline")
        self.js("clearSelection()")
        for core, figures in enumerate(self.summary["cores"]):
            for engine, counted in figures["engines"].items():
                tip = self.js("return document.querySelector(`#engine-table tr[data-key='core ${arguments[0]}'] td[data-engine=${arguments[1]}] .stack`).dataset.tip",
                              core, engine)
                self.assertIn(f"busy ({counted['busy']['value']:,} core-cycles)", tip)
                self.assertEqual("(" + f"{counted['stall_drain']['value']:,} core-cycles)" in tip.replace("\n", ""), counted["stall_drain"]["value"] > 0)
        self.js("selectLayer(3)")
        layer = self.js("return state.run.layerSums[3]")
        self.assertIn(f"In the cycles of {layer['name']}, {layer['start']:,} to {layer['end']:,}", self.text("#engine-table"))
        self.js("select({interval: [1000, 3000]})")
        self.assertIn("In the selected cycles 1,000 to 3,000", self.text("#engine-table"))
        cycles = self.js("""return [...document.querySelectorAll('#engine-table tr[data-key="core 1"] .stack')].map((stack) =>
            [...stack.dataset.tip.matchAll(/\\(([0-9,]+) core-cycles/g)].reduce((sum, m) => sum + Number(m[1].replaceAll(',', '')), 0))""")
        self.assertEqual(cycles, [2000] * 4)

    def test_waiting_at_barriers_and_for_signals_is_listed(self):
        self.open("timeline")
        self.js("clearSelection()")
        waited, events = self.js("""const r = state.run; const by = {}; let sum = 0;
            for (let e = 0; e < r.count; ++e) { const op = r.opcodes[r.opcode[e]];
              if (op.startsWith('barrier')) (by[r.sync[e]] ??= []).push(r.start[e]);
              if (op === 'wait') sum += r.length[e]; }
            for (const starts of Object.values(by)) for (const start of starts) sum += Math.max(...starts) - start;
            return [sum, Object.keys(by).length];""")
        text = self.text("#synchronisation")
        self.assertGreater(events, 0)
        self.assertIn(f"cores waited {waited:,} core-cycles", text)
        rows = self.js("return [...document.querySelectorAll('#sync-table tbody tr')].map((row) => row.lastChild.textContent)")
        costs = [int(row.replace(",", "")) for row in rows]
        self.assertEqual(costs, sorted(costs, reverse=True))
        # What is told of the layers around a barrier is what its last core computes.
        before, after, at, last = self.js("""const cells = document.querySelector('#sync-table tbody tr').children;
            return [cells[3].textContent, cells[4].textContent, cells[6].textContent, cells[2].textContent];""")
        found = self.js("""const r = state.run; const lane = arguments[0] * LANES + 2; let before = '-', after = '-';
            for (let e = r.laneStart[lane]; e < r.laneStart[lane + 1]; ++e) {
              if (r.start[e] + r.length[e] <= arguments[1]) before = r.layers[r.layer[e]]; else if (after === '-') after = r.layers[r.layer[e]]; }
            return [before, after];""", int(last.split()[1]), int(at.replace(",", "")))
        self.assertEqual([before, after], found)
        self.js("document.querySelector('#sync-table tbody tr').click()")
        listed = self.js("return document.querySelectorAll('#sync-table tbody tr').length")
        self.assertLess(listed, len(rows))
        self.assertGreater(listed, 0)
        low, high = self.js("return state.timeline.chart.range")
        begin, end = self.js("return selection.interval")
        self.assertLessEqual(low, begin)
        self.assertGreaterEqual(high, end)
        self.assertLess(high - low, self.js("return state.run.cycles") / 2)

    def test_a_wait_for_a_signal_is_listed_with_who_signalled(self):
        self.open("overview")
        self.choose("#run", 2)  # the program of a fit, which has signals
        self.js("openTab('timeline')")
        expected = self.js("""const r = state.run, core = (e) => Math.floor(r.laneOf[e] / LANES);
            const waits = []; for (let e = 0; e < r.count; ++e) if (r.opcodes[r.opcode[e]] === 'wait') waits.push([r.length[e], r.start[e], core(e)]);
            return waits.sort((a, b) => b[0] - a[0]);""")
        self.assertGreater(len(expected), 0)
        rows = self.js("""return [...document.querySelectorAll('#sync-table tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))
            .filter(([what]) => what.startsWith('signal'))""")
        self.assertEqual(len(rows), min(len(expected), len(rows)))
        length, start, waiter = expected[0]
        what, cores, last, before, after, begin, at, until, waited = rows[0]
        layers = self.js("return state.run.layers")
        self.assertIn(before, layers)
        self.assertIn(after, layers)
        self.assertEqual((cores, begin, until, waited), (str(waiter), f"{start:,}", f"{start + length:,}", f"{length:,}"))
        self.assertNotEqual(last, f"core {waiter}")
        self.assertLessEqual(int(at.replace(",", "")), start + length)
        self.choose("#run", 0)

    def test_pale_causes_are_told_apart(self):
        """By CIE 1976 colour differences, on the light ground and on the dark one."""
        def lab(colour):
            linear = [v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in colour]
            x, y, z = (sum(w * v for w, v in zip(row, linear)) for row in
                       ((0.4339, 0.3762, 0.1899), (0.2126, 0.7152, 0.0722), (0.0177, 0.1094, 0.8729)))
            x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
            return 116 * y - 16, 500 * (x - y), 200 * (y - z)

        for scheme in ("dark", "light"):
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            self.open("timeline")
            pale = self.js("return CAUSES.map((cause) => [cause, channelsOf(paleColour(causeColour(cause)))])")
            for i, (one, a) in enumerate(pale):
                for other, b in pale[:i]:
                    distance = sum((x - y) ** 2 for x, y in zip(lab(a), lab(b))) ** 0.5
                    self.assertGreater(distance, 10, (scheme, one, other))

    def test_what_is_chosen_lies_above_requests_that_overlap_it(self):
        self.open("timeline")
        pair = self.js("""const r = state.run; for (const lane of state.timeline.rows) for (let e = r.laneStart[lane] + 1; e < r.laneStart[lane + 1]; ++e) {
              const before = e - 1, end = Math.min(r.start[before] + r.length[before], r.start[e] + r.length[e]);
              if (r.buffer[before] >= 0 && r.buffer[e] >= 0 && r.buffer[before] !== r.buffer[e] && end - r.start[e] > 20)
                return [lane, r.buffer[before], r.start[e], end]; }""")
        lane, buffer, begin, end = pair
        self.js("state.timeline.chart.show(arguments[0] - 10, arguments[1] + 10); select({buffer: arguments[2], layer: null}); state.timeline.chart.drawNow()",
                begin, end, buffer)
        pixel = self.js("""const t = state.timeline, ratio = devicePixelRatio || 1;
            const data = t.chart.canvas.getContext('2d').getImageData(Math.round(t.chart.x((arguments[1] + arguments[2]) / 2) * ratio),
              Math.round((t.y(arguments[0]) + 2) * ratio), 1, 1).data; return `rgb(${data[0]},${data[1]},${data[2]})`""", lane, begin, end)
        self.assertNotEqual(pixel, f"rgb({','.join(str(int(FADED[at:at + 2], 16)) for at in (1, 3, 5))})")

    def test_zoomed_out_the_pale_rest_says_why_an_engine_was_idle(self):
        self.open("timeline")
        self.js("clearSelection()")
        # By brute force over the spans, for pixels of the compute engine of core 0.
        wrong, causes = self.js("""const r = state.run, gaps = r.gaps[2], span = r.cycles / 300; const next = idleByPixel(gaps, 0, span);
            let wrong = 0; const causes = new Set();
            for (let i = 0; i < 300; ++i) { const [from, until] = [i * span, (i + 1) * span]; const sums = CAUSES.map(() => 0);
              for (const [a, b, cause] of gaps) sums[CAUSES.indexOf(cause)] += Math.max(0, Math.min(b, until) - Math.max(a, from));
              const most = Math.max(...sums), found = next(until);
              if (found < 0 ? most > 1e-6 : Math.abs(sums[found] - most) > 1e-6) ++wrong; else if (found >= 0) causes.add(found); }
            return [wrong, causes.size];""")
        self.assertEqual(wrong, 0)
        self.assertGreater(causes, 1)
        # An engine that has ended long before the run is pale all over.
        colour, expected = self.js("""const t = state.timeline, r = state.run, ratio = devicePixelRatio || 1; t.chart.show(0, r.cycles); t.chart.drawNow();
            let best = null; for (const lane of t.rows) for (const [a, b, cause] of r.gaps[lane]) if (!best || b - a > best[2] - best[1]) best = [lane, a, b, cause];
            const data = t.chart.canvas.getContext('2d').getImageData(Math.round(t.chart.x((best[1] + best[2]) / 2) * ratio), Math.round((t.y(best[0]) + 4) * ratio), 1, 1).data;
            return [[...data].slice(0, 3), channelsOf(paleColour(causeColour(best[3])))];""")
        self.assertEqual(colour, expected)
