"""The page, open in Chromium, in both variants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from filterpatterns.integrations.playground import build
from tests.extras.browser.driving import Playground, browser, served, static


@pytest.fixture(scope="session")
def driver() -> Iterator[webdriver.Chrome]:
    with browser() as made:
        yield made


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new build of the static playground."""
    folder = tmp_path_factory.mktemp("site") / "playground"
    build.build(folder)
    return folder


@pytest.fixture(scope="module", params=["server", "pyodide"])
def playground(
    request: pytest.FixtureRequest, driver: webdriver.Chrome, site: Path
) -> Iterator[Playground]:
    with served() if request.param == "server" else static(site) as url:
        yield Playground(driver, url)


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test begins on a page with the first example, and ends without errors in the console
    and without requests to other hosts."""
    if "playground" not in request.fixturenames:
        yield
        return
    page: Playground = request.getfixturevalue("playground")
    page.console()
    page.requests()
    page.driver.switch_to.window(page.driver.window_handles[0])
    if not page.driver.current_url.startswith(page.url):
        page.open()
    page.reset()
    yield
    assert page.console() == []
    own = (page.url, page.url.replace("http", "blob:http", 1), "data:", "about:blank")
    assert [url for url in page.requests() if not url.startswith(own)] == []
