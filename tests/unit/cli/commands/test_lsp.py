"""`fp lsp`: what the command line does about the language server."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from filterpatterns.cli.commands.lsp import _load_settings
from tests.unit.cli.test_program import fp


def test_without_its_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    package = "filterpatterns.integrations.lsp"
    for name in [name for name in sys.modules if name.startswith(package)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    run = fp("lsp")
    assert run.exit_code == 2
    assert "pip install 'filterpatterns[lsp]'" in run.stderr
    assert run.stdout == ""


def test_settings_come_from_configuration_files(tmp_path: Path) -> None:
    (tmp_path / "filterpatterns.toml").write_text(
        'source = "kafka"\ndialect = "pipes"\nmax-filters = 7\nignore = ["FP10"]\n'
        '[per-file-ignores]\n"tests/*" = ["FP141"]\n'
    )
    settings = _load_settings(str(tmp_path / "a.json"))
    assert (settings.source, settings.dialect, settings.max_filters) == ("kafka", "pipes", 7)
    assert [settings.reports(code) for code in ("FP105", "FP141")] == [False, True]
    inner = _load_settings(str(tmp_path / "tests" / "a.json"))
    assert not inner.reports("FP141")


def test_an_invalid_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "filterpatterns.toml").write_text('ignore = ["FP999"]\n')
    with pytest.raises(ValueError, match="no code is or begins with 'FP999'"):
        _load_settings(str(tmp_path / "a.json"))
