"""Hovering a barrier's line tells of the barrier."""

from views_case import ViewsCase


class Barriers(ViewsCase):
    def test_hovering_a_barrier_says_who_came_last_and_what_it_cost(self):
        self.open("timeline")
        # All events of barriers, from the columns and not from what the page makes of them.
        found = self.js("""const r = state.run; const by = {};
            for (let e = 0; e < r.count; ++e) if (r.opcodes[r.opcode[e]].startsWith('barrier'))
              (by[r.sync[e]] ??= []).push([Math.floor(r.laneOf[e] / LANES), r.start[e], r.start[e] + r.length[e]]);
            return by;""")
        self.assertTrue(found)
        costs = {}
        for number, events in found.items():
            arrival = max(start for _, start, _ in events)
            costs[number] = sum(arrival - start for _, start, _ in events)
        number = max(costs, key=costs.get)
        events = sorted(found[number])
        arrival = max(start for _, start, _ in events)
        last = min(core for core, start, _ in events if start == arrival)
        release = events[0][2]
        # All of the run: neighbours lie under the pointer, and the costliest one is told.
        for span in (None, 400):
            if span:
                self.js("state.timeline.chart.show(arguments[0] - 200, arguments[0] + 200)", release)
            self.js("state.timeline.chart.drawNow()")
            x, drawn = self.js("return [state.timeline.chart.x(arguments[0]), state.timeline.barrierLines.length]", release)
            self.assertGreater(drawn, 0)
            self.mouse("pointermove", "#view-timeline canvas", x + 1, self.js("return state.timeline.y(0) + 3"))
            tip = self.text("#tip")
            self.assertIn(f"barrier {number} of cores 0 to {len(events) - 1}", tip)
            self.assertIn(f"core {last} arrived last, in cycle {arrival:,}", tip)
            self.assertIn(f"waited {costs[number]:,} core-cycles", tip)
        self.mouse("pointermove", "#view-timeline canvas", x + 30, self.js("return state.timeline.y(0) + 3"))
        self.assertNotIn("arrived last", self.text("#tip"))
