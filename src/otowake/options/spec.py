"""Build option classes that check their values."""

from __future__ import annotations

import math
import types
import typing
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from otowake import text
from otowake.errors import BadInput
from otowake.text import Text


def _plain(number: float | None) -> str:
    """A bound in words, without an exponent.

    >>> _plain(10_000_000), _plain(0.5), _plain(-4)
    ('10000000', '0.5', '-4')
    """
    return "" if number is None else f"{number:.10g}"


@dataclass(frozen=True)
class Constraint:
    """What a value of an option must be.

    `kind` is the type that values are turned into; `optional` allows None. `low` and `high` are inclusive,
    `above` is exclusive. `choices` lists the words; with `or_number` any number is allowed as well.
    """

    kind: type
    help: Text
    optional: bool = False
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    or_number: bool = False

    def must_be(self) -> Text:
        """The constraint as words."""
        if self.choices and self.or_number and self.kind is int:
            facts = {
                "low": _plain(self.low),
                "high": _plain(self.high),
                "choices": ", ".join(self.choices),
            }
            return filled(text.MUST_BE_COUNT_OR, **facts)
        if self.choices:
            words = ", ".join(self.choices)
            sentence = text.MUST_BE_CHOICE_OR_NUMBER if self.or_number else text.MUST_BE_ONE_OF
            return filled(sentence, choices=words)
        if self.kind is bool:
            return text.MUST_BE_FLAG
        if self.kind is str:
            return text.MUST_BE_TEXT
        what = text.MUST_BE_WHOLE if self.kind is int else text.MUST_BE_NUMBER
        if self.above is not None:
            return filled(text.MUST_BE_ABOVE, what=what, low=_plain(self.above))
        if self.low is not None and self.high is not None:
            return filled(
                text.MUST_BE_BETWEEN, what=what, low=_plain(self.low), high=_plain(self.high)
            )
        if self.low is not None:
            return filled(text.MUST_BE_AT_LEAST, what=what, low=_plain(self.low))
        return what

    def check(self, name: str, value: Any) -> Any:
        """`value` in its proper type, or :class:`BadInput`."""
        if value is None and self.optional:
            return None
        try:
            return self._converted(value)
        except (TypeError, ValueError, OverflowError):
            raise BadInput(text.OPTION, name=name, must=self.must_be(), value=repr(value)) from None

    def _converted(self, value: Any) -> Any:
        if self.choices:
            if value in self.choices:
                return value
            if not self.or_number:
                raise ValueError
        if self.kind is bool:
            if not isinstance(value, bool):
                raise TypeError
            return value
        if self.kind is str and not self.choices:
            if not isinstance(value, str):
                raise TypeError
            return value
        return self._number(value)

    def _number(self, value: Any) -> int | float:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
        if (
            not math.isfinite(number)
            or (self.kind is int and number != int(number))
            or (self.low is not None and number < self.low)
            or (self.high is not None and number > self.high)
            or (self.above is not None and number <= self.above)
        ):
            raise ValueError
        return int(number) if self.kind is int else number


def filled(sentence: Text, **facts: Any) -> Text:
    """Fill in a template in both languages."""
    return Text(sentence.format("en", **facts), sentence.format("ja", **facts))


def option(default: Any, help: Text, **bounds: Any) -> Any:
    """A dataclass field that is an option; `bounds` are those of :class:`Constraint`."""
    return field(default=default, metadata={"help": help, "bounds": bounds})


@dataclass(frozen=True)
class Spec:
    """A frozen set of options, checked when made.

    Examples
    --------
    >>> FitSpec(n_components=0)
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: n_components must be a whole number from 1 to 1024, or auto; it is 0.
    """

    def __post_init__(self) -> None:
        for name, constraint in self.constraints().items():
            object.__setattr__(self, name, constraint.check(name, getattr(self, name)))

    @classmethod
    def constraints(cls) -> dict[str, Constraint]:
        """The constraint of every option, by name."""
        hints = typing.get_type_hints(cls)
        found = {}
        for f in fields(cls):
            parts = typing.get_args(hints[f.name])
            is_union = isinstance(hints[f.name], types.UnionType)
            kinds = [p for p in parts if p is not type(None)] if is_union else [hints[f.name]]
            kind = next((k for k in kinds if k is not str), str)
            optional = is_union and type(None) in parts
            found[f.name] = Constraint(kind, f.metadata["help"], optional, **f.metadata["bounds"])
        return found

    def with_options(self, **options: Any) -> Self:
        """A copy with some options changed.

        Raises
        ------
        BadInput
            If there is no such option, or a value is not what it must be.
        """
        known = [f.name for f in fields(self)]
        for name in options:
            if name not in known:
                raise BadInput(text.UNKNOWN_OPTION, name=name, known=", ".join(known))
        return replace(self, **options)
