"""What is said of a result, in a terminal or a notebook: tables and sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from otowake import text
from otowake.chords import NONE
from otowake.music.theory.harmony import key_name
from otowake.music.theory.instruments import title_of
from otowake.music.theory.names import note_name
from otowake.music.transcription.evaluation import Evaluation
from otowake.text import Language, Text
from otowake.types import Analysis, Component, Fit, Part

MOST_CHORDS = 16
"""Chords that are named; the table has them all."""

SURE = 0.5
"""The confidence from which a pitch counts as heard."""

MOST_ROWS = 40
"""Components that a terminal's table has; ``components.csv`` has them all."""

WIDEST = 16
"""What a cell of the table of components has at most, in columns of a terminal; names may be longer."""

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
WORDS = (text.PITCH, text.NAME, text.INSTRUMENT, text.KIND_OF_ERROR)
"""Headings of columns that begin at the left."""


def component_cells(component: Component, language: Language) -> list[str]:
    """A component in the columns of :data:`COMPONENT_COLUMNS`, and its name."""
    pitch = component.pitch
    named = ["–", "", "", ""]
    if pitch:
        named = [
            note_name(pitch.midi, language),
            f"{pitch.hz:.1f}",
            f"{round(pitch.cents):+d}" if round(pitch.cents) else "0",
            f"{pitch.confidence:.0%}",
        ]
    return [
        str(component.index + 1),
        *named,
        f"{component.energy:.1%}",
        f"{component.start:.1f}–{component.end:.1f}",
        component.name,
    ]


def component_rows(
    components: Sequence[Component], language: Language
) -> tuple[tuple[Text, ...], list[list[str]]]:
    """Headings, and a row for each component; the last column is for names, where somebody has given one."""
    named = any(component.name for component in components)
    columns = (*COMPONENT_COLUMNS, *([text.NAME] if named else []))
    return columns, [
        component_cells(component, language)[: len(columns)] for component in components
    ]


def part_cells(part: Part, analysis: Analysis, language: Language) -> list[str]:
    """A part in the columns of :data:`PART_COLUMNS`."""
    notes = [analysis.notes[place] for place in part.notes]
    chance = part.probabilities.get(part.instrument)
    span = compass = ""
    if notes and notes[0].is_drum:
        compass = "–"
    elif notes:
        lowest, highest = (note_name(f(note.midi for note in notes), language) for f in (min, max))
        compass = lowest if lowest == highest else f"{lowest}–{highest}"
    if notes:
        span = f"{min(note.onset for note in notes):.1f}–{max(note.offset for note in notes):.1f}"
    certainty = "" if chance is None else f"{chance:.0%}"
    return [title_of(part, language), str(len(notes)), compass, certainty, span]


def components_table(analysis: Analysis, language: Language) -> Table:
    """The components as a table of at most 80 columns: those of most energy, the unsure ones paler."""
    by_energy = sorted(analysis.components, key=lambda component: -component.energy)
    shown = {component.index for component in by_energy[:MOST_ROWS]}
    rows = [component for component in analysis.components if component.index in shown]
    columns, texts = component_rows(rows, language)
    table = _table(columns, language)
    for component, row in zip(rows, texts, strict=True):
        sure = component.pitch is not None and component.pitch.confidence >= SURE
        cells = [Line(cell, overflow="ellipsis") for cell in row]
        for cell in cells:
            cell.truncate(WIDEST)
        table.add_row(*cells, style="" if sure else "dim")
    return table


def parts_table(analysis: Analysis, language: Language) -> Table:
    """The parts as a table of at most 80 columns."""
    table = _table(PART_COLUMNS, language)
    for part in analysis.parts:
        table.add_row(*map(Line, part_cells(part, analysis, language)))
    return table


def _table(headings: Sequence[Text], language: Language) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(
            heading.format(language),
            justify="left" if heading in WORDS else "right",
            no_wrap=heading is not text.NAME,
        )
    return table


def learning_found(analysis: Analysis, language: Language) -> list[str]:
    """How the learning ended and what the components are, in a few sentences; none where there was no learning."""
    fit = analysis.fit
    if fit is None:
        return []
    loss = f"{fit.loss:,.6g}"
    lines = [text.HOW_IT_ENDED.format(language, stop=fit.stop.sentence(language), loss=loss)]
    if len(fit.agreement) > 1:
        lines.append(restarts(fit, language))
    return [*lines, heard(analysis, language)]


def notes_found(analysis: Analysis, language: Language) -> list[str]:
    """The notes, key, tempo and chords in one or two sentences; none where no notes were asked for."""
    if analysis.note_spec is None:
        return []
    facts = [text.N_NOTES.format(language, n=len(analysis.notes))]
    if analysis.key:
        facts.append(key_name(analysis.key, language))
    if analysis.rhythm:
        rhythm = analysis.rhythm
        facts.append(text.TEMPO.format(language, tempo=rhythm.tempo, metre=rhythm.metre))
    lines = [text.NOTES_FOUND.format(language, facts=text.BETWEEN.format(language).join(facts))]
    chords = [chord.name for chord in analysis.chords if chord.name != NONE]
    if chords:
        shown = [*chords[:MOST_CHORDS], *(["…"] if len(chords) > MOST_CHORDS else [])]
        lines.append(text.CHORDS_FOUND.format(language, chords=" ".join(shown)))
    return lines


def errors_table(evaluation: Evaluation, language: Language) -> Table:
    """The errors by kind: how many were missed, and how many are false."""
    table = _table((text.KIND_OF_ERROR, text.MISSED, text.FALSE_NOTES), language)
    for kind, (missed, false) in evaluation.counts().items():
        table.add_row(text.KINDS_OF_ERROR[kind].format(language), str(missed), str(false))
    table.add_row(
        text.KINDS_OF_ERROR["offset"].format(language), "", str(len(evaluation.wrong_offsets))
    )
    return table


def heard(analysis: Analysis, language: Language) -> str:
    """One sentence that says which pitches were found for certain, and the tuning."""
    sure = [c.pitch.midi for c in analysis.components if c.pitch and c.pitch.confidence >= SURE]
    pitches = sorted(set(sure))
    if not pitches:
        return text.HEARD_NOTHING.format(language)
    names = " ".join(note_name(midi, language) for midi in pitches)
    return text.HEARD.format(language, pitches=names, tuning=f"{analysis.tuning_hz:.1f}")


def restarts(fit: Fit, language: Language) -> str:
    """One sentence on how alike the results of the starts are: their range, without the best itself."""
    others = np.delete(fit.agreement, int(np.argmin(fit.restarts)))
    least, most = f"{others.min():.2f}", f"{others.max():.2f}"
    agreement = least if least == most else f"{least}–{most}"
    return text.RESTARTS.format(language, n=len(fit.restarts), agreement=agreement)


def say(words: str, out: Console) -> None:
    """Print a sentence: as one line where the output is piped, within the width in a terminal, what it is about bold."""
    if not out.is_terminal:
        out.print(words, markup=False, highlight=False, soft_wrap=True)
        return
    line = Line("\n  ".join(wrapped(words, out.width - 2)))
    about, colon, _ = words.partition(": ")
    if colon and line.plain.startswith(about):
        line.stylize("bold", 0, len(about) + 1)
    out.print(line, soft_wrap=True)


OPENING, CLOSING = "（「『", "）」』、。ーァィゥェォャュョッぁぃぅぇぉゃゅょっ"
WIDE = "\u3000-\u9fff\uff00-\uffef"
PIECE = re.compile(rf"\s*[{OPENING}]*(?:[{WIDE}]|[^\s{WIDE}]+)[{CLOSING}]*")
"""What a line isn't broken within: a word, or a Japanese letter with the marks that belong to it."""


def wrapped(words: str, width: int) -> list[str]:
    """`words` in lines of at most `width` columns, but where one word is longer; letters of full width take two.

    Examples
    --------
    >>> wrapped("Chords: C Dm Em", 11)
    ['Chords: C', 'Dm Em']
    >>> wrapped("損失が減りました（十回）。", 16)
    ['損失が減りました', '（十回）。']
    """
    lines = [""]
    for piece in PIECE.findall(words):
        if cell_len(lines[-1] + piece) <= width or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return lines
