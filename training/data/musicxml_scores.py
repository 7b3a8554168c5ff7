"""Notes, bars, metres and key signature of a compressed MusicXML file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from training.data.scores import STEPS, Row, Score


class _Placed(NamedTuple):
    """A measure, attributes or note of a part: element, onset and length in quarter notes."""

    element: ElementTree.Element
    onset: float
    length: float = 0.0


def read(path: Path) -> Iterator[Score]:
    """Read a file: the notes of all parts with ties joined; bars, metres and key of the first."""
    parts = [list(_placed(part)) for part in _root(path).iter("part")]
    first = parts[0] if parts else []
    yield Score(
        [row for part in parts for row in _rows(part)],
        [onset for element, onset, _ in first if element.tag == "measure"],
        list(_metres(first)),
        _sharps(first),
        None,
    )


def _root(path: Path) -> ElementTree.Element:
    """Parse the first score that the container of the file names."""
    with zipfile.ZipFile(path) as archive:
        container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
        (first, *_) = (e.attrib["full-path"] for e in container.iter() if "full-path" in e.attrib)
        return ElementTree.fromstring(archive.read(first))


def _placed(part: ElementTree.Element) -> Iterator[_Placed]:
    """Yield the measures, attributes and notes of a part, without grace notes."""
    start, divisions = 0.0, 1.0
    for measure in part.iter("measure"):
        now = last = latest = start
        yield _Placed(measure, start)
        for element in measure:
            if element.tag == "attributes":
                divisions = float(element.findtext("divisions") or divisions)
                yield _Placed(element, start)
            elif element.tag in ("backup", "forward"):
                step = _length(element, divisions)
                now += step if element.tag == "forward" else -step
            elif element.tag == "note" and element.find("grace") is None:
                length = _length(element, divisions)
                if element.find("chord") is None:
                    last, now = now, now + length
                yield _Placed(element, last, length)
            latest = max(latest, now)
        start = latest


def _length(element: ElementTree.Element, divisions: float) -> float:
    return float(element.findtext("duration") or 0) / divisions


def _rows(part: Iterable[_Placed]) -> Iterator[Row]:
    """Yield the pitched notes of a part, tied ones as one."""
    tied: dict[int, Row] = {}
    for element, onset, length in part:
        pitch = element.find("pitch")
        if element.tag != "note" or pitch is None or length <= 0:
            continue
        midi = _midi(pitch)
        tie_types = {tie.attrib["type"] for tie in element.iter("tie")}
        row = (onset, length, float(midi))
        if "stop" in tie_types and midi in tied:
            start, before, _ = tied.pop(midi)
            row = (start, before + length, float(midi))
        if "start" in tie_types:
            tied[midi] = row
        else:
            yield row


def _midi(pitch: ElementTree.Element) -> int:
    return (
        12 * (int(pitch.findtext("octave") or 4) + 1)
        + STEPS[pitch.findtext("step") or "C"]
        + int(float(pitch.findtext("alter") or 0))
    )


def _metres(part: Iterable[_Placed]) -> Iterator[tuple[float, int, int]]:
    """Yield start, upper and lower number of each time signature; 3+2 is 5."""
    for element, onset, _ in part:
        if element.tag == "attributes" and element.find("time/beats") is not None:
            top = sum(int(n) for n in (element.findtext("time/beats") or "4").split("+"))
            yield onset, top, int(element.findtext("time/beat-type") or 4)


def _sharps(part: Iterable[_Placed]) -> int | None:
    """Return the sharps of the first key signature of a part."""
    for element, _, _ in part:
        if element.tag == "attributes" and element.find("key/fifths") is not None:
            return int(element.findtext("key/fifths") or 0)
    return None
