"""The one pipeline: a recording in, what it is made of out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.music.components.describe import describe
from otowake.music.drums.onsets import detect_drums, onto
from otowake.music.players.parts import assign_parts, drum_parts
from otowake.music.players.recognizer import recognize
from otowake.music.separation.drum_samples import with_drum_samples
from otowake.music.separation.score_informed import fit_parts
from otowake.music.separation.stems import ids_of_parts, separated
from otowake.music.separation.stems import with_sound as notes_with_sound
from otowake.music.theory.harmony import find_chords, find_key
from otowake.music.theory.instruments import DRUMS, instrument, of_programme
from otowake.music.theory.rhythm import find_rhythm
from otowake.music.transcription.notes import find_notes, notes_of_score, round_note
from otowake.nmf import factorize
from otowake.options import (
    STAGES,
    FitSpec,
    NoteSpec,
    PartSpec,
    Spec,
    StftSpec,
    checked_stages,
    current_names,
)
from otowake.signal import downmix, separate, spectrogram
from otowake.types import Analysis, Audio, Factors, Floats, Note, Part, Sound, Spectrogram, Watcher


def analyse(
    audio: Sound,
    *,
    stages: Iterable[str] = STAGES,
    V: Spectrogram | None = None,
    start: dict[str, Any] | None = None,
    stft: StftSpec | None = None,
    fit: FitSpec | None = None,
    note: NoteSpec | None = None,
    part: PartSpec | None = None,
    score: Sequence[Note] | None = None,
    watch: Watcher | None = None,
    begun: Callable[[str], object] | None = None,
    resume: dict[str, Floats] | None = None,
    **options: Any,
) -> Analysis:
    """Take a recording apart.

    Parameters
    ----------
    audio
        The recording.
    stages
        What to do: ``"components"``, ``"notes"``, ``"instruments"``, ``"stems"``, ``"report"`` (written when the
        analysis is saved); all if not given.
    V
        Its spectrogram, if it has been made already.
    start
        Where to begin: the arguments `W`, `H`, `keep_W`, `keep_H`, `weights`, `groups` of
        :func:`otowake.factorize`, such as those that :mod:`otowake.music.components.templates` makes.
    stft, fit, note, part
        How the spectrogram is made and factorised, how notes are found, and how they are gathered into parts.
    score
        Notes that take the place of those that would be found; they are aligned to the recording first.
    watch
        Called while it learns; True stops the learning: what has been learnt is described, no notes are found.
    begun
        Called with the name of each stage as it begins.
    resume
        Where an earlier run was stopped (:func:`otowake.factorize`).
    **options
        Single options of `stft`, `fit`, `note` and `part`, by name.

    Returns
    -------
    Analysis
        With the components ordered by pitch, those without one last (where all of W was given and kept, as it was
        given), and the notes by onset.

    Raises
    ------
    BadInput
        If the recording or an option is not what it must be.

    Examples
    --------
    >>> t = np.arange(44100) / 22050
    >>> tones = [sum(np.sin(2 * np.pi * f * n * t) / n for n in range(1, 6)) for f in (261.63, 392.0)]
    >>> audio = Audio(np.concatenate(tones), 22050)
    >>> analysis = analyse(audio, n_components=2, max_iter=100)
    >>> [component.pitch.midi for component in analysis.components]
    [60, 67]
    >>> [(note.midi, round(note.onset)) for note in analyse(audio, stages=["notes"]).notes]
    [(60, 0), (67, 2)]
    """
    asked = checked_stages([stages] if isinstance(stages, str) else stages)
    stft_spec, fit_spec, note_spec, part_spec = _with_options(
        (stft or StftSpec(), fit or FitSpec(), note or NoteSpec(), part or PartSpec()), options
    )
    for name in part_spec.named:
        instrument(name)
    analysis = Analysis(audio, None, (), np.zeros(0), np.zeros(0), 1.0, 440.0, stft_spec)
    begun = begun or (lambda stage: None)
    mono = downmix(audio)
    if "components" in asked:
        begun("components")
        analysis = _with_components(mono, V, start or {}, stft_spec, fit_spec, watch, resume)
    if "notes" in asked and not (analysis.fit and analysis.fit.stop.reason == "cancelled"):
        begun("notes")
        analysis = _with_notes(analysis, mono, note_spec, score)
        if "instruments" in asked:
            begun("instruments")
            analysis = _with_parts(analysis, mono, part_spec, score is not None)
        if "stems" in asked:
            begun("stems")
            analysis = _with_stems(analysis, audio, mono)
    return replace(with_sound(analysis, audio), reported="report" in asked)


def _with_components(
    audio: Sound,
    V: Spectrogram | None,
    start: dict[str, Any],
    stft_spec: StftSpec,
    fit_spec: FitSpec,
    watch: Watcher | None,
    resume: dict[str, Floats] | None,
) -> Analysis:
    if V is None:
        V = spectrogram(audio, stft_spec)
    found = factorize(V.values, spec=fit_spec, watch=watch, resume=resume, **start)
    ordered = start.get("keep_W") is not True
    description = describe(found.factors, V.frequencies, V.times, ordered=ordered)
    return Analysis(
        audio=audio,
        fit=found.permuted(description.order),
        components=description.components,
        frequencies=V.frequencies,
        times=V.times,
        scale=V.scale,
        tuning_hz=description.tuning_hz,
        stft=V.spec,
    )


def _with_notes(
    analysis: Analysis, audio: Sound, spec: NoteSpec, score: Sequence[Note] | None
) -> Analysis:
    """The analysis with notes and what follows from them."""
    tuning = analysis.tuning_hz if analysis.fit else None
    if score is None:
        notes, tuning_hz = find_notes(audio, spec, tuning)
    else:
        notes, tuning_hz = notes_of_score(score, audio, tuning)
        if any(note.is_drum for note in notes):
            heard = map(round_note, onto(notes, detect_drums(audio, surely=True)))
            notes = tuple(sorted(heard, key=lambda note: (note.onset, note.midi)))
    numbered = [replace(note, id=place) for place, note in enumerate(notes)]
    given = None if score is None else tuple(score)
    return with_harmony(
        replace(analysis, tuning_hz=tuning_hz, note_spec=spec, score=given), numbered
    )


def with_harmony(analysis: Analysis, notes: Sequence[Note]) -> Analysis:
    """The analysis with these notes and with the chords, key and rhythm that follow from them."""
    key, rhythm = find_key(notes), find_rhythm(notes)
    chords = find_chords(notes, rhythm.beats if rhythm else None, key)
    return replace(analysis, notes=tuple(notes), chords=tuple(chords), key=key, rhythm=rhythm)


def _with_parts(analysis: Analysis, audio: Sound, spec: PartSpec, scored: bool) -> Analysis:
    """The analysis with its notes gathered by instrument, and the strokes of drums; the parts of a score are those of its programmes."""
    named = [instrument(name).name for name in spec.named]
    if not scored and (DRUMS in named or not named):
        analysis = _with_strokes(analysis, audio, named)
    notes = analysis.notes
    places = [place for place, note in enumerate(notes) if not note.is_drum]
    programmes = sorted({notes[place].programme for place in places})
    parts: tuple[Part, ...]
    if scored and len(programmes) > 1 and not (spec.named or spec.parts):
        parts = _by_programme(notes, places, programmes)
    else:
        onset, until, midi = (
            np.array([getattr(notes[place], name) for place in places], float)
            for name in ("onset", "sounding_end", "midi")
        )
        pitched = [name for name in named if name != DRUMS]
        heard = recognize(audio, onset, until, midi, contextual=not pitched)
        found = assign_parts(
            *(onset, until, midi, heard.contextual, heard.unary),
            assignment=heard.assignment,
            n_parts=spec.parts,
            instruments=pitched,
        )
        parts = tuple(
            replace(
                part,
                notes=tuple(places[i] for i in part.notes),
                shared=tuple(share._replace(note=places[share.note]) for share in part.shared),
            )
            for part in found
        )
    parts += drum_parts(notes)
    played = list(notes)
    for part in parts:
        programme = instrument(part.instrument).programme
        for place in part.notes:
            played[place] = replace(played[place], instrument=part.instrument, programme=programme)
    return replace(analysis, notes=tuple(played), parts=parts, part_spec=spec)


def _with_strokes(analysis: Analysis, audio: Sound, named: Sequence[str]) -> Analysis:
    """The analysis with the strokes of drums among its notes, where there are drums; and nothing else if only drums play."""
    strokes = detect_drums(audio, surely=DRUMS in named)
    pitched = () if {*named} == {DRUMS} else analysis.notes
    notes = sorted([*pitched, *map(round_note, strokes)], key=lambda note: (note.onset, note.midi))
    if not strokes and pitched == analysis.notes:
        return analysis
    return with_harmony(analysis, [replace(note, id=place) for place, note in enumerate(notes)])


def _by_programme(
    notes: Sequence[Note], places: Sequence[int], programmes: Sequence[int]
) -> tuple[Part, ...]:
    counts: dict[str, int] = {}
    parts = []
    for programme in programmes:
        name = of_programme(programme).name
        counts[name] = counts.get(name, 0) + 1
        number = f"-{counts[name]}" if counts[name] > 1 else ""
        mine = tuple(place for place in places if notes[place].programme == programme)
        parts.append(Part(f"{name}{number}", name, mine, {name: 1.0}))
    return tuple(parts)


def _with_stems(analysis: Analysis, audio: Sound, mono: Sound) -> Analysis:
    """Add what each note contributes to the recording `audio`, of which `mono` is the downmix."""
    note_factors = fit_parts(mono, analysis.notes, analysis.parts, tuning_hz=analysis.tuning_hz)
    return replace(analysis, note_factors=with_drum_samples(audio, note_factors, analysis.notes))


def _with_options(
    specs: tuple[StftSpec, FitSpec, NoteSpec, PartSpec], options: dict[str, Any]
) -> Any:
    """The specs, of the same kinds, with single options changed."""
    homes: dict[str, type[Spec]] = {f.name: type(spec) for spec in specs for f in fields(spec)}
    options = current_names(options, [type(spec) for spec in specs])
    unknown = options.keys() - homes.keys()
    if unknown:
        raise BadInput(text.UNKNOWN_OPTION, name=min(unknown), known=", ".join(homes))
    return [
        spec.with_options(**{k: v for k, v in options.items() if homes[k] is type(spec)})
        for spec in specs
    ]


def with_sound(analysis: Analysis, audio: Sound) -> Analysis:
    """The analysis with each component, note and part able to sound, from `audio`."""
    analysis = replace(analysis, audio=audio)
    if analysis.fit is not None:
        render = partial(_component_audio, audio, analysis.fit.factors, analysis.stft)
        components = tuple(replace(component, render=render) for component in analysis.components)
        analysis = replace(analysis, components=components)
    if analysis.note_factors is not None:
        notes, parts = notes_with_sound(
            analysis.notes, analysis.parts, audio, analysis.note_factors
        )
        ids = ids_of_parts(notes, parts)
        stems = partial(separated, audio, analysis.note_factors, ids)
        analysis = replace(analysis, notes=notes, parts=parts, stems=stems)
    return analysis


def _component_audio(audio: Sound, factors: Factors, spec: StftSpec, index: int) -> Audio:
    blocks = [block[0] for block in separate(audio, factors, spec, only=[index])]
    return Audio(np.concatenate(blocks, axis=1), audio.rate, f"{audio.name} [{index + 1}]")
