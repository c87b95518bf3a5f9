"""`exists`: whether there is a leaf."""

from __future__ import annotations

from typing import Any, ClassVar

from filterpatterns.language import nodes
from filterpatterns.language.operators.base import (
    Bind,
    Instead,
    Kind,
    OperandError,
    OperatorBase,
    describe,
)
from filterpatterns.language.operators.reference import OperatorReference, for_all
from filterpatterns.language.wording import format_value

_BOOLEAN = {"type": "boolean"}


class Exists(OperatorBase, frozen=True, gc=False):
    """`exists: true`: matches any leaf, including null."""

    reference: ClassVar = OperatorReference(
        "exists",
        "`true` matches any value, even null; `false` matches if there is none. Only values count: "
        "an object, `{}` and `[]` do not exist, so name a field inside the object.",
        (True, False),
        _BOOLEAN,
        for_all(_BOOLEAN),
    )

    @classmethod
    def parse(cls, operand: nodes.Value) -> Exists | Absent:
        """Parse the operand of `exists`.

        Raises:
            OperandError: it is neither true nor false.
        """
        if isinstance(operand, nodes.Scalar) and isinstance(operand.value, bool):
            return cls() if operand.value else Absent()
        raise OperandError(
            "FP009",
            operand,
            f"exists must be true or false, found {describe(operand)}",
            'write {"exists": true} or {"exists": false}',
            Instead(operand.value)
            if isinstance(operand, nodes.Scalar) and operand.value in ("true", "false")
            else None,
        )

    def holds(self, value: Any) -> bool:
        return True

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        return "True"

    def words(self) -> str:
        return "exists: true"

    def why_not(self, value: Any) -> str:
        return "it exists"


class Absent(OperatorBase, frozen=True, gc=False):
    """`exists: false`: no value satisfies it; the engine checks whether there is a value at all."""

    def holds(self, value: Any) -> bool:
        return False

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        return "False"

    def words(self) -> str:
        return "exists: false"

    def why_not(self, value: Any) -> str:
        hint = ": null is a value" if value is None else ""
        return f"{format_value(value)} exists, but must not{hint}"
