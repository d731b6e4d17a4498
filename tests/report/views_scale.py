"""A page of many events stays fluent."""

import tempfile
import unittest
from pathlib import Path

import browser
from views_case import unnasim


class Scale(unittest.TestCase):
    """500,000 instructions and 30,000 buffers; a redraw is compared with plain drawing by the same
    browser, since hosts differ."""

    CORES, EVENTS, BUFFERS = 16, 500_000, 30_000
    # A redraw may take so many times as long as one rectangle for each buffer.
    MOST = 8

    PLAIN = """const context = document.createElement('canvas').getContext('2d');
        context.canvas.width = 1400;
        context.canvas.height = 900;
        const draw = () => {
          const start = performance.now();
          for (let i = 0; i < arguments[0]; i++) {
            context.fillStyle = `hsl(${i % 360} 50% 50%)`;
            context.fillRect(i % 1400, i % 900, 3, 3);
          }
          context.getImageData(0, 0, 1, 1);
          return performance.now() - start;
        };
        return Math.min(...[0, 1, 2].map(draw));"""

    def page(self, folder):
        unnasim("simulate", "lenet5", "--cores", self.CORES, "--no-timing", "--report", "-o", "l", cwd=folder)
        source = (folder / "l/report.html").read_text()
        header = browser.contents(source)[0]
        load, conv, store = (header["names"]["opcodes"].index(o) for o in ("load.n", "conv", "store"))
        per_lane = self.EVENTS // self.CORES // 4
        cycles = per_lane * 100
        header["summary"]["performance"]["cycles"]["value"] = cycles
        layers = len(header["names"]["layers"])
        n = per_lane * 4 * self.CORES
        lanes, columns = [], {f"event.{k}": [] for k in ("pc", "start", "length", "opcode", "layer", "buffer", "bytes",
                                                          "begin", "tokens", "sync", "peer", "cores_low", "cores_high")}
        for lane in range(self.CORES * 5):
            engine = lane % 5
            count = per_lane if engine < 4 else 0
            lanes.append(count)
            for i in range(count):
                touches = engine in (0, 3)
                buffer = (i * self.CORES + lane // 5) * self.BUFFERS // (per_lane * self.CORES)
                for key, value in (("pc", 4 * i + engine), ("start", 100 * i + 7 * engine), ("length", 60 + i % 40),
                                   ("opcode", (load, load, conv, store)[engine]), ("layer", i * layers // per_lane),
                                   ("buffer", buffer if touches else -1), ("bytes", 512 if touches else 0), ("begin", 0),
                                   ("tokens", 0), ("sync", 0), ("peer", -1), ("cores_low", 0), ("cores_high", 0)):
                    columns["event." + key].append(value)
        ids = list(range(self.BUFFERS))
        columns.update({"lanes": lanes, "buffer.size": [4096] * self.BUFFERS, "buffer.kind": [3] * self.BUFFERS,
                        "buffer.offset": [i % 500 * 4096 for i in ids], "life.buffer": ids, "life.from": ids,
                        "life.until": [i + 500 for i in ids], "life.bound": list(range(500)), "clock.chains": []})
        # Every engine is idle between any two of its instructions.
        spans = range(per_lane * 4 * self.CORES)
        columns.update({"idle.lanes": [per_lane] * 4 * self.CORES, "idle.from": [i % per_lane * 100 + 60 for i in spans],
                        "idle.length": [7] * len(spans), "idle.cause": [i % 7 for i in spans],
                        "barrier.size": [], "barrier.event": [], "pair.signal": [], "pair.wait": []})
        columns.update({k: v for k, v in header["columns"].items() if k.startswith("topology.")})
        header["names"]["buffers"] = [f"buffer{i}" for i in ids]
        header["names"]["tensors"] = [f"tensor{i // 16}" for i in ids]
        header["summary"]["memory"]["peak"]["value"] = header["summary"]["memory"]["lower_bound"]["value"] = 500 * 4096
        self.assertEqual(len(columns["event.pc"]), n)
        start = source.index('class="packed">') + len('class="packed">')
        del header["columns"]
        page = folder / "large.html"
        page.write_text(source[:start] + browser.pack(header, columns) + source[source.index("</script>", start):])
        return page

    def test_redraws_stay_fluent(self):
        with tempfile.TemporaryDirectory() as name:
            page = self.page(Path(name))
            driver = browser.start()
            try:
                opened = browser.open_page(driver, page)
                print(f"opened in {opened:.0f} ms, {page.stat().st_size / 1e6:.1f} MB")
                for tab, chart in (("memory", "state.map.chart"), ("timeline", "state.timeline.chart")):
                    driver.execute_script("openTab(arguments[0])", tab)
                    browser.settle(driver)
                    times = driver.execute_script(f"""const c = {chart}; const times = [];
                        for (let span = c.until; span > 2000 || times.length < 3; span /= 3) {{
                          c.show(c.until / 3, c.until / 3 + span);
                          times.push(Math.min(...[0, 1, 2].map(() => {{ c.drawNow(); return c.lastDraw; }}))); }}
                        return times;""")
                    plain = driver.execute_script(self.PLAIN, self.BUFFERS)
                    print(f"{tab}: redraws of {', '.join(f'{t:.0f}' for t in times)} ms, "
                          f"plain drawing of {plain:.0f} ms")
                    self.assertLess(max(times) / plain, self.MOST, tab)
                faults = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
                self.assertEqual(faults, [])
            finally:
                driver.quit()
