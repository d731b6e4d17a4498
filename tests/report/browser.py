"""A headless Chromium that opens a report, and the packing of report/packing.cpp in Python."""

import base64
import gzip
import json
import os
import re
import shutil
import sys

SKIPPED = 77


def require():
    """Ends the test as skipped where a part is missing."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        print("skipped: python3-selenium is not installed")
        sys.exit(SKIPPED)
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
            sys.exit(SKIPPED)


def start(width=1400, height=900, dark=False):
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     f"--window-size={width},{height}", "--hide-scrollbars",
                     "--host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    return driver


def open_page(driver, path, tab="overview"):
    """Milliseconds until the page can be used."""
    from selenium.webdriver.support.ui import WebDriverWait
    driver.get("about:blank")
    driver.get(f"file://{os.path.abspath(path)}#{tab}")
    WebDriverWait(driver, 60).until(lambda d: d.execute_script(
        "return typeof state !== 'undefined' && (state.ready || document.getElementById('failure'))"))
    failure = driver.execute_script("return document.getElementById('failure')?.textContent")
    if failure:
        raise AssertionError(failure)
    return driver.execute_script("return state.ready")


def settle(driver):
    """Lets the frames that were asked for be drawn."""
    driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 20)));")


def contents(page):
    """Headers with decoded columns of what a page holds."""
    return [unpack(text) for text in re.findall(r'class="packed">([^<]*)<', page)]


def unpack(text):
    data = gzip.decompress(base64.b64decode(text))
    size = int.from_bytes(data[:4], "little")
    header = json.loads(data[4:4 + size])
    columns = {}
    for column in header.get("columns", []):
        at, value, values = 4 + size + column["at"], 0, []
        for _ in range(column["count"]):
            rest = shift = 0
            while True:
                byte = data[at]
                at += 1
                rest |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            value += rest >> 1 if rest % 2 == 0 else -(rest + 1 >> 1)
            values.append(value)
        columns[column["name"]] = values
    header["columns"] = columns
    return header


def pack(header, columns):
    packed = bytearray()
    table = []
    for name, values in columns.items():
        table.append({"name": name, "count": len(values), "at": len(packed),
                      "wide": any(abs(v) > 0x7fffffff for v in values)})
        before = 0
        for value in values:
            rest = (value - before) * 2 if value >= before else -(value - before) * 2 - 1
            before = value
            while rest >= 128:
                packed.append(rest & 127 | 128)
                rest >>= 7
            packed.append(rest)
    head = json.dumps({**header, "columns": table}).encode()
    return base64.b64encode(gzip.compress(len(head).to_bytes(4, "little") + head + packed, 6, mtime=0)).decode()
