"""What the page says of an analysis: plain values and sentences in both languages, ready for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from matplotlib import colormaps

from otowake import __version__, text
from otowake.chords import NONE, typeset
from otowake.music.theory.harmony import key_name
from otowake.music.theory.instruments import instrument, title_of
from otowake.music.theory.names import note_name, style_of
from otowake.nmf.solvers import LOSS_INTERVAL
from otowake.options import Spec
from otowake.plot import labels
from otowake.plot.animation import Snapshots
from otowake.plot.colours import part_colours
from otowake.plot.figures import loss_name
from otowake.plot.panels import COLOURS as IMAGE_COLOURS
from otowake.plot.roll import COLOUR
from otowake.report.pictures import pictures_of
from otowake.report.words import FOUND, PART_FOUND, WORDS
from otowake.text import LANGUAGES, Language, Text
from otowake.types import Analysis, Fit

Both = dict[str, str]
MOST_LOSSES = 400
"""Points of the learning curve."""

LEAST_CHANCE = 0.01
"""The probability from which an instrument that a part may be is named."""


def content_of(
    analysis: Analysis, snapshots: Snapshots | None, language: Language
) -> dict[str, Any]:
    """Everything that the page shows but for sounds and files."""
    audio, rhythm, key = analysis.audio, analysis.rhythm, analysis.key
    style = style_of(analysis)
    length = audio.n_samples / audio.rate if audio else _length(analysis)
    return {
        "version": __version__,
        "language": language,
        "words": {name: each._asdict() for name, each in WORDS.items()},
        "noteNames": {
            each: [typeset(note_name(midi, each, style)) for midi in range(128)]
            for each in LANGUAGES
        },
        "ramp": _ramp(),
        "name": audio.name if audio else "otowake",
        "length": length,
        "recording": audio and {"rate": audio.rate, "channels": audio.n_channels},
        "found": _found(analysis),
        "stages": list(analysis.stages),
        "tuning": analysis.tuning_hz,
        "key": key and _both(lambda each: typeset(key_name(key, each))),
        "rhythm": rhythm
        and {
            "words": _both(
                lambda each: text.TEMPO.format(each, tempo=rhythm.tempo, metre=rhythm.metre)
            ),
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


def _both(sentence: Any) -> Both:
    return {each: sentence(each) for each in LANGUAGES}


def _ramp() -> str:
    """The 256 colours of the pictures, six hexadecimal digits each."""
    return "".join(bytes(row[:3]).hex() for row in colormaps[IMAGE_COLOURS](range(256), bytes=True))


def _length(analysis: Analysis) -> float:
    ends = [*analysis.times[-1:].tolist(), *(note.offset for note in analysis.notes)]
    return max(ends, default=1.0)


def _found(analysis: Analysis) -> Both:
    """What was found, in a sentence."""

    def facts(language: Language) -> Iterable[str]:
        if analysis.part_spec is not None and analysis.parts:
            yield text.BETWEEN.format(language).join(
                PART_FOUND.format(language, title=title_of(part, language), n=len(part.notes))
                for part in analysis.parts
            )
        elif analysis.note_spec is not None:
            yield labels.N_NOTES.format(language, n=len(analysis.notes))
        if analysis.fit is not None:
            yield labels.N_COMPONENTS.format(language, n=len(analysis.components))

    def sentence(language: Language) -> str:
        said = text.BETWEEN.format(language).join(facts(language))
        return FOUND.format(language, facts=said) if said else WORDS["nothing"].format(language)

    return _both(sentence)


def _parts(analysis: Analysis) -> list[dict[str, Any]]:
    """The parts, in the colours that they have everywhere."""
    return [
        {
            "name": part.name,
            "title": {language: title_of(part, language) for language in LANGUAGES},
            "colour": colour,
            "chances": [
                [instrument(name).title._asdict(), round(chance, 4)]
                for name, chance in list(part.probabilities.items())[:3]
                if chance >= LEAST_CHANCE
            ],
            "notes": len(part.notes),
        }
        for part, colour in zip(analysis.parts, part_colours(analysis.parts), strict=True)
    ]


def _notes(analysis: Analysis) -> list[list[Any]]:
    """For each note onset, offset, MIDI pitch, velocity, confidence, cents (or null), part (or −1), whether a drum."""
    part_of = {place: number for number, part in enumerate(analysis.parts) for place in part.notes}
    return [
        [
            round(note.onset, 4),
            round(note.offset, 4),
            note.midi,
            round(note.velocity, 3),
            round(note.confidence, 3),
            None if note.cents is None else round(note.cents, 1),
            part_of.get(place, -1),
            note.is_drum,
        ]
        for place, note in enumerate(analysis.notes)
    ]


def _fit(fit: Fit) -> dict[str, Any]:
    step = -(-len(fit.losses) // MOST_LOSSES) or 1
    chosen = (
        sorted({*range(0, len(fit.losses), step), len(fit.losses) - 1}) if len(fit.losses) else []
    )
    return {
        "auditions": [[float(loss) for loss in start] for start in fit.screening_losses],
        "auditionStep": LOSS_INTERVAL,
        "iterations": [int(fit.iterations[i]) for i in chosen],
        "losses": [float(fit.losses[i]) for i in chosen],
        "lossName": _both(lambda each: loss_name(fit, each)),
        "ended": _both(
            lambda each: (
                text.HOW_IT_ENDED.format(
                    each, stop=fit.stop.sentence(each), loss=f"{fit.loss:,.6g}"
                )
                if fit.n_iter
                else fit.stop.sentence(each)
            )
        ),
    }


def _options(analysis: Analysis) -> list[dict[str, Any]]:
    """The options of each stage that was done, and which of them are not the default."""
    groups: list[tuple[Text, Spec | None]] = [
        (text.HEADING_STFT, analysis.stft),
        (text.HEADING_FIT, analysis.fit and analysis.fit.spec),
        (text.HEADING_NOTES, analysis.note_spec),
        (text.HEADING_PARTS, analysis.part_spec),
    ]
    return [
        {
            "title": title._asdict(),
            "options": [_option(spec, each.name, each.default) for each in fields(spec)],
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
