"""The built site: every link is valid, and a browser loads every page without contacting other
hosts.

`nox -s docs` builds it first.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[3]
SITE = ROOT / "build" / "site"
PAGES = sorted(
    path for path in SITE.rglob("*.html") if "playground" not in path.relative_to(SITE).parts
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOADING = {("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src")}


class _Page(HTMLParser):
    """What a page refers to, and the names of its places."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[tuple[str, str, str]] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append((tag, name, value))
            elif name == "id" and value:
                self.places.add(value)


def _name(path: Path) -> str:
    return path.relative_to(SITE).as_posix()


@pytest.fixture(scope="module")
def parsed() -> dict[Path, _Page]:
    return {path: _Page(path) for path in PAGES}


def test_the_site_has_a_page_for_each_page_of_the_documentation() -> None:
    sources = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    assert {source.with_suffix(".html").as_posix() for source in sources} <= set(map(_name, PAGES))


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_links_within_the_site_lead_somewhere(path: Path, parsed: dict[Path, _Page]) -> None:
    for _, _, link in parsed[path].links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        assert target.is_file(), link
        if parts.fragment and target in parsed and parts.fragment != "__toc":
            assert unquote(parts.fragment) in parsed[target].places, link


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_nothing_is_loaded_from_elsewhere(path: Path, parsed: dict[Path, _Page]) -> None:
    loaded = [link for tag, name, link in parsed[path].links if (tag, name) in LOADING]
    assert [link for link in loaded if urlsplit(link).netloc] == []


def test_style_sheets_load_nothing_from_elsewhere() -> None:
    for path in SITE.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_the_site_links_to_the_playground_if_it_has_it(parsed: dict[Path, _Page]) -> None:
    links = {link for _, _, link in parsed[SITE / "index.html"].links}
    assert ("playground/index.html" in links) == (SITE / "playground").is_dir()


def test_the_site_is_small() -> None:
    assert sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file()) < 25_000_000


OTHERS = ["/search.html?q=prefix"] + ["/playground/index.html"] * (SITE / "playground").is_dir()
FOUND: Queue[list[dict[str, Any]]] = Queue()


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/look.html":
            self._answer(Path(__file__).with_name("look.html").read_bytes(), "text/html")
        elif self.path == "/pages.json":
            paths = [*(f"/{_name(path)}" for path in PAGES), *OTHERS]
            self._answer(json.dumps(paths).encode(), "application/json")
        else:
            super().do_GET()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self._answer(b"", "text/plain")
        FOUND.put(json.loads(self.rfile.read(length)))

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = partial(_Handler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def looks(address: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a browser found on each page."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser is not None, f"this takes one of {', '.join(BROWSERS)}"
    profile = tmp_path_factory.mktemp("profile")
    quiet = "--no-first-run --disable-background-networking --disable-component-update"
    process = subprocess.Popen(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync"),
            *(*quiet.split(), f"--user-data-dir={profile}", "--remote-debugging-port=0"),
            f"{address}/look.html",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return FOUND.get(timeout=300)
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_browser_loads_every_page_without_errors(looks: list[dict[str, Any]]) -> None:
    assert len(looks) == len(PAGES) + len(OTHERS)
    assert [look for look in looks if look["errors"] or not look["title"]] == []


def test_the_site_contacts_no_other_host(looks: list[dict[str, Any]], address: str) -> None:
    requests = {request for look in looks for request in look["requests"]}
    assert len(requests) > 5
    assert {request for request in requests if not request.startswith(f"{address}/")} == set()


def test_every_page_fits_a_phone(looks: list[dict[str, Any]]) -> None:
    assert [(look["path"], look["width"]) for look in looks if look["width"] > 375] == []


def test_the_playground_evaluates_its_example(looks: list[dict[str, Any]]) -> None:
    playgrounds = [look for look in looks if "verdicts" in look]
    assert len(playgrounds) == (SITE / "playground").is_dir()
    assert [look for look in playgrounds if look["verdicts"] < 3] == []


def test_the_search_finds_pages(looks: list[dict[str, Any]]) -> None:
    [look] = [look for look in looks if "results" in look]
    assert look["results"] >= 3
