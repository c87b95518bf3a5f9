"""AWS event filter patterns, exact and fast.

>>> import filterpatterns
>>> orders = filterpatterns.compile('{"body": {"total": [{"numeric": [">", 100]}]}}')
>>> orders.matches({"messageId": "1", "body": '{"total": 250}'})
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filterpatterns.delivery.envelopes import records
    from filterpatterns.engine.filter import Filter, check, compile
    from filterpatterns.engine.rulesets import RuleError, RuleSet
    from filterpatterns.errors import Diagnostic, LoadError, PatternError, RecordError
    from filterpatterns.explain import Explanation
    from filterpatterns.matching.verdict import Reason
    from filterpatterns.templates.loading import load, load_all

__version__ = "0.2.0"

__all__ = [
    "Diagnostic",
    "Explanation",
    "Filter",
    "LoadError",
    "PatternError",
    "Reason",
    "RecordError",
    "RuleError",
    "RuleSet",
    "__version__",
    "check",
    "compile",
    "load",
    "load_all",
    "records",
]

_MODULES = {
    "Diagnostic": "filterpatterns.errors",
    "LoadError": "filterpatterns.errors",
    "PatternError": "filterpatterns.errors",
    "RecordError": "filterpatterns.errors",
    "Reason": "filterpatterns.matching.verdict",
    "Explanation": "filterpatterns.explain",
    "RuleError": "filterpatterns.engine.rulesets",
    "RuleSet": "filterpatterns.engine.rulesets",
    "Filter": "filterpatterns.engine.filter",
    "check": "filterpatterns.engine.filter",
    "compile": "filterpatterns.engine.filter",
    "load": "filterpatterns.templates.loading",
    "load_all": "filterpatterns.templates.loading",
    "records": "filterpatterns.delivery.envelopes",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `fp --version` does not import
    everything."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
