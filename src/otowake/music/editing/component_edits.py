"""Manual corrections of components: merge, delete, split and paint.

Afterwards the factorisation continues from the corrected factors
(:mod:`otowake.music.editing.painting`), so these corrections, unlike those of
:mod:`otowake.music.editing.edits`, cannot be undone by leaving them out. A kind of correction is an
entry of :data:`KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.music.analyse import with_sound
from otowake.music.components.measure import describe, in_tuning
from otowake.music.editing.config import LIMITS
from otowake.music.editing.painting import BrushStroke, paint
from otowake.nmf import factorize
from otowake.nmf.updates import FLOOR
from otowake.options import Constraint
from otowake.signal import spectrogram
from otowake.types import Analysis, Factors, Floats, Spectrogram

Spectra = dict[int, tuple[Floats, Floats]]
"""Spectrum and activation of each component, by number from 1."""


@dataclass
class ComponentDraft:
    """Components while they are corrected.

    Attributes
    ----------
    V
        The spectrogram.
    current, initial
        The current components, and the components at the start of the factorisation.
    brush_strokes
        Brush strokes, with the number of a component in place of an index.
    """

    V: Spectrogram
    current: Spectra
    initial: Spectra
    brush_strokes: list[BrushStroke] = field(default_factory=list)


def edit_components(analysis: Analysis, edits: Sequence[Mapping[str, Any]]) -> Analysis:
    """Apply corrections to the components of an analysis, then describe and order them again.

    Parameters
    ----------
    analysis
        With components and the recording.
    edits
        In order, each one of ``{"do": "merge", "components": [1, 2]}``,
        ``{"do": "delete", "component": 3}``, ``{"do": "split", "component": 3}`` and
        ``{"do": "paint", "component": 3, "start_s": 1.0, "end_s": 2.5, "low_hz": 200,
        "high_hz": 900, "belongs": False}``. Components have the numbers of ``components.csv``, from
        1, before all edits; the second half of a split one gets the next free number.

    Raises
    ------
    BadInput
        If an edit is invalid, a component is missing, or no component would remain.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(audio, stages=["components"], n_components=4)
    >>> edits = [{"do": "merge", "components": [1, 2]}, {"do": "split", "component": 4}]
    >>> edited = edit_components(analysis, edits)
    >>> len(edited.components), edited.fitted().W.shape
    (4, (1025, 4))
    """
    fit = analysis.fitted()
    if analysis.audio is None:
        raise BadInput(text.SOUND_GONE, path="components")
    V = spectrogram(analysis.audio, analysis.stft)
    V = replace(V, values=np.asarray(V.values, dtype=np.float32))
    draft = ComponentDraft(V, _by_number(fit.factors), _by_number(fit.initial))
    for number, edit in enumerate(_checked(edits), 1):
        _apply(draft, number, edit)
    index_of = {number: index for index, number in enumerate(draft.current)}
    brush_strokes = [
        stroke._replace(component=index_of[stroke.component])
        for stroke in draft.brush_strokes
        if stroke.component in index_of
    ]
    factors = paint(V.values, _joined(draft.current), brush_strokes)
    description = describe(factors, V.frequencies, V.times, tuning_hz=analysis.tuning_hz)
    level = float(fit.W.sum(axis=0).mean())
    now = _levelled(factors, level).permuted(description.order)
    initial = _levelled(_joined(draft.initial), level).permuted(description.order)
    spec = replace(fit.spec, n_components=factors.n_components)
    ranks = {int(old): rank for rank, old in enumerate(description.order)}
    new_index = {number: ranks[index] for number, index in index_of.items()}
    unknown = np.zeros(0, np.int64)
    changed = replace(fit, W=now.W, H=now.H, initial=initial, spec=spec, positions=unknown)

    def with_components(before: Analysis) -> Analysis:
        names = {
            new_index[component.index + 1]: component.name
            for component in before.components
            if component.index + 1 in new_index
        }
        components = tuple(
            replace(component, name=names.get(component.index, ""))
            for component in description.components
        )
        return replace(before, fit=changed, components=in_tuning(components, before.tuning_hz))

    edited = replace(
        with_components(analysis),
        detected=analysis.detected and with_components(analysis.detected),
        edits=tuple(_renumbered(analysis.edits, new_index)),
    )
    return with_sound(edited, analysis.audio)


def is_component_edit(edit: Any) -> bool:
    """Return whether a correction is one of components rather than of notes and parts.

    Examples
    --------
    >>> is_component_edit({"do": "merge", "components": [1, 2]})
    True
    >>> is_component_edit({"do": "merge", "parts": ["piano"]})
    False
    """
    names_component = isinstance(edit, Mapping) and ("component" in edit or "components" in edit)
    return names_component and edit.get("do") in tuple(KINDS)


def _renumbered(
    edits: Sequence[dict[str, Any]], new_index: Mapping[int, int]
) -> Iterator[dict[str, Any]]:
    """Give earlier corrections the new numbers of components; drop those of deleted components."""
    for edit in edits:
        if "component" not in edit:
            yield edit
        elif edit["component"] in new_index:
            yield edit | {"component": new_index[edit["component"]] + 1}


def _apply(draft: ComponentDraft, number: int, edit: dict[str, Any]) -> None:
    facts = {"number": number, "do": edit["do"]}
    for component in edit.get("components", [edit.get("component")]):
        if component not in draft.current:
            raise BadInput(text.NO_COMPONENT, component=component, **facts)
    if edit["do"] == "delete" and len(draft.current) == 1:
        raise BadInput(text.LAST_COMPONENT, **facts)
    values = {name: value for name, value in edit.items() if name != "do"}
    KINDS[edit["do"]].apply(draft, **values)


def _merge(draft: ComponentDraft, components: Sequence[int]) -> None:
    """Replace components by one of rank 1, the nearest to their sum by I-divergence."""
    for spectra in (draft.current, draft.initial):
        W = np.stack([spectra[k][0] for k in components], axis=1)
        H = np.stack([spectra[k][1] for k in components])
        w, h = W @ H.sum(axis=1), W.sum(axis=0) @ H
        for k in components[1:]:
            del spectra[k]
        spectra[components[0]] = (w / max(float(w.sum()), FLOOR), h)


def _delete(draft: ComponentDraft, component: int) -> None:
    del draft.current[component], draft.initial[component]


def _split(draft: ComponentDraft, component: int) -> None:
    """Factorise what a component explains of V into two components."""
    w, h = draft.current[component]
    model = np.maximum(_joined(draft.current).product(), FLOOR)
    explained = draft.V.values * np.outer(w, h) / model
    halves = factorize(np.maximum(explained, FLOOR), n_components=2, seed=0)
    free = max(*draft.current, *draft.initial) + 1
    for number, index in ((component, 0), (free, 1)):
        draft.current[number] = (halves.W[:, index], halves.H[index])
        draft.initial[number] = (halves.initial.W[:, index], halves.initial.H[index])


def _paint(
    draft: ComponentDraft,
    component: int,
    start_s: float,
    end_s: float,
    low_hz: float,
    high_hz: float,
    belongs: bool,
) -> None:
    low, high = _indices_between(draft.V.frequencies, low_hz, high_hz)
    start, stop = _indices_between(draft.V.times, start_s, end_s)
    draft.brush_strokes.append(BrushStroke(component, low, high, start, stop, belongs))


def _indices_between(axis: Floats, low: float, high: float) -> tuple[int, int]:
    """Return the range of indices from `low` to `high`, with at least one index."""
    first, last = np.searchsorted(axis, (min(low, high), max(low, high)))
    first = min(int(first), len(axis) - 1)
    return first, max(int(last), first + 1)


def _by_number(factors: Factors) -> Spectra:
    return {k + 1: (factors.W[:, k], factors.H[k]) for k in range(factors.n_components)}


def _joined(spectra: Spectra) -> Factors:
    return Factors(
        np.stack([w for w, _ in spectra.values()], axis=1),
        np.stack([h for _, h in spectra.values()]),
    )


def _levelled(factors: Factors, level: float) -> Factors:
    """Return the same product with spectra of equal sums, so that activations are comparable."""
    scale = level / np.maximum(factors.W.sum(axis=0), FLOOR)
    return Factors(factors.W * scale, factors.H / scale[:, None])


class Kind(NamedTuple):
    """A kind of correction of components.

    Attributes
    ----------
    fields
        Constraints by field; the field `components` is a list.
    apply
        Applies the correction to a draft, with the fields as keyword arguments.
    """

    fields: dict[str, Constraint]
    apply: Callable[..., None]


NUMBER = Constraint(int, text.COMPONENT, low=1)
VALUE = Constraint(float, text.COMPONENT, low=0)

KINDS: dict[str, Kind] = {
    "merge": Kind({"components": NUMBER}, _merge),
    "delete": Kind({"component": NUMBER}, _delete),
    "split": Kind({"component": NUMBER}, _split),
    "paint": Kind(
        {
            "component": NUMBER,
            "start_s": VALUE,
            "end_s": VALUE,
            "low_hz": VALUE,
            "high_hz": VALUE,
            "belongs": Constraint(bool, text.COMPONENT),
        },
        _paint,
    ),
}
"""Every kind of correction of components, by name."""


def _checked(edits: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Iterate over the edits with their values in their proper types."""
    if len(edits) > LIMITS.max_component_edits:
        must = Constraint(int, text.COMPONENT, low=0, high=LIMITS.max_component_edits).must_be()
        raise BadInput(text.OPTION, name="edits", must=must, value=len(edits))
    for given in edits:
        edit = given if isinstance(given, Mapping) else {"do": repr(given)}
        do = Constraint(str, text.COMPONENT, choices=tuple(KINDS)).check("do", edit.get("do"))
        yield {
            "do": do,
            **{
                name: (_checked_list if name == "components" else constraint.check)(
                    name, edit.get(name)
                )
                for name, constraint in KINDS[do].fields.items()
            },
        }


def _checked_list(name: str, value: Any) -> list[int]:
    """Return the numbers of at least two components, or raise :class:`BadInput`."""
    values = value if isinstance(value, list) else [value]
    numbers = list(dict.fromkeys(NUMBER.check(name, number) for number in values))
    if len(numbers) < 2:
        raise BadInput(text.OPTION, name=name, must=text.MUST_BE_TWO, value=str(values))
    return numbers
