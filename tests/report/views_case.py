"""What the tests of the views share: runs, a fit and a sweep, made once, their page, and a browser that has it open."""

import atexit
import csv
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import browser

UNNASIM = Path(sys.argv.pop(1)).resolve()
NETWORK = """name: net
inputs: {x: [1, 8, 24, 24]}
ops:
  - {op: conv, name: a, channels: 16, kernel: 3, pad: 1, act: relu}
  - {op: conv, name: b, channels: 16, kernel: 3, pad: 1, act: relu}
  - {op: conv, name: c, channels: 16, kernel: 3, pad: 1, act: relu}
  - {op: conv, name: d, channels: 8, kernel: 1}
"""
SWEEP = """sweep: small
axes:
  network: [net.yaml]
  cores: [1, 2, 4]
  machine.dram.channels: [1, 2]
"""


def unnasim(*arguments, cwd):
    done = subprocess.run([UNNASIM, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"unnasim {arguments}: {done.stderr}"
    return done.stdout


def rows_of(file):
    return list(csv.DictReader(file.read_text().splitlines()))


class ViewsCase(unittest.TestCase):
    """Its subclasses share the page and the browser, which the first one makes."""

    shared = {}

    @classmethod
    def setUpClass(cls):
        if not cls.shared:
            cls.make()
        for name, value in cls.shared.items():
            setattr(cls, name, value)

    @classmethod
    def make(cls):
        folder = tempfile.TemporaryDirectory()
        atexit.register(folder.cleanup)
        where = Path(folder.name)
        (where / "net.yaml").write_text(NETWORK)
        (where / "small.yaml").write_text(SWEEP)
        unnasim("simulate", "resnet18", "--cores", 4, "--granularity", "tensor", "--no-timing", "--report", "-o", "a", cwd=where)
        unnasim("simulate", "resnet18", "--cores", 4, "--no-timing", "--granularity", "band", "-o", "b", cwd=where)
        unnasim("fit", "net.yaml", "--cores", 2, "--memory-budget", "16KiB", "--no-timing", "-o", "f", cwd=where)
        unnasim("sweep", "small.yaml", "-o", "s", cwd=where)
        unnasim("report", "a", "b", "f", "s", "-o", "all.html", cwd=where)
        unnasim("simulate", "net.yaml", "--cores", 16, "--set", "dram.model=banked", "--no-timing", "--report", "-o", "c", cwd=where)
        driver = browser.start()
        atexit.register(driver.quit)
        cls.shared.update(
            where=where, page=where / "all.html", driver=driver, plan=rows_of(where / "a/plan.csv"),
            layers=rows_of(where / "a/layers.csv"), summary=json.loads((where / "a/summary.json").read_text()),
            header=browser.contents((where / "all.html").read_text())[0])

    def open(self, tab, page=None):
        browser.open_page(self.driver, page or self.page, tab)
        browser.settle(self.driver)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def text(self, css):
        return self.js("return document.querySelector(arguments[0]).textContent", css)

    def tearDown(self):
        faults = [entry for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual(faults, [])

    def choose(self, css, value):
        """As a click on an option of a list does."""
        self.js("""const s = document.querySelector(arguments[0]); s.value = arguments[1];
            s.dispatchEvent(new Event('change'))""", css, str(value))

    def key(self, key, **more):
        """A key at the element that has the focus."""
        self.js("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true, ...arguments[1]}))",
                key, more)

    def tip_of(self, css):
        self.js("""document.querySelector(arguments[0]).dispatchEvent(
            new PointerEvent('pointermove', {clientX: 50, clientY: 50, bubbles: true}))""", css)
        return self.text("#tip")

    def mouse(self, kind, canvas, x, y, **more):
        """A pointer event at a place of a canvas, as a mouse makes it."""
        self.js("""const c = document.querySelector(arguments[1]); const r = c.getBoundingClientRect();
            c.setPointerCapture = () => {};
            c.dispatchEvent(new PointerEvent(arguments[0], {clientX: r.left + arguments[2], clientY: r.top + arguments[3],
              pointerId: 1, bubbles: true, ...arguments[4]}));""", kind, canvas, x, y, more)
