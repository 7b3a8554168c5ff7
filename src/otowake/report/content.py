"""The content of the page: plain values and sentences in both languages, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from matplotlib import colormaps

from otowake import __version__, text
from otowake.chord_names import NONE, typeset
from otowake.music.theory.harmony import key_name
from otowake.music.theory.instruments import instrument, titles_of
from otowake.music.theory.names import note_name, style_of
from otowake.music.theory.rhythm import beat_sign
from otowake.options import Spec
from otowake.plot.animation import Snapshots
from otowake.plot.colours import part_colours
from otowake.plot.figures import loss_name
from otowake.plot.panels import COLOURS as IMAGE_COLOURS
from otowake.plot.roll import COLOUR
from otowake.report.images import pictures_of
from otowake.text import LANGUAGES, Language, Text, figure_labels
from otowake.text.report import PART_WITH_NOTES, RESULTS, WORDS
from otowake.types import Analysis, Fit, Part, Rhythm

Both = dict[str, str]
MAX_CURVE_POINTS = 400
"""Points of the learning curve."""

MIN_PROBABILITY = 0.01
"""Probability from which an instrument of a part is listed."""


def content_of(
    analysis: Analysis, snapshots: Snapshots | None, language: Language
) -> dict[str, Any]:
    """Collect everything that the page shows, without sounds and files."""
    audio, rhythm, key = analysis.audio, analysis.rhythm, analysis.key
    style = style_of(analysis)
    length = audio.n_samples / audio.rate if audio else _length(analysis)
    return {
        "version": __version__,
        "language": language,
        "words": {name: words._asdict() for name, words in WORDS.items()},
        "noteNames": {
            name: [typeset(note_name(midi, name, style, key)) for midi in range(128)]
            for name in LANGUAGES
        },
        "ramp": _ramp(),
        "name": audio.name if audio else "otowake",
        "length": length,
        "recording": audio and {"rate": audio.rate, "channels": audio.n_channels},
        "results": _results(analysis),
        "stages": list(analysis.stages),
        "tuning": analysis.tuning_hz,
        "key": key and _both(lambda language: typeset(key_name(key, language))),
        "keyConfidence": key and round(key.confidence, 3),
        "rhythm": rhythm
        and {
            "tempo": _both(lambda language: _tempo(rhythm, language)),
            "bpm": rhythm.tempo,
            "signature": "/".join(map(str, rhythm.signature)),
            "tempoConfidence": round(rhythm.tempo_confidence, 3),
            "metreConfidence": round(rhythm.metre_confidence, 3),
            "metre": rhythm.metre,
            "downbeat": rhythm.downbeat,
            "beats": [round(beat, 3) for beat in rhythm.beats.tolist()],
        },
        "chords": [
            [round(chord.onset, 3), round(chord.offset, 3), typeset(chord.name)]
            for chord in analysis.chords
            if chord.name != NONE
        ],
        "colour": COLOUR,
        "parts": _parts(analysis),
        "notes": _notes(analysis),
        "components": [
            {
                "pitch": component.pitch and asdict(component.pitch),
                "energy": component.energy,
                "start": component.start,
                "end": component.end,
                "name": component.name,
            }
            for component in analysis.components
        ],
        "frames": [float(analysis.times[0]), float(analysis.times[-1])]
        if len(analysis.times)
        else None,
        "fit": analysis.fit and _fit(analysis.fit),
        "pictures": pictures_of(analysis, snapshots),
        "options": _options(analysis),
    }


def _tempo(rhythm: Rhythm, language: Language) -> str:
    words = f"{beat_sign(rhythm)} = {rhythm.tempo:.0f}"
    return text.SWING.format(language, rhythm=words) if rhythm.swing else words


def _both(sentence: Any) -> Both:
    return {language: sentence(language) for language in LANGUAGES}


def _ramp() -> str:
    """Encode the 256 colours of the images, six hexadecimal digits each."""
    return "".join(bytes(row[:3]).hex() for row in colormaps[IMAGE_COLOURS](range(256), bytes=True))


def _length(analysis: Analysis) -> float:
    offsets = [*analysis.times[-1:].tolist(), *(note.offset for note in analysis.notes)]
    return max(offsets, default=1.0)


def _results(analysis: Analysis) -> Both:
    """Describe the results in a sentence."""

    def facts(language: Language) -> Iterable[str]:
        if analysis.part_spec is not None and analysis.parts:
            yield text.BETWEEN.format(language).join(
                PART_WITH_NOTES.format(language, title=title, n=len(part.notes))
                for part, title in zip(
                    analysis.parts, titles_of(analysis.parts, language), strict=True
                )
            )
        elif analysis.note_spec is not None:
            yield figure_labels.N_NOTES.format(language, n=len(analysis.notes))
        if analysis.fit is not None:
            yield figure_labels.N_COMPONENTS.format(language, n=len(analysis.components))

    def sentence(language: Language) -> str:
        listed = text.BETWEEN.format(language).join(facts(language))
        return (
            RESULTS.format(language, facts=listed) if listed else WORDS["nothing"].format(language)
        )

    return _both(sentence)


def _parts(analysis: Analysis) -> list[dict[str, Any]]:
    """List the parts with their colours and probable instruments."""
    titles = zip(*(titles_of(analysis.parts, language) for language in LANGUAGES), strict=True)
    return [
        {
            "name": part.name,
            "title": dict(zip(LANGUAGES, title, strict=True)),
            "colour": colour,
            "probabilities": [
                [instrument(name).title._asdict(), round(probability, 4)]
                for name, probability in _shown(part)
            ],
            "notes": len(part.notes),
        }
        for part, colour, title in zip(
            analysis.parts, part_colours(analysis.parts), titles, strict=True
        )
    ]


def _shown(part: Part) -> list[tuple[str, float]]:
    """Return the probability of a part's instrument, and at most two lower ones of others."""
    own = part.probabilities.get(part.instrument)
    if own is None:
        return []
    others = [
        (name, probability)
        for name, probability in part.probabilities.items()
        if name != part.instrument and MIN_PROBABILITY <= probability <= own
    ]
    others.sort(key=lambda other: -other[1])
    return [(part.instrument, own), *others[:2]]


def _notes(analysis: Analysis) -> list[list[Any]]:
    """List the notes.

    A note is: onset, offset, MIDI pitch, velocity, confidence, cents (or null), part (or −1),
    whether it is a drum, and the breakpoints of its pitch contour (time, cents).
    """
    part_of = {index: number for number, part in enumerate(analysis.parts) for index in part.notes}
    return [
        [
            round(note.onset, 4),
            round(note.offset, 4),
            note.midi,
            round(note.velocity, 3),
            round(note.confidence, 3),
            None if note.cents is None else round(note.cents, 1),
            part_of.get(index, -1),
            note.is_drum,
            [[round(time, 3), round(cents)] for time, cents in note.contour],
        ]
        for index, note in enumerate(analysis.notes)
    ]


def _fit(fit: Fit) -> dict[str, Any]:
    step = -(-len(fit.losses) // MAX_CURVE_POINTS) or 1
    points = (
        sorted({*range(0, len(fit.losses), step), len(fit.losses) - 1}) if len(fit.losses) else []
    )
    return {
        "iterations": [int(fit.iterations[i]) for i in points],
        "losses": [float(fit.losses[i]) for i in points],
        "lossName": _both(lambda language: loss_name(fit, language)),
        "ended": _both(
            lambda language: (
                text.HOW_IT_ENDED.format(
                    language, stop=fit.stop.sentence(language), loss=f"{fit.loss:,.6g}"
                )
                if fit.n_iter
                else fit.stop.sentence(language)
            )
        ),
    }


def _options(analysis: Analysis) -> list[dict[str, Any]]:
    """List the options of each stage and mark values other than the default."""
    groups: list[tuple[Text, Spec | None]] = [
        (text.HEADING_STFT, analysis.stft),
        (text.HEADING_FIT, analysis.fit and analysis.fit.spec),
        (text.HEADING_NOTES, analysis.note_spec),
        (text.HEADING_THEORY, analysis.note_spec and analysis.theory_spec),
        (text.HEADING_PARTS, analysis.part_spec),
    ]
    return [
        {
            "title": title._asdict(),
            "options": [_option(spec, field.name, field.default) for field in fields(spec)],
        }
        for title, spec in groups
        if spec is not None
    ]


def _option(spec: Spec, name: str, default: Any) -> dict[str, Any]:
    value = getattr(spec, name)
    return {
        "name": name,
        "value": "–"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value),
        "help": spec.constraints()[name].help._asdict(),
        "changed": value != default,
    }
