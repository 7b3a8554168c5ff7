"""Build option classes that check their values."""

from __future__ import annotations

import math
import types
import typing
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from otowake import text
from otowake.errors import BadInput, InputWarning
from otowake.text import Text


def _plain(number: float | None) -> str:
    """Format a bound without an exponent.

    >>> _plain(10_000_000), _plain(0.5), _plain(-4)
    ('10000000', '0.5', '-4')
    """
    return "" if number is None else f"{number:.10g}"


@dataclass(frozen=True)
class Constraint:
    """The values that an option accepts.

    Attributes
    ----------
    kind
        Type that values are converted to.
    help
        Help text in both languages.
    optional
        Whether None is allowed.
    low, high
        Inclusive bounds.
    above
        Exclusive lower bound.
    choices
        Allowed words.
    or_number
        Whether a number is allowed besides the words in `choices`.
    formerly
        Names of the option in earlier versions.
    former_values
        Words of earlier versions and the words that replace them.
    form
        Returns the proper form of a text, or raises ValueError.
    described
        Describes the texts that `form` accepts.
    """

    kind: type
    help: Text
    optional: bool = False
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    or_number: bool = False
    formerly: tuple[str, ...] = ()
    former_values: Mapping[str, str] = field(default_factory=dict)
    form: Callable[[str], str] | None = None
    described: Text | None = None

    def must_be(self) -> Text:
        """Describe the constraint in words."""
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
            return self.described or text.MUST_BE_TEXT
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
        """Return `value` in the option's type.

        Raises
        ------
        BadInput
            If the constraint forbids the value.
        """
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
            return self.form(value) if self.form else value
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
    """Define a dataclass field as an option; `bounds` are attributes of :class:`Constraint`."""
    return field(default=default, metadata={"help": help, "bounds": bounds})


def current_names(
    options: Mapping[str, Any], specs: Iterable[type[Spec]], *, silent: bool = False
) -> dict[str, Any]:
    """Replace names of earlier versions by today's names.

    Parameters
    ----------
    options
        Option values by name. If both names of an option occur, the later one wins.
    specs
        The spec classes that the options belong to.
    silent
        Whether to omit the :class:`~otowake.errors.InputWarning` for each replaced name.

    Examples
    --------
    >>> from otowake.options import FitSpec
    >>> current_names({"apart_W": 0.1}, [FitSpec], silent=True)
    {'decorrelation_W': 0.1}
    """
    known = {name: c for spec in specs for name, c in spec.constraints().items()}
    current = {old: name for name, c in known.items() for old in c.formerly if old not in known}
    renamed = {}
    for name, value in options.items():
        if name in current and not silent:
            warning = InputWarning(text.OPTION_RENAMED, old=name, new=current[name])
            warnings.warn(warning, stacklevel=3)
        renamed[current.get(name, name)] = value
    return renamed


@dataclass(frozen=True)
class Spec:
    """A frozen set of options, checked on construction.

    Examples
    --------
    >>> from otowake.options import FitSpec
    >>> FitSpec(n_components=0)
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: n_components must be a whole number from 1 to 1024, or auto; it is 0.
    """

    def __post_init__(self) -> None:
        for name, constraint in self.constraints().items():
            value = getattr(self, name)
            if (current := _current_value(constraint, value)) is not value:
                warning = InputWarning(text.VALUE_RENAMED, name=name, old=value, new=current)
                warnings.warn(warning, stacklevel=4)
            object.__setattr__(self, name, constraint.check(name, current))

    @classmethod
    def constraints(cls) -> dict[str, Constraint]:
        """Return the constraint of every option, by name."""
        hints = typing.get_type_hints(cls)
        constraints = {}
        for f in fields(cls):
            parts = typing.get_args(hints[f.name])
            is_union = isinstance(hints[f.name], types.UnionType)
            kinds = [p for p in parts if p is not type(None)] if is_union else [hints[f.name]]
            kind = next((k for k in kinds if k is not str), str)
            optional = is_union and type(None) in parts
            bounds = f.metadata["bounds"]
            constraints[f.name] = Constraint(kind, f.metadata["help"], optional, **bounds)
        return constraints

    @classmethod
    def recorded(cls, options: Mapping[str, Any]) -> Self:
        """Build the spec from the options of an older result, without warnings.

        Names and words of earlier versions are replaced by today's.

        Raises
        ------
        BadInput
            If an option is unknown, or its constraint forbids the value.

        Examples
        --------
        >>> from otowake.options import NoteSpec
        >>> NoteSpec.recorded({"transcriber": "listener"}).transcriber
        'network'
        """
        constraints = cls.constraints()
        current = {
            name: _current_value(constraints[name], value) if name in constraints else value
            for name, value in current_names(options, [cls], silent=True).items()
        }
        return cls().with_options(**current)

    def with_options(self, **options: Any) -> Self:
        """Return a copy with some options changed.

        Names and words of earlier versions still work, with an
        :class:`~otowake.errors.InputWarning`.

        Raises
        ------
        BadInput
            If an option is unknown, or its constraint forbids the value.
        """
        options = current_names(options, [type(self)])
        known = [f.name for f in fields(self)]
        for name in options:
            if name not in known:
                raise BadInput(text.UNKNOWN_OPTION, name=name, known=", ".join(known))
        return replace(self, **options)


def _current_value(constraint: Constraint, value: Any) -> Any:
    """Replace a word of an earlier version."""
    return constraint.former_values.get(value, value) if isinstance(value, str) else value
