"""Components corrected by hand: merged, deleted, split, and painted on the spectrogram, after which the learning goes on.

A stroke says of a stretch of time and frequency that a component belongs there, or that it doesn't. As in ISSE (Bryan &
Mysore, "An efficient posterior regularized latent variable model for interactive sound source separation", 2013), it
is a constraint on who may explain what is there: in the multiplicative update for the I-divergence the share of those that
don't belong is multiplied by exp(−λ) within the stroke. W and H go on from where they are; a component that is shut out of
a place leaves it to the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.music.analyse import with_sound
from otowake.music.components.describe import describe
from otowake.nmf import factorize
from otowake.nmf.updates import FLOOR
from otowake.options import Constraint
from otowake.signal import spectrogram
from otowake.types import Analysis, Factors, Floats

STRENGTH = 6.0
"""λ: within a stroke, those that don't belong keep exp(−6), a quarter of a per cent, of their share."""

ITERATIONS = 60
"""How long the learning goes on."""

MOST_EDITS = 200

KINDS = ("merge", "delete", "split", "paint")


class Stroke(NamedTuple):
    """A painted rectangle: rows `low` to `high` of V and its frames `start` to `stop`, and whether `component` is there."""

    component: int
    low: int
    high: int
    start: int
    stop: int
    belongs: bool


class Cell(NamedTuple):
    """A rectangle within which each component's share is multiplied by the same: `keep`, of shape (component,)."""

    rows: slice
    frames: slice
    keep: Floats


def edit_components(analysis: Analysis, edits: Sequence[Mapping[str, Any]]) -> Analysis:
    """An analysis with its components corrected, described and ordered anew.

    Parameters
    ----------
    analysis
        With components and the recording.
    edits
        In order, each one of ``{"do": "merge", "components": [1, 2]}``, ``{"do": "delete", "component": 3}``,
        ``{"do": "split", "component": 3}`` and ``{"do": "paint", "component": 3, "start_s": 1.0, "end_s": 2.5,
        "low_hz": 200, "high_hz": 900, "belongs": False}``. Components have the numbers of ``components.csv``, from 1, before
        all edits; the second half of a split one gets the next free number.

    Raises
    ------
    BadInput
        If an edit is not one of these, its component not there, or the last component would go.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(audio, stages=["components"], n_components=4)
    >>> edited = edit_components(analysis, [{"do": "merge", "components": [1, 2]}, {"do": "split", "component": 4}])
    >>> len(edited.components), edited.fitted().W.shape
    (4, (1025, 4))
    """
    fit = analysis.fitted()
    if analysis.audio is None:
        raise BadInput(text.SOUND_GONE, path="components")
    V = spectrogram(analysis.audio, analysis.stft)
    values = np.asarray(V.values, dtype=np.float32)
    parts, first = _apart(fit.factors), _apart(fit.initial)
    strokes = []
    for number, edit in enumerate(_checked(edits), 1):
        facts = {"number": number, "do": edit["do"]}
        for k in edit.get("components", [edit.get("component")]):
            if k not in parts:
                raise BadInput(text.NO_COMPONENT, component=k, **facts)
        if edit["do"] == "paint":
            strokes.append((edit["component"], _stroke(edit, V.frequencies, V.times)))
        elif edit["do"] == "merge":
            _merge(parts, first, edit["components"])
        elif edit["do"] == "split":
            _split(parts, first, edit["component"], values)
        else:
            if len(parts) == 1:
                raise BadInput(text.LAST_COMPONENT, **facts)
            del parts[edit["component"]], first[edit["component"]]
    places = {number: place for place, number in enumerate(parts)}
    painted = [stroke._replace(component=places[k]) for k, stroke in strokes if k in places]
    factors = paint(values, _joined(parts), painted)
    description = describe(factors, V.frequencies, V.times)
    level = float(fit.W.sum(axis=0).mean())
    now = _levelled(factors, level).permuted(description.order)
    initial = _levelled(_joined(first), level).permuted(description.order)
    spec = replace(fit.spec, n_components=factors.n_components)
    ranks = {int(old): rank for rank, old in enumerate(description.order)}
    numbers = {k: ranks[place] for k, place in places.items()}
    changed = replace(fit, W=now.W, H=now.H, initial=initial, spec=spec)

    def with_components(before: Analysis) -> Analysis:
        names = {
            numbers[each.index + 1]: each.name
            for each in before.components
            if each.index + 1 in numbers
        }
        components = tuple(
            replace(each, name=names.get(each.index, "")) for each in description.components
        )
        return replace(before, fit=changed, components=components, tuning_hz=description.tuning_hz)

    edited = replace(
        with_components(analysis),
        unedited=analysis.unedited and with_components(analysis.unedited),
        edits=tuple(_renumbered(analysis.edits, numbers)),
    )
    return with_sound(edited, analysis.audio)


def _renumbered(
    edits: Sequence[dict[str, Any]], places: Mapping[int, int]
) -> Iterator[dict[str, Any]]:
    """Earlier corrections that call components by their numbers, as these are now; those of what is gone are left out."""
    for edit in edits:
        if "component" not in edit:
            yield edit
        elif edit["component"] in places:
            yield edit | {"component": places[edit["component"]] + 1}


def is_of_components(edit: Any) -> bool:
    """Whether an edit is one of those here; the others are :mod:`otowake.music.editing.edits`'.

    Examples
    --------
    >>> is_of_components({"do": "merge", "components": [1, 2]}), is_of_components({"do": "merge", "parts": ["piano"]})
    (True, False)
    """
    spoken_of = isinstance(edit, Mapping) and ("component" in edit or "components" in edit)
    return spoken_of and edit.get("do") in KINDS


def paint(
    V: Floats, factors: Factors, strokes: Sequence[Stroke], *, iterations: int = ITERATIONS
) -> Factors:
    """W and H after going on under the constraint of the strokes.

    Parameters
    ----------
    V
        Shape (frequency, frame), non-negative.
    factors
        Where to go on from.
    strokes
        What was painted.
    iterations
        Updates of both factors.

    Examples
    --------
    >>> V = np.ones((4, 6))
    >>> even = Factors(np.ones((4, 2)), np.ones((2, 6)) / 2)
    >>> after = paint(V, even, [Stroke(0, 0, 4, 0, 3, belongs=False)])
    >>> bool(after.H[0, 0] < 0.01 * after.H[1, 0]), bool(np.allclose(after.product(), V, atol=1e-3))
    (True, True)
    """
    W, H = (np.maximum(factor, FLOOR).astype(np.float32) for factor in (factors.W, factors.H))
    cells = list(cells_of(strokes, W.shape[1]))
    for _ in range(iterations):
        ratio = _ratio(V, W, H, cells)
        up = W.T @ ratio
        for rows, frames, keep in cells:
            up[:, frames] -= (1 - keep)[:, None] * (W[rows].T @ ratio[rows, frames])
        H = np.maximum(H * up / W.sum(axis=0)[:, None], FLOOR)
        ratio = _ratio(V, W, H, cells)
        up = ratio @ H.T
        for rows, frames, keep in cells:
            up[rows] -= (1 - keep) * (ratio[rows, frames] @ H[:, frames].T)
        W = np.maximum(W * up / H.sum(axis=1), FLOOR)
    return Factors(W, H)


def cells_of(strokes: Sequence[Stroke], n_components: int) -> Iterator[Cell]:
    """The rectangles that the strokes' edges cut out, without those that no stroke covers.

    Examples
    --------
    >>> strokes = [Stroke(0, 0, 4, 0, 4, False), Stroke(1, 2, 6, 2, 6, False)]
    >>> len(list(cells_of(strokes, 2)))
    7
    """
    rows = sorted({edge for stroke in strokes for edge in (stroke.low, stroke.high)})
    frames = sorted({edge for stroke in strokes for edge in (stroke.start, stroke.stop)})
    for low, high in itertools.pairwise(rows):
        for start, stop in itertools.pairwise(frames):
            covering = [s for s in strokes if s.low <= low < s.high and s.start <= start < s.stop]
            if covering:
                outside = np.zeros(n_components, bool)
                for stroke in covering:
                    own = np.arange(n_components) == stroke.component
                    outside |= ~own if stroke.belongs else own
                keep = np.where(outside, np.exp(-STRENGTH), 1.0).astype(np.float32)
                yield Cell(slice(low, high), slice(start, stop), keep)


def _ratio(V: Floats, W: Floats, H: Floats, cells: Sequence[Cell]) -> Floats:
    """V over the sum of the shares that each may have."""
    shares = W @ H
    for rows, frames, keep in cells:
        shares[rows, frames] = (W[rows] * keep) @ H[:, frames]
    return V / np.maximum(shares, FLOOR)


Parts = dict[int, tuple[Floats, Floats]]


def _apart(factors: Factors) -> Parts:
    """Spectrum and activation of each component, by its number from 1."""
    return {k + 1: (factors.W[:, k], factors.H[k]) for k in range(factors.n_components)}


def _joined(parts: Parts) -> Factors:
    return Factors(
        np.stack([w for w, _ in parts.values()], axis=1), np.stack([h for _, h in parts.values()])
    )


def _levelled(factors: Factors, level: float) -> Factors:
    """The same product with every spectrum of the same sum, so that activations can be compared."""
    scale = level / np.maximum(factors.W.sum(axis=0), FLOOR)
    return Factors(factors.W * scale, factors.H / scale[:, None])


def _merge(parts: Parts, first: Parts, numbers: Sequence[int]) -> None:
    """One spectrum and one activation in place of several: of rank 1, the nearest to their sum by I-divergence."""
    for each in (parts, first):
        W = np.stack([each[k][0] for k in numbers], axis=1)
        H = np.stack([each[k][1] for k in numbers])
        w, h = W @ H.sum(axis=1), W.sum(axis=0) @ H
        for k in numbers[1:]:
            del each[k]
        each[numbers[0]] = (w / max(float(w.sum()), FLOOR), h)


def _split(parts: Parts, first: Parts, number: int, V: Floats) -> None:
    """Two components from what one explains of V."""
    w, h = parts[number]
    share = V * np.outer(w, h) / np.maximum(_joined(parts).product(), FLOOR)
    found = factorize(np.maximum(share, FLOOR), n_components=2, seed=0)
    free = max(*parts, *first) + 1
    for k, place in ((number, 0), (free, 1)):
        parts[k] = (found.W[:, place], found.H[place])
        first[k] = (found.initial.W[:, place], found.initial.H[place])


def _stroke(edit: Mapping[str, Any], frequencies: Floats, times: Floats) -> Stroke:
    low, high = _between(frequencies, edit["low_hz"], edit["high_hz"])
    start, stop = _between(times, edit["start_s"], edit["end_s"])
    return Stroke(-1, low, high, start, stop, edit["belongs"])


def _between(axis: Floats, low: float, high: float) -> tuple[int, int]:
    """The places from `low` to `high`, at least the one next to them."""
    first, last = np.searchsorted(axis, (min(low, high), max(low, high)))
    first = min(int(first), len(axis) - 1)
    return first, max(int(last), first + 1)


WHOLE = Constraint(int, text.COMPONENT, low=1)
NUMBER = Constraint(float, text.COMPONENT, low=0)
FIELDS = {"start_s": NUMBER, "end_s": NUMBER, "low_hz": NUMBER, "high_hz": NUMBER}


def _checked(edits: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The edits with their values in their proper types."""
    if len(edits) > MOST_EDITS:
        must = Constraint(int, text.COMPONENT, low=0, high=MOST_EDITS).must_be()
        raise BadInput(text.OPTION, name="edits", must=must, value=len(edits))
    for given in edits:
        edit = given if isinstance(given, Mapping) else {"do": repr(given)}
        do = Constraint(str, text.COMPONENT, choices=KINDS).check("do", edit.get("do"))
        checked: dict[str, Any] = {"do": do}
        if do == "merge":
            numbers = edit.get("components")
            numbers = numbers if isinstance(numbers, list) else [numbers]
            checked["components"] = list(
                dict.fromkeys(WHOLE.check("components", each) for each in numbers)
            )
            if len(checked["components"]) < 2:
                raise BadInput(
                    text.OPTION, name="components", must=text.MUST_BE_TWO, value=str(numbers)
                )
        else:
            checked["component"] = WHOLE.check("component", edit.get("component"))
        if do == "paint":
            checked |= {name: its.check(name, edit.get(name)) for name, its in FIELDS.items()}
            checked["belongs"] = Constraint(bool, text.COMPONENT).check(
                "belongs", edit.get("belongs")
            )
        yield checked
