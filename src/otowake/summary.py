"""Tables and sentences about a result, for a terminal or a notebook."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from otowake import text
from otowake.chord_names import NONE
from otowake.music.theory.harmony import key_name
from otowake.music.theory.instruments import titles_of
from otowake.music.theory.names import note_name
from otowake.music.theory.rhythm import rhythm_name
from otowake.music.transcription.evaluation import Evaluation
from otowake.text import Language, Text
from otowake.types import Analysis, Component, Fit, Key, Part

MOST_CHORDS = 16
"""Chords in the summary; ``chords.csv`` has all of them."""

MIN_CONFIDENCE = 0.5
"""Confidence from which a pitch counts as detected."""

MOST_ROWS = 40
"""Components in a terminal's table; ``components.csv`` has all of them."""

MAX_CELL_WIDTH = 16
"""Columns of the terminal, the largest width of a cell in the table of components."""

COMPONENT_COLUMNS = (
    text.COMPONENT,
    text.PITCH,
    text.FREQUENCY_HZ,
    text.CENTS,
    text.CONFIDENCE,
    text.ENERGY,
    text.SOUNDS_FROM_TO,
)
PART_COLUMNS = (
    text.INSTRUMENT,
    text.NUMBER_OF_NOTES,
    text.RANGE,
    text.CONFIDENCE,
    text.SOUNDS_FROM_TO,
)
LEFT_ALIGNED = (text.PITCH, text.NAME, text.INSTRUMENT, text.KIND_OF_ERROR)
"""Headings of the columns that are aligned left."""


def component_cells(component: Component, language: Language, key: Key | None = None) -> list[str]:
    """Format a component for :data:`COMPONENT_COLUMNS`, with its name last."""
    pitch = component.pitch
    pitch_cells = ["–", "", "", ""]
    if pitch:
        pitch_cells = [
            note_name(pitch.midi, language, key=key),
            f"{pitch.hz:.1f}",
            f"{round(pitch.cents):+d}" if round(pitch.cents) else "0",
            f"{pitch.confidence:.0%}",
        ]
    return [
        str(component.index + 1),
        *pitch_cells,
        f"{component.energy:.1%}",
        f"{component.start:.1f}–{component.end:.1f}",
        component.name,
    ]


def component_rows(
    components: Sequence[Component], language: Language, key: Key | None = None
) -> tuple[tuple[Text, ...], list[list[str]]]:
    """Return the headings and a row for each component; names get a column if there are any."""
    named = any(component.name for component in components)
    columns = (*COMPONENT_COLUMNS, *([text.NAME] if named else []))
    return columns, [
        component_cells(component, language, key)[: len(columns)] for component in components
    ]


def part_rows(analysis: Analysis, language: Language) -> list[list[str]]:
    """Return a row of :data:`PART_COLUMNS` for each part."""
    titles = titles_of(analysis.parts, language)
    return [
        [title, *_part_cells(part, analysis, language)]
        for title, part in zip(titles, analysis.parts, strict=True)
    ]


def _part_cells(part: Part, analysis: Analysis, language: Language) -> list[str]:
    """Format a part for all of :data:`PART_COLUMNS` but the title."""
    notes = [analysis.notes[index] for index in part.notes]
    probability = part.probabilities.get(part.instrument)
    span = compass = ""
    if notes and notes[0].is_drum:
        compass = "–"
    elif notes:
        lowest, highest = (
            note_name(f(note.midi for note in notes), language, key=analysis.key)
            for f in (min, max)
        )
        compass = lowest if lowest == highest else f"{lowest}–{highest}"
    if notes:
        span = f"{min(note.onset for note in notes):.1f}–{max(note.offset for note in notes):.1f}"
    confidence = "" if probability is None else f"{probability:.0%}"
    return [str(len(notes)), compass, confidence, span]


def components_table(analysis: Analysis, language: Language) -> Table:
    """Make a table of at most 80 columns; components of low confidence are dim."""
    by_energy = sorted(analysis.components, key=lambda component: -component.energy)
    shown = {component.index for component in by_energy[:MOST_ROWS]}
    rows = [component for component in analysis.components if component.index in shown]
    columns, texts = component_rows(rows, language, analysis.key)
    table = _table(columns, language)
    for component, row in zip(rows, texts, strict=True):
        confident = component.pitch is not None and component.pitch.confidence >= MIN_CONFIDENCE
        cells = [Line(cell, overflow="ellipsis") for cell in row]
        for cell in cells:
            cell.truncate(MAX_CELL_WIDTH)
        table.add_row(*cells, style="" if confident else "dim")
    return table


def parts_table(analysis: Analysis, language: Language) -> Table:
    """Make a table of the parts of at most 80 columns."""
    table = _table(PART_COLUMNS, language)
    for row in part_rows(analysis, language):
        table.add_row(*map(Line, row))
    return table


def _table(headings: Sequence[Text], language: Language) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(
            heading.format(language),
            justify="left" if heading in LEFT_ALIGNED else "right",
            no_wrap=heading is not text.NAME,
        )
    return table


def learning_lines(analysis: Analysis, language: Language) -> list[str]:
    """Describe the end of the learning and the detected pitches; empty without a fit."""
    fit = analysis.fit
    if fit is None:
        return []
    loss = f"{fit.loss:,.6g}"
    lines = [text.HOW_IT_ENDED.format(language, stop=fit.stop.sentence(language), loss=loss)]
    if len(fit.agreement) > 1:
        lines.append(restarts(fit, language))
    return [*lines, pitch_line(analysis, language)]


def note_lines(analysis: Analysis, language: Language) -> list[str]:
    """Describe notes, key, tempo and chords; empty without the stage ``notes``."""
    if analysis.note_spec is None:
        return []
    facts = [
        text.N_NOTES.format(language, n=len(analysis.notes)),
        *theory_facts(analysis, language),
    ]
    lines = [text.DETECTED_NOTES.format(language, facts=text.BETWEEN.format(language).join(facts))]
    chords = [chord.name for chord in analysis.chords if chord.name != NONE]
    if chords:
        shown = [*chords[:MOST_CHORDS], *(["…"] if len(chords) > MOST_CHORDS else [])]
        lines.append(text.DETECTED_CHORDS.format(language, chords=" ".join(shown)))
    return lines


def theory_facts(analysis: Analysis, language: Language) -> list[str]:
    """Describe key, tempo and metre, each with its confidence if it is estimated."""
    facts = []
    key, rhythm = analysis.key, analysis.rhythm
    if key:
        facts.append((key_name(key, language), key.confidence))
    if rhythm:
        confidence = min(rhythm.tempo_confidence, rhythm.metre_confidence)
        facts.append((rhythm_name(rhythm, language), confidence))
    return [
        fact
        if confidence == 1
        else text.WITH_CONFIDENCE.format(language, fact=fact, confidence=confidence)
        for fact, confidence in facts
    ]


def errors_table(evaluation: Evaluation, language: Language) -> Table:
    """Count missed and false notes by kind of error."""
    table = _table((text.KIND_OF_ERROR, text.MISSED, text.FALSE_NOTES), language)
    for kind, (missed, false) in evaluation.counts().items():
        table.add_row(text.KINDS_OF_ERROR[kind].format(language), str(missed), str(false))
    table.add_row(
        text.KINDS_OF_ERROR["offset"].format(language), "", str(len(evaluation.wrong_offsets))
    )
    return table


def pitch_line(analysis: Analysis, language: Language) -> str:
    """Describe the pitches detected with confidence, and the tuning."""
    confident = [
        c.pitch.midi
        for c in analysis.components
        if c.pitch and c.pitch.confidence >= MIN_CONFIDENCE
    ]
    pitches = sorted(set(confident))
    if not pitches:
        return text.NO_PITCHES.format(language)
    names = " ".join(note_name(midi, language, key=analysis.key) for midi in pitches)
    return text.DETECTED_PITCHES.format(language, pitches=names, tuning=f"{analysis.tuning_hz:.1f}")


def restarts(fit: Fit, language: Language) -> str:
    """Describe the similarity of the other starts to the best one."""
    others = np.delete(fit.agreement, int(np.argmin(fit.restarts)))
    least, most = f"{others.min():.2f}", f"{others.max():.2f}"
    agreement = least if least == most else f"{least}–{most}"
    return text.RESTARTS.format(language, n=len(fit.restarts), agreement=agreement)


def say(words: str, out: Console) -> None:
    """Print a sentence: wrapped with a bold subject in a terminal, else on one line."""
    if not out.is_terminal:
        out.print(words, markup=False, highlight=False, soft_wrap=True)
        return
    line = Line("\n  ".join(wrapped(words, out.width - 2)))
    subject, colon, _ = words.partition(": ")
    if colon and line.plain.startswith(subject):
        line.stylize("bold", 0, len(subject) + 1)
    out.print(line, soft_wrap=True)


OPENING, CLOSING = "（「『", "）」』、。ーァィゥェォャュョッぁぃぅぇぉゃゅょっ"
WIDE = "\u3000-\u9fff\uff00-\uffef"
UNBREAKABLE = re.compile(rf"\s*[{OPENING}]*(?:[{WIDE}]|[^\s{WIDE}]+)[{CLOSING}]*")
"""A word, or a Japanese character with its punctuation; a line does not break within one."""


def wrapped(words: str, width: int) -> list[str]:
    """Wrap `words` to lines of at most `width` columns; a longer word gets its own line.

    A full-width character takes two columns.

    Examples
    --------
    >>> wrapped("Chords: C Dm Em", 11)
    ['Chords: C', 'Dm Em']
    >>> wrapped("損失が減りました（十回）。", 16)
    ['損失が減りました', '（十回）。']
    """
    lines = [""]
    for piece in UNBREAKABLE.findall(words):
        if cell_len(lines[-1] + piece) <= width or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return lines
