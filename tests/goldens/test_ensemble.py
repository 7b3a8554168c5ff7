"""Notes, parts and stems of a seeded recording: the figures must not fall, nor the notes change.

A change that is meant records the goldens again: ``PYTHONPATH=. python tests/helpers/ensemble.py``.
"""

from __future__ import annotations

import csv
import json

import ensemble
import pytest

F1_TOLERANCE, GAIN_TOLERANCE = 0.005, 0.05
"""What another processor's rounding may cost, in F1 and in dB."""

TIMES, NUMBERS = ("onset", "offset", "decay_end"), ("velocity", "confidence")
SECONDS_TOLERANCE, NUMBER_TOLERANCE, MOST_CHANGED = 0.002, 0.002, 2
"""What rounding may move a note by, and how many of some 300 notes it may turn."""


@pytest.fixture(scope="module")
def given():
    return ensemble.analyse(True)


@pytest.fixture(scope="module")
def nothing_given():
    return ensemble.analyse(False)


def test_no_figure_of_hearing_falls(given, nothing_given):
    golden = json.loads(ensemble.FIGURES.read_text())
    now = ensemble.figures(given, nothing_given)
    fallen = {
        name: (value, now.get(name))
        for name, value in golden.items()
        if now.get(name, -99.0) < value - (GAIN_TOLERANCE if "gain" in name else F1_TOLERANCE)
    }
    assert golden and not fallen


def test_the_notes_and_their_parts_are_the_recorded_ones(nothing_given):
    with ensemble.NOTES.open(encoding="utf-8") as file:
        golden = list(csv.DictReader(file))
    now = ensemble.note_rows(nothing_given)
    unmatched = list(now)
    changed = []
    for note in golden:
        match = next((other for other in unmatched if _same(note, other)), None)
        if match is None:
            changed.append(note)
        else:
            unmatched.remove(match)
    assert len(golden) > 250
    assert len(changed) <= MOST_CHANGED and len(unmatched) <= MOST_CHANGED, (changed, unmatched)


def _same(note, other):
    words = ("midi", "instrument", "part")
    return (
        all(note[name] == other[name] for name in words)
        and all(_close(note[name], other[name], SECONDS_TOLERANCE) for name in TIMES)
        and all(_close(note[name], other[name], NUMBER_TOLERANCE) for name in NUMBERS)
    )


def _close(one, other, tolerance):
    return one == other or (one and other and abs(float(one) - float(other)) <= tolerance)
