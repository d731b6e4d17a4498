#!/usr/bin/python3
"""report_pictures.py <unnasim>: the pictures of docs/report.md, docs/pictures/report-*.png.

Needs chromium, chromium-driver and python3-selenium."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/report"))
import browser  # noqa: E402

# View, the run that it shows, and what is done before the picture is taken.
VIEWS = [
    ("overview", 0, ""),
    ("memory", 0, "selectBuffer(state.run, state.run.live.ids[10])"),
    ("timeline", 0, "state.timeline.chart.show(400000, 424000)"),
    ("layers", 0, "document.querySelector('[data-column=cycles]').click()"),
    ("compare", 0, ""),
    ("sweep", 0, ""),
    ("fit", 2, ""),
]
SWEEP = """sweep: bandwidth-and-cores
axes:
  network: [{network}]
  cores: [1, 2, 4, 8, 16]
  machine.dram.channels: [1, 2, 4, 8]
"""


def main():
    unnasim = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)

        def run(*arguments):
            subprocess.run([unnasim, *arguments], cwd=where, check=True, stdout=subprocess.DEVNULL)

        (where / "sweep.yaml").write_text(SWEEP.format(network=ROOT / "workloads/lenet5.yaml"))
        run("simulate", "resnet50", "--cores", "4", "-o", "resnet50.4")
        run("simulate", "resnet50", "--cores", "4", "--granularity", "band", "-o", "resnet50.4.bands")
        run("fit", "squeezenet1_1", "--cores", "1", "-o", "squeezenet1_1.fit")
        run("sweep", "sweep.yaml", "-o", "sweep")
        run("report", "resnet50.4", "resnet50.4.bands", "squeezenet1_1.fit", "sweep", "-o", "report.html")
        driver = browser.start(1240, 880)
        for view, number, before in VIEWS:
            browser.open_page(driver, where / "report.html", view)
            driver.execute_script(f"""const s = document.getElementById('run'); s.value = '{number}';
                s.dispatchEvent(new Event('change')); openTab('{view}')""")
            browser.settle(driver)
            driver.execute_script(before)
            browser.settle(driver)
            driver.save_screenshot(str(ROOT / f"docs/pictures/report-{view}.png"))
        driver.quit()


if __name__ == "__main__":
    browser.require()
    main()
