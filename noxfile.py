"""The checks that must pass before a change lands, one per session. `nox -l` lists them.

`.ci/run` calls all of them; `nox` alone runs the quick ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import nox

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "wheel"]

# The tests start the program hundreds of times: it is compiled once.
_COMPILED = {"PYTHONPYCACHEPREFIX": tempfile.gettempdir() + "/filterpatterns-compiled"}


def _pytest(session: nox.Session, *arguments: str, profile: str) -> None:
    profile = os.environ.get("HYPOTHESIS_PROFILE", profile)
    session.run(
        "python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *arguments,
        *session.posargs,
        env={**_COMPILED, "HYPOTHESIS_PROFILE": profile},
    )


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests with few examples of each property, which suffice to show differences between
    Pythons."""
    session.install("-e", ".[test]")
    _pytest(session, profile="brief")


@nox.session
def thorough(session: nox.Session) -> None:
    """The properties with many examples, and the fuzzers for a minute."""
    session.install("-e", ".[test]")
    _pytest(session, "-m", "properties", profile="thorough")
    session.run("python", "-m", "tests.fuzzing", "all", "--seconds", "60", "--slice", "6")


@nox.session
def integration(session: nox.Session) -> None:
    """Integration with other packages: servers on loopback ports, real HTTP."""
    session.install("-e", ".[integration]")
    folder = Path(session.create_tmp(), "fauxqs")
    install = ("npm", "install", "--silent", "--no-audit", "--no-fund")
    session.run(*install, "--prefix", str(folder), "fauxqs@1.9.2", external=True)
    session.env.update(FAUXQS=str(folder.resolve()), INTEGRATION="required")
    _pytest(session, "tests/extras/integration", profile="brief")


@nox.session
def columns(session: nox.Session) -> None:
    """Filters on columns, with the real pyarrow, Polars, DuckDB and pandas."""
    session.install("-e", ".[test,columns]")
    _pytest(session, "tests/extras/columns", profile="brief")


@nox.session
def spark(session: nox.Session) -> None:
    """Filters in Spark, which needs Java."""
    if shutil.which("java") is None:
        session.skip("not tested: there is no Java, which Spark needs")
    session.install("-e", ".[test,spark]")
    _pytest(session, "tests/extras/spark", profile="brief")


@nox.session
def browser(session: nox.Session) -> None:
    """The playground in Chromium, with the server and with Pyodide."""
    has_browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not has_browser or not shutil.which("chromedriver"):
        packages = ("chromium", "chromium-driver")
        session.run("apt-get", "update", "-q", external=True)
        session.run("apt-get", "install", "-y", "-q", *packages, external=True)
    page = Path("filterpatterns/integrations/playground/page")
    with session.chdir(page):
        session.run("npm", "ci", "--silent", "--no-audit", "--no-fund", external=True)
    session.install("-e", ".[browser]")
    _pytest(session, "tests/extras/browser", "-s", profile="brief")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site in `build/site`, and load each of its pages in a browser.

    If npm is available, the site includes the playground; `PLAYGROUND=no` leaves it out.
    """
    session.install("-e", ".[docs]", "pytest>=8", "pytest-xdist>=3.5", "hypothesis")
    site = Path("build/site")
    shutil.rmtree(site, ignore_errors=True)
    playground = shutil.which("npm") is not None and os.environ.get("PLAYGROUND") != "no"
    options = ("-A", "playground=1") if playground else ()
    session.run("sphinx-build", "-q", "-W", "--keep-going", "-E", *options, "docs", str(site))
    if playground:
        build = "filterpatterns.integrations.playground.build"
        session.run("python", "-m", build, str(site / "playground"))
    (site / ".buildinfo").unlink(missing_ok=True)
    shutil.rmtree(site / ".doctrees")
    _pytest(session, "tests/extras/site", profile="brief")


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, as linter and as formatter."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strictly."""
    session.install("-e", ".[types]")
    session.run("mypy", "--strict", "filterpatterns")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it into a new environment, and use it outside the checkout."""
    session.install("build")
    folder = session.create_tmp()
    session.run("python", "-m", "build", "--wheel", "--outdir", folder, ".", silent=True)
    [built] = Path(folder).glob("*.whl")
    session.install("--force-reinstall", str(built))
    pattern, events = (
        Path("examples", name).resolve() for name in ("pattern.json", "events.jsonl")
    )
    with session.chdir(folder):
        session.run("fp", "--version")
        session.run("fp", "test", str(pattern), str(events), "--expect", "any")
        session.run("python", "-c", _WHEEL_CHECK)
    built.unlink()


_WHEEL_CHECK = """
import pathlib, sys
import filterpatterns
package = pathlib.Path(filterpatterns.__file__).parent
assert package.is_relative_to(sys.prefix), package
assert (package / "grammar" / "filter_pattern.lark").is_file(), "the grammar is missing"
assert not {"click", "rich", "orjson"} & set(sys.modules), "the library imports the command line"
"""
