"""The pipeline: analyse a recording stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.music.components.measure import describe
from otowake.music.drums.onsets import align_hits, detect_drums
from otowake.music.players.parts import assign_parts, drum_parts
from otowake.music.players.recognizer import recognize
from otowake.music.players.vocals import with_vocals
from otowake.music.separation.drum_samples import with_drum_samples
from otowake.music.separation.score_informed import fit_parts
from otowake.music.separation.stems import ids_of_parts, separated, with_note_sounds
from otowake.music.song.evidence import song_evidence
from otowake.music.song.masks import sources_of_notes
from otowake.music.theory.harmony import find_chords, key_named
from otowake.music.theory.instruments import DRUMS, instrument, of_programme
from otowake.music.theory.keys import find_key
from otowake.music.theory.names import renamed, semitones_above
from otowake.music.theory.rhythm import stated_rhythm
from otowake.music.transcription.notes import find_notes, notes_of_score, round_note
from otowake.nmf import factorize
from otowake.options import (
    STAGES,
    FitSpec,
    NoteSpec,
    PartSpec,
    Spec,
    StftSpec,
    TheorySpec,
    checked_stages,
    current_names,
)
from otowake.signal import separate
from otowake.signal.mono import MonoSignal
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
    theory: TheorySpec | None = None,
    score: Sequence[Note] | None = None,
    watch: Watcher | None = None,
    begun: Callable[[str], object] | None = None,
    resume: dict[str, Floats] | None = None,
    **options: Any,
) -> Analysis:
    """Analyse a recording: components, notes, instruments and stems.

    Parameters
    ----------
    audio
        The recording.
    stages
        The stages to run: ``"components"``, ``"notes"``, ``"instruments"``, ``"stems"``,
        ``"report"`` (written when the analysis is saved); by default all.
    V
        The spectrogram, if it has been computed already.
    start
        Initial values: the arguments `W`, `H`, `keep_W`, `keep_H`, `weights`, `groups` of
        :func:`otowake.factorize`, such as those from :mod:`otowake.music.components.templates`.
    stft, fit, note, part, theory
        Options of the spectrogram, the factorisation, the transcription and the parts, and what is
        known about key, tempo, metre and tuning.
    score
        Notes to align to the recording and to use in place of a transcription.
    watch
        Called during the factorisation; True stops it. The analysis then describes the current
        components and has no notes.
    begun
        Called with the name of each stage as it begins.
    resume
        The state of an interrupted run (:func:`otowake.factorize`).
    **options
        Single options of `stft`, `fit`, `note`, `part` and `theory`, by name.

    Returns
    -------
    Analysis
        With the components ordered by pitch, unpitched ones last (in the given order if all of W
        was given and kept), and the notes by onset.

    Raises
    ------
    BadInput
        If the recording or an option is invalid.

    Examples
    --------
    >>> t, partials = np.arange(44100) / 22050, range(1, 6)
    >>> tones = [
    ...     sum(np.sin(2 * np.pi * f0 * n * t) / n for n in partials) for f0 in (261.63, 392.0)
    ... ]
    >>> audio = Audio(np.concatenate(tones), 22050)
    >>> analysis = analyse(audio, n_components=2, max_iter=100)
    >>> [component.pitch.midi for component in analysis.components]
    [60, 67]
    >>> [(note.midi, round(note.onset)) for note in analyse(audio, stages=["notes"]).notes]
    [(60, 0), (67, 2)]
    """
    requested = checked_stages([stages] if isinstance(stages, str) else stages)
    specs = (
        *(stft or StftSpec(), fit or FitSpec(), note or NoteSpec(), part or PartSpec()),
        theory or TheorySpec(),
    )
    stft_spec, fit_spec, note_spec, part_spec, theory_spec = _with_options(specs, options)
    for name in part_spec.named:
        instrument(name)
    no, stated = np.zeros(0), theory_spec.tuning
    analysis = Analysis(
        *(audio, None, (), no, no, 1.0, stated or 440.0, stft_spec), theory_spec=theory_spec
    )
    begun = begun or (lambda stage: None)
    mono = MonoSignal(audio)
    if "components" in requested:
        begun("components")
        analysis = _with_components(
            mono, V, start or {}, stft_spec, fit_spec, watch, resume, stated
        )
        analysis = replace(analysis, theory_spec=theory_spec)
    if "notes" in requested and not (analysis.fit and analysis.fit.stop.reason == "cancelled"):
        begun("notes")
        analysis = _with_notes(analysis, mono, note_spec, score)
        if "instruments" in requested:
            begun("instruments")
            analysis = _with_parts(analysis, mono, part_spec, score is not None)
        if "stems" in requested:
            begun("stems")
            analysis = _with_stems(analysis, mono)
    return replace(with_sound(analysis, audio), reported="report" in requested)


def _with_components(
    mono: MonoSignal,
    V: Spectrogram | None,
    start: dict[str, Any],
    stft_spec: StftSpec,
    fit_spec: FitSpec,
    watch: Watcher | None,
    resume: dict[str, Floats] | None,
    tuning_hz: float | None,
) -> Analysis:
    if V is None:
        V = mono.spectrogram(stft_spec)
    result = factorize(V.values, spec=fit_spec, watch=watch, resume=resume, **start)
    ordered = start.get("keep_W") is not True
    description = describe(
        result.factors, V.frequencies, V.times, ordered=ordered, tuning_hz=tuning_hz
    )
    return Analysis(
        audio=mono.sound,
        fit=result.permuted(description.order),
        components=description.components,
        frequencies=V.frequencies,
        times=V.times,
        scale=V.scale,
        tuning_hz=description.tuning_hz,
        stft=V.spec,
    )


def _with_notes(
    analysis: Analysis, mono: MonoSignal, spec: NoteSpec, score: Sequence[Note] | None
) -> Analysis:
    """Add the notes of the transcription or of the aligned score, and their harmony."""
    stated = analysis.theory_spec.tuning
    tuning, up = analysis.tuning_hz if analysis.fit else stated, semitones_above(stated)
    if score is None:
        notes, tuning_hz = find_notes(mono, spec, tuning)
    else:
        notes, tuning_hz = notes_of_score(renamed(score, -up), mono, tuning)
    notes = renamed(notes, up)
    if score is not None and any(note.is_drum for note in notes):
        aligned = align_hits(notes, detect_drums(mono, assume_drums=True))
        notes = tuple(_in_order(map(round_note, aligned)))
    given = None if score is None else tuple(score)
    analysis = replace(analysis, tuning_hz=tuning_hz, note_spec=spec, score=given)
    return with_harmony(analysis, _numbered(notes))


def with_harmony(analysis: Analysis, notes: Sequence[Note]) -> Analysis:
    """Return the analysis with these notes and the chords, key and rhythm that follow from them.

    What the caller has stated holds.
    """
    spec = analysis.theory_spec
    key = key_named(spec.key) if spec.key else find_key(notes)
    rhythm = stated_rhythm(notes, spec.tempo, spec.metre)
    chords = find_chords(notes, rhythm.beats if rhythm else None, key)
    return replace(analysis, notes=tuple(notes), chords=tuple(chords), key=key, rhythm=rhythm)


def _with_parts(analysis: Analysis, mono: MonoSignal, spec: PartSpec, has_score: bool) -> Analysis:
    """Add drum hits, then assign the notes to parts; the parts of a score are its programmes."""
    named = [instrument(name).name for name in spec.named]
    if not has_score and (DRUMS in named or not named):
        analysis = _with_drums(analysis, mono, named)
    notes = analysis.notes
    pitched = [index for index, note in enumerate(notes) if not note.is_drum]
    programmes = sorted({notes[index].programme for index in pitched})
    if has_score and len(programmes) > 1 and not (spec.named or spec.parts):
        parts = _parts_by_programme(notes, pitched, programmes)
    else:
        parts = _recognized_parts(
            notes, pitched, mono, spec.parts, named, analysis.theory_spec.tuning
        )
    parts += drum_parts(notes)
    assigned = list(notes)
    for part in parts:
        programme = instrument(part.instrument).programme
        for index in part.notes:
            assigned[index] = replace(
                assigned[index], instrument=part.instrument, programme=programme
            )
    return replace(analysis, notes=tuple(assigned), parts=parts, part_spec=spec)


def _with_drums(analysis: Analysis, mono: MonoSignal, named: Sequence[str]) -> Analysis:
    """Add the drum hits of a recording with drums; drop the other notes if only drums play."""
    hits = detect_drums(mono, assume_drums=DRUMS in named)
    pitched = () if {*named} == {DRUMS} else analysis.notes
    if not hits and pitched == analysis.notes:
        return analysis
    return with_harmony(analysis, _numbered(_in_order([*pitched, *map(round_note, hits)])))


def _recognized_parts(
    notes: Sequence[Note],
    pitched: Sequence[int],
    mono: MonoSignal,
    n_parts: int | None,
    named: Sequence[str],
    tuning_hz: float | None,
) -> tuple[Part, ...]:
    """Recognise the instruments of the pitched notes and assign the notes to parts."""
    onset, offset, midi = (
        np.array([getattr(notes[index], name) for index in pitched], float)
        for name in ("onset", "sounding_end", "midi")
    )
    instruments = [name for name in named if name != DRUMS]
    midi = midi - semitones_above(tuning_hz)
    predictions = recognize(mono, onset, offset, midi, contextual=not instruments)
    parts = assign_parts(
        *(onset, offset, midi, predictions.contextual, predictions.unary),
        assignment=predictions.assignment,
        n_parts=n_parts,
        instruments=instruments,
    )
    if len(pitched) < len(notes) and not (instruments or n_parts):
        parts = with_vocals(parts, song_evidence(mono, onset, offset, midi))
    return tuple(
        replace(
            part,
            notes=tuple(pitched[i] for i in part.notes),
            shared=tuple(shared._replace(note=pitched[shared.note]) for shared in part.shared),
        )
        for part in parts
    )


def _parts_by_programme(
    notes: Sequence[Note], pitched: Sequence[int], programmes: Sequence[int]
) -> tuple[Part, ...]:
    counts: dict[str, int] = {}
    parts = []
    for programme in programmes:
        name = of_programme(programme).name
        counts[name] = counts.get(name, 0) + 1
        number = f"-{counts[name]}" if counts[name] > 1 else ""
        indices = tuple(index for index in pitched if notes[index].programme == programme)
        parts.append(Part(f"{name}{number}", name, indices, {name: 1.0}))
    return tuple(parts)


def _with_stems(analysis: Analysis, mono: MonoSignal) -> Analysis:
    """Add the factors of each note."""
    note_factors = fit_parts(mono, analysis.notes, analysis.parts, tuning_hz=analysis.tuning_hz)
    note_factors = with_drum_samples(mono.sound, note_factors, analysis.notes)
    return replace(analysis, note_factors=note_factors)


def with_sound(analysis: Analysis, audio: Sound) -> Analysis:
    """Return the analysis with the sound of components, notes and parts, from `audio`."""
    analysis = replace(analysis, audio=audio)
    if analysis.fit is not None:
        render = partial(_component_audio, audio, analysis.fit.factors, analysis.stft)
        components = tuple(replace(component, render=render) for component in analysis.components)
        analysis = replace(analysis, components=components)
    if analysis.note_factors is not None:
        note_factors = analysis.note_factors
        sources = sources_of_notes(analysis.notes, analysis.parts)
        if sources != note_factors.sources:
            note_factors = replace(note_factors, sources=sources)
            analysis = replace(analysis, note_factors=note_factors)
        notes, parts = with_note_sounds(analysis.notes, analysis.parts, audio, note_factors)
        ids = ids_of_parts(notes, parts)
        stems = partial(separated, audio, note_factors, ids)
        analysis = replace(analysis, notes=notes, parts=parts, stems=stems)
    return analysis


def _component_audio(audio: Sound, factors: Factors, spec: StftSpec, index: int) -> Audio:
    blocks = [block[0] for block in separate(audio, factors, spec, only=[index])]
    return Audio(np.concatenate(blocks, axis=1), audio.rate, f"{audio.name} [{index + 1}]")


def _in_order(notes: Iterable[Note]) -> list[Note]:
    return sorted(notes, key=lambda note: (note.onset, note.midi))


def _numbered(notes: Iterable[Note]) -> list[Note]:
    return [replace(note, id=index) for index, note in enumerate(notes)]


def _with_options(
    specs: tuple[StftSpec, FitSpec, NoteSpec, PartSpec, TheorySpec], options: dict[str, Any]
) -> Any:
    """Return the specs, of the same kinds, with single options changed."""
    homes: dict[str, type[Spec]] = {f.name: type(spec) for spec in specs for f in fields(spec)}
    options = current_names(options, [type(spec) for spec in specs])
    unknown = options.keys() - homes.keys()
    if unknown:
        raise BadInput(text.UNKNOWN_OPTION, name=min(unknown), known=", ".join(homes))
    return [
        spec.with_options(**{k: v for k, v in options.items() if homes[k] is type(spec)})
        for spec in specs
    ]
