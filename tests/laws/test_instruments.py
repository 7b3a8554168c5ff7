"""What must hold of the table of instruments."""

import re

import pytest

from otowake.errors import BadInput
from otowake.music.theory.instruments import (
    FAMILIES,
    INSTRUMENT_BY_NAME,
    INSTRUMENT_NAMES,
    INSTRUMENTS,
    UNKNOWN,
    instrument,
    of_programme,
)

ASKED_FOR = [
    "piano",
    "electric-piano",
    "harpsichord",
    "organ",
    "accordion",
    "harmonica",
    "guitar-nylon",
    "guitar-steel",
    "electric-guitar",
    "banjo",
    "mandolin",
    "electric-bass",
    "violin",
    "viola",
    "cello",
    "double-bass",
    "harp",
    "flute",
    "oboe",
    "clarinet",
    "bassoon",
    "saxophone",
    "trumpet",
    "french-horn",
    "trombone",
    "tuba",
    "voice",
    "mallets",
    "drums",
    "unknown",
]


def test_every_instrument_asked_for_is_there_once() -> None:
    assert len(set(INSTRUMENT_NAMES)) == len(INSTRUMENTS)
    assert set(ASKED_FOR) == set(INSTRUMENT_BY_NAME)
    assert UNKNOWN not in INSTRUMENT_NAMES


@pytest.mark.parametrize("name", ASKED_FOR)
def test_what_people_are_shown_can_be_typed(name: str) -> None:
    titles = instrument(name).title
    assert {instrument(word).name for word in (*titles, titles.en.upper(), name.title())} == {name}


@pytest.mark.parametrize("name", ASKED_FOR)
def test_a_row_is_whole(name: str) -> None:
    row = instrument(name)
    assert row.name == name and re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert row.family in FAMILIES
    assert re.search(r"[ぁ-んァ-ヶ一-龠]", row.title.ja) and re.fullmatch(
        r"[A-Za-z ]+", row.title.en
    )
    assert 0 <= row.low < row.high <= 127 and row.voices >= 1
    assert len(set(row.programmes)) == len(row.programmes)
    assert all(0 <= programme <= 127 for programme in row.programmes)
    assert bool(row.programmes) == (name not in {"drums", "unknown"})
    assert row.is_drum == (name == "drums")


def test_titles_differ() -> None:
    for language in ("en", "ja"):
        titles = [row.title.format(language) for row in INSTRUMENT_BY_NAME.values()]
        assert len(set(titles)) == len(titles)


def test_what_is_written_is_read_again() -> None:
    for row in INSTRUMENTS:
        if row.programmes and row.name != "mandolin":  # General MIDI has none
            assert of_programme(row.programme) is row


def test_an_instrument_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(BadInput, match=r"no instrument called lute; the instruments are: piano, "):
        instrument("lute")
