"""Test the instruments and their lookup."""

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

EXPECTED_NAMES = [
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


def test_every_expected_instrument_exists_once() -> None:
    assert len(set(INSTRUMENT_NAMES)) == len(INSTRUMENTS)
    assert set(EXPECTED_NAMES) == set(INSTRUMENT_BY_NAME)
    assert UNKNOWN not in INSTRUMENT_NAMES


@pytest.mark.parametrize("name", EXPECTED_NAMES)
def test_titles_look_up_their_instrument(name: str) -> None:
    titles = instrument(name).title
    assert {instrument(word).name for word in (*titles, titles.en.upper(), name.title())} == {name}


@pytest.mark.parametrize("name", EXPECTED_NAMES)
def test_an_instrument_is_complete(name: str) -> None:
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


def test_the_written_programme_maps_back() -> None:
    for row in INSTRUMENTS:
        if row.programmes and row.name != "mandolin":  # General MIDI has none
            assert of_programme(row.programme) is row


def test_an_unknown_instrument_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"no instrument called lute; the instruments are: piano, "):
        instrument("lute")
