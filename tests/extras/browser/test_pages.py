"""General properties of the page: its files, keyboard use, colours, sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from filterpatterns.integrations.playground.pages import STATIC
from tests.extras.browser.driving import PAGE, ROOT, Playground, served


@pytest.fixture(scope="module")
def playground(driver: webdriver.Chrome) -> Iterator[Playground]:
    with served() as url:
        yield Playground(driver, url)


def test_the_committed_page_is_what_its_sources_build(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=PAGE, check=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in STATIC.iterdir()}
    assert built.keys() == committed.keys()
    different = [name for name in built if built[name] != committed[name]]
    assert different == [], "run npm ci && npm run build in the page's folder"


def test_sizes(site: Path) -> None:
    page = sum(path.stat().st_size for path in STATIC.iterdir())
    everything = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"\nthe page: {page:,} bytes; with Pyodide: {everything:,} bytes")
    assert page < 600_000
    assert everything < 25_000_000


def test_keys_alone_reach_everything(playground: Playground) -> None:
    """From a mistake to the copied snippet, without a mouse."""
    playground.run("document.activeElement.blur()")

    def focused() -> str:
        script = """
        const at = document.activeElement;
        return at.id || at.closest('.editor')?.id || at.dataset.number || at.className;
        """
        return str(playground.run(script))

    def go(wanted: str) -> None:
        for _ in range(40):
            playground.press(Keys.TAB)
            if focused() == wanted:
                return
            if focused() in ("pattern", "records"):
                playground.press(Keys.ESCAPE)
        raise AssertionError(f"{wanted} is not reached")

    go("source")
    playground.press("S")
    go("pattern")
    playground.press(Keys.ESCAPE)
    webdriver.ActionChains(playground.driver).key_down(Keys.CONTROL).send_keys("a").key_up(
        Keys.CONTROL
    ).perform()
    playground.press('{"body": {"total": "5"')
    playground.until(lambda: playground.squiggles == ['"5"'])
    playground.press(Keys.F8)
    playground.until(lambda: playground.texts(".cm-tooltip .tip, .cm-panel"))
    playground.press(Keys.ESCAPE)
    playground.settled()
    go("records")
    playground.press(Keys.ESCAPE)
    go("2")
    playground.press(Keys.ARROW_DOWN)
    playground.until(lambda: focused() == "3")
    go("tab-why")
    playground.press(Keys.ARROW_RIGHT)
    assert playground.one("#funnel").is_displayed()
    playground.press(Keys.ARROW_RIGHT)
    assert playground.one("#copy").is_displayed()
    playground.reset()
    playground.one("#tab-copy").click()
    go("snippet-name")
    go("copy-snippet")
    playground.press(Keys.ENTER)
    playground.until(lambda: playground.text("#status") in (
        "Copied.", "The browser blocked copying: select the text and copy it."))  # fmt: skip


def test_every_control_has_a_name(playground: Playground) -> None:
    nameless = playground.run(
        """
        const controls = 'button, select, input, [role], [contenteditable], summary';
        return [...document.querySelectorAll(controls)].filter((one) => {
          const label = one.getAttribute('aria-label') || one.getAttribute('aria-labelledby');
          const text = one.labels?.[0]?.textContent || one.textContent;
          return !(label || text || '').trim() && one.getAttribute('role') !== 'status';
        }).map((one) => one.outerHTML.slice(0, 200));
        """
    )
    assert nameless == []


_CONTRAST = """
const parse = (color) => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1});
  const context = canvas.getContext('2d');
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
};
const light = ([r, g, b]) => {
  const part = (value) => {
    const x = value / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const ground = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const found = parse(getComputedStyle(at).backgroundColor);
    if (found[3] === 255) return found;
  }
  return [255, 255, 255];
};
const poor = new Map();
for (const one of document.querySelectorAll('body *')) {
  const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !one.checkVisibility() || one.closest('.hidden')) continue;
  const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.set(one.className || one.localName, ratio);
}
return Object.fromEntries(poor);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(playground: Playground, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    playground.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    playground.fill("records", '{"body": "x"}\n{"body": "{\\"eventType\\": 1}"}\nx\n')
    playground.until(lambda: "not a record" in playground.summary)
    for tab in ("funnel", "copy", "why"):
        playground.one(f"#tab-{tab}").click()
        assert playground.run(_CONTRAST) == {}
    playground.fill("pattern", '{"body": 1, "x": [{"wildcard": "**"}]}')
    playground.until(lambda: playground.texts("#diagnostics li"))
    assert playground.run(_CONTRAST) == {}


def test_a_phone_needs_no_scrolling_sideways(playground: Playground) -> None:
    screen = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    playground.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        playground.fill("records", json.dumps({"body": "x" * 5000}))
        for tab in ("funnel", "copy", "why"):
            playground.one(f"#tab-{tab}").click()
            assert playground.run("return document.documentElement.scrollWidth") <= 360
    finally:
        playground.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_theme_is_kept(playground: Playground) -> None:
    before = playground.run("return getComputedStyle(document.body).backgroundColor")
    playground.one("#theme").click()
    after = playground.run("return getComputedStyle(document.body).backgroundColor")
    assert before != after
    playground.open()
    assert playground.run("return getComputedStyle(document.body).backgroundColor") == after
    playground.one("#theme").click()


def test_fp_explain_html_has_the_tree_of_the_page(playground: Playground, tmp_path: Path) -> None:
    events, pattern = ROOT / "examples" / "events.jsonl", ROOT / "examples" / "pattern.json"
    why = tmp_path / "why.html"
    command = [sys.executable, "-m", "filterpatterns", "explain", "--html", str(why)]
    subprocess.run([*command, str(pattern), str(events)], check=True, capture_output=True)
    trees = []
    outline = """
    const walk = (one) => [one.localName, one.className,
      [...one.childNodes].filter((node) => node.nodeType === 1 || node.data.trim())
        .map((node) => node.nodeType === 1 ? walk(node) : node.data.trim())];
    return [...document.querySelectorAll('.tree')].map(walk);
    """
    playground.fill("pattern", pattern.read_text("utf-8"))
    playground.fill("records", events.read_text("utf-8"))
    playground.until(lambda: len(playground.verdicts) == 10)
    for number in range(1, 11):
        playground.one(f"#rows [data-number='{number}']").click()
        head = f"Record {number}"
        playground.until(lambda: playground.text("#why .quiet") == head)  # noqa: B023 - called here
        trees += playground.run(outline)
    playground.driver.get(why.as_uri())
    assert playground.console() == []
    assert playground.run(outline) == trees
    playground.open()
    playground.requests()
