"""Builds the playground as static files that evaluate in the browser with Python compiled to
WebAssembly.

    python -m filterpatterns.integrations.playground.build FOLDER

writes the page, Pyodide (from npm), msgspec's wheel for it (from PyPI), and the installed lark,
PyYAML and filterpatterns. It requires a checkout, Node, npm and pip. Pyodide's version is in
`page/package-lock.json`; it determines which wheel of msgspec fits.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import filterpatterns
from filterpatterns.integrations.playground.pages import STATIC, page

PAGE: Final = Path(__file__).parent / "page"
"""The sources of the page, which are not in the wheel."""

_MSGSPEC: Final = "0.22.0"
"""The first version with a wheel for Pyodide."""

_PYODIDE: Final = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
_EXCLUDED: Final = ("cli", "testing", "grammar")
_DATE: Final = (1980, 1, 1, 0, 0, 0)


def build(out: Path) -> None:
    """Write the static playground.

    Args:
        out: the folder; files of the same names are replaced.

    Raises:
        FileNotFoundError: there is no checkout, or no npm.
        subprocess.CalledProcessError: npm or pip failed.
    """
    if not (PAGE / "package-lock.json").is_file():
        raise FileNotFoundError(f"{PAGE}: the static playground is built from a checkout")
    pyodide = PAGE / "node_modules" / "pyodide"
    if not pyodide.is_dir():
        subprocess.run(("npm", "ci", "--no-audit", "--no-fund"), cwd=PAGE, check=True)  # noqa: S607 - npm, as the path has it
    out.mkdir(parents=True, exist_ok=True)
    for path in STATIC.iterdir():
        shutil.copyfile(path, out / path.name)
    (out / "index.html").write_text(page("pyodide")[0], encoding="utf-8")
    (out / "initial.json").write_text("{}\n", encoding="utf-8")
    target = out / "pyodide"
    target.mkdir(exist_ok=True)
    for name in _PYODIDE:
        shutil.copyfile(pyodide / name, target / name)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    wheel = _msgspec_wheel(lock["info"], target)
    entry = _lock_entry(lock["packages"], wheel)
    lock["packages"] = {"msgspec": entry}
    (target / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    _pack(target / "packages.zip")


def _msgspec_wheel(info: dict[str, Any], target: Path) -> Path:
    """Download msgspec for that Pyodide, and return the file."""
    version = "".join(info["python"].split(".")[:2])
    for old in target.glob("msgspec-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        wanted = {
            "--dest": folder,
            "--only-binary": ":all:",
            "--implementation": "cp",
            "--python-version": version,
            "--abi": f"cp{version}",
            "--platform": f"pyemscripten_{info['abi_version']}_wasm32",
        }
        options = (part for option in wanted.items() for part in option)
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *options)
        subprocess.run((*command, f"msgspec=={_MSGSPEC}"), check=True)  # noqa: S603 - pip
        [wheel] = Path(folder).glob("msgspec-*.whl")
        return Path(shutil.copyfile(wheel, target / wheel.name))


def _lock_entry(packages: dict[str, Any], wheel: Path) -> dict[str, Any]:
    """Return an entry for msgspec in the format of Pyodide's list of packages."""
    example = next(each for each in packages.values() if each["file_name"].endswith("wasm32.whl"))
    entry: dict[str, Any] = example | {
        "name": "msgspec",
        "version": _MSGSPEC,
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": ["msgspec"],
        "depends": [],
        "unvendored_tests": False,
    }
    return entry


def _pack(target: Path) -> None:
    """Pack the Python code of the installed packages reproducibly."""
    package = Path(filterpatterns.__file__).parent
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)

        for path in _modules(package):
            add(f"filterpatterns/{path.relative_to(package).as_posix()}", path.read_bytes())
        grammars = (package / "grammar", package.parent / "grammar")  # wheel; checkout
        grammar = next(each for each in grammars if each.is_dir())
        for path in sorted(grammar.glob("*.lark")):
            add(f"filterpatterns/grammar/{path.name}", path.read_bytes())
        for name in ("lark", "yaml"):
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                raise FileNotFoundError(f"{name} is not installed")
            folder = Path(spec.origin).parent
            for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.lark"))):
                add(f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def _modules(package: Path) -> Iterator[Path]:
    """Return our modules that a browser may need."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).parts
        if parts[0] in _EXCLUDED or (parts[0] == "integrations" and len(parts) > 2):
            if parts[:2] != ("integrations", "playground"):
                continue
        elif parts[0] == "integrations" and parts[1] != "__init__.py":
            continue
        yield path


def main() -> None:
    """Build into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Build the playground as static files.")
    parser.add_argument("folder", type=Path, help="where to write it")
    build(parser.parse_args().folder)


if __name__ == "__main__":
    main()
