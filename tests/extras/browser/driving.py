"""A browser, both ways to serve the page, and user actions."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "filterpatterns" / "integrations" / "playground" / "page"
PATIENCE = 60.0
"""Seconds after which something is considered stuck: a guard, not a measurement."""

Found = TypeVar("Found")

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--lang=en",
)


@contextmanager
def browser(width: int = 1440, height: int = 1000) -> Iterator[webdriver.Chrome]:
    """Chromium, headless, with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for argument in (*_ARGUMENTS, f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={profile}")
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """`fp playground`: the URL that it prints."""
    command = (sys.executable, "-m", "filterpatterns", "playground", "--no-browser", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip()
        finally:
            program.terminate()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - so it is called
        """Tests print what matters."""


@contextmanager
def static(folder: Path) -> Iterator[str]:
    """The files of a folder on a loopback port: the URL."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Playground:
    """An open page, with what a user sees and does."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self.open()

    def open(self, fragment: str = "") -> None:
        """Open the page, and wait for its first verdict."""
        self.driver.get("about:blank")
        self.driver.get(self.url + fragment)
        self.until(lambda: self.summary)
        self.settled()

    def reset(self) -> None:
        """Restore the first example without reloading the page."""
        self.choose("example", "0")
        self.choose("dialect", "")
        self.one("#tab-why").click()
        self.until(lambda: self.summary == "5 records: 1 match, 4 drop")

    def until(self, look: Callable[[], Found], *, seconds: float = PATIENCE) -> Found:
        """Wait until a condition is true."""
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found or time.monotonic() > end:
                assert found, f"{look} was not so in {seconds} s\n{self.text('body')[:2000]}"
                return found
            time.sleep(0.02)

    def settled(self) -> None:
        """Wait until the page shows what its editors have."""
        self.until(lambda: "busy" not in (self.one("body").get_attribute("class") or ""))

    def run(self, script: str, *arguments: Any) -> Any:
        """The result of a script."""
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str) -> WebElement:
        """The first element of a CSS selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """All text in an element, whether it is visible or not."""
        found = self.run("return document.querySelector(arguments[0])?.textContent", selector)
        return str(found or "")

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements of a selector."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
        return list(self.run(script, selector))

    @property
    def summary(self) -> str:
        """The summary of all records on the page."""
        return self.text("#summary")

    @property
    def verdicts(self) -> list[str]:
        """The verdict of each record that has a row."""
        return self.texts("#rows .row .verdict")

    @property
    def squiggles(self) -> list[str]:
        """The texts that are underlined in the pattern."""
        return self.texts("#pattern .cm-lintRange-error, #pattern .cm-lintRange-warning")

    def fill(self, editor: str, text: str, *, wait: bool = True) -> None:
        """Replace the text of an editor, as pasting does."""
        content = self.one(f"#{editor} .cm-content")
        content.click()
        content.send_keys(Keys.CONTROL, "a")
        script = """
        const data = new DataTransfer();
        data.setData('text/plain', arguments[1]);
        const how = {clipboardData: data, bubbles: true, cancelable: true};
        arguments[0].dispatchEvent(new ClipboardEvent('paste', how));
        """
        if text:
            self.run(script, content, text)
        else:
            content.send_keys(Keys.DELETE)
        if wait:
            self.settled()

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def choose(self, select: str, value: str) -> None:
        """Choose an option by its value."""
        script = """
        const select = document.getElementById(arguments[0]);
        select.value = arguments[1];
        select.dispatchEvent(new Event('change', {bubbles: true}));
        """
        self.run(script, select, value)
        self.settled()

    def console(self) -> list[str]:
        """The browser's console messages since the last call."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The URLs that the browser has requested since the last call."""
        import json

        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                with suppress(KeyError):
                    urls.append(str(message["params"]["request"]["url"]))
        return urls
