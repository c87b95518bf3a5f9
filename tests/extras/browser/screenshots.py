"""Takes the screenshots of the documentation: `python -m tests.extras.browser.screenshots`.

They show the real page and the output of `fp explain --html`.
"""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from selenium import webdriver

from tests.extras.browser.driving import ROOT, Playground, browser, served

IMAGES = ROOT / "docs" / "images"


def _capture(driver: webdriver.Chrome, name: str, width: int, height: int, *, dark: bool) -> None:
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    driver.execute_script("document.activeElement?.blur(); scrollTo(0, 0)")
    time.sleep(0.5)  # the editors measure their lines
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    image = Image.open(io.BytesIO(base64.b64decode(picture["data"]))).convert("RGB")
    image.quantize(96, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with browser() as driver, served() as url:
        page = Playground(driver, url)
        _capture(driver, "playground.png", 1280, 800, dark=False)
        _capture(driver, "playground-dark.png", 1280, 800, dark=True)
        page.one("#tab-funnel").click()
        _capture(driver, "playground-funnel.png", 1280, 800, dark=False)
        page.one("#tab-copy").click()
        _capture(driver, "playground-copy.png", 1280, 800, dark=False)
        page.one("#tab-why").click()
        page.fill(
            "pattern",
            '{\n  "body": {\n    "state": "open",\n    "a": [{"numeric": [">", "1"]}]\n  }\n}\n',
        )
        page.until(lambda: page.squiggles)
        _capture(driver, "playground-mistake.png", 1280, 800, dark=False)
        page.open()
        _capture(driver, "playground-phone.png", 390, 844, dark=False)
        with tempfile.TemporaryDirectory() as folder:
            why = Path(folder, "why.html")
            files = ("examples/pattern.json", "examples/events.jsonl")  # the page shows the names
            command = (sys.executable, "-m", "filterpatterns", "explain", "-n", "2", "--html")
            subprocess.run(
                (*command, str(why), *files), check=True, stderr=subprocess.DEVNULL, cwd=ROOT
            )
            driver.get(why.as_uri())
            _capture(driver, "explain.png", 900, 620, dark=False)


if __name__ == "__main__":
    main()
