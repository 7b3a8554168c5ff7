"""Evaluate scores: how readable and how right they are, compared with the source.

    python -m benchmarks.score --data DIR [--estimate] [--bars N] [--out DIR] [--count]

DIR holds scores (MusicXML, not compressed). The longest stretch of each with one time signature is
played with a changing tempo, uneven onsets and shortened notes, and notated again from the played
notes, with the true beats, or with ``--estimate`` with the beats and the key estimated from them.
The pieces are split into a *tuning* and a *test* half by the hash of the file's name.

For the written score and the source: rests, ties and tuplet notes per note head, and voices
per bar of a staff; and what is right, as a share of the notes: the starts and the lengths, the
names, and the hands of notes on two staves.

``--count`` prints the frequencies of the divisions of beats in the tuning half, for
``otowake.music.notation.config``.
"""

from __future__ import annotations

import argparse
import hashlib
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from otowake.io.musicxml import write_score
from otowake.music.theory.keys import find_key
from otowake.music.theory.rhythm import find_rhythm
from otowake.types import Key, Note, Rhythm


@dataclass
class Head:
    """A note of a score, its ties joined: start and length in quarter notes."""

    part: int
    staff: int
    start: Fraction
    length: Fraction
    midi: int
    name: str


@dataclass
class Written:
    """A score as read: its notes, the counts of its symbols, its bars and their signature."""

    heads: list[Head] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    bars: list[tuple[Fraction, Fraction, tuple[int, int]]] = field(default_factory=list)
    fifths: int = 0
    staves: int = 1
    programmes: list[int] = field(default_factory=list)


STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS = {0: "", 1: "#", 2: "##", -1: "b", -2: "bb"}


def read(path: Path, bars: tuple[int, int] | None = None) -> Written:
    """Read a score, or its bars from the first to before the second index."""
    root = ET.parse(path).getroot()
    written = Written()
    written.programmes = [
        int(element.findtext(".//midi-program") or 1) - 1 for element in root.iter("score-part")
    ]
    for p, part in enumerate(root.findall("part")):
        divisions, signature, at = 1, (4, 4), Fraction(0)
        transpose, previous = 0, Fraction(0)
        tied: dict[tuple[int, str], Head] = {}
        for n, measure in enumerate(part.findall("measure")):
            used = bars is None or bars[0] <= n < bars[1]
            begin = furthest = now = at
            voices: dict[int, set[str]] = defaultdict(set)
            for element in measure:
                if element.tag == "attributes":
                    divisions = int(element.findtext("divisions") or divisions)
                    signature = _signature(element) or signature
                    transpose = _transpose(element, transpose)
                    if p == 0:
                        written.fifths = int(element.findtext("key/fifths") or written.fifths)
                length = Fraction(int(float(element.findtext("duration") or 0)), divisions)
                if element.tag == "backup":
                    now -= length
                elif element.tag == "forward":
                    now += length
                elif element.tag == "note" and element.find("grace") is None:
                    is_chord = element.find("chord") is not None
                    start = now - previous if is_chord else now
                    if not is_chord:
                        previous = length
                        now += length
                    if used and element.find("cue") is None:
                        _count(written, element, voices, p)
                        _head(written, element, p, start, length, transpose, tied)
                furthest = max(furthest, now)
            at = furthest
            if used:
                written.counts["bar staves"] += len(voices)
                written.counts["bar voices"] += sum(map(len, voices.values()))
                if p == 0:
                    written.bars.append((begin, at, signature))
    return written


def _signature(attributes: ET.Element) -> tuple[int, int] | None:
    beats = attributes.findtext("time/beats")
    unit = attributes.findtext("time/beat-type")
    return (sum(map(int, beats.split("+"))), int(unit)) if beats and unit else None


def _transpose(attributes: ET.Element, now: int) -> int:
    element = attributes.find("transpose")
    if element is None:
        return now
    octaves = int(element.findtext("octave-change") or 0)
    return int(element.findtext("chromatic") or 0) + 12 * octaves


def _count(written: Written, note: ET.Element, voices: dict[int, set[str]], part: int) -> None:
    staff = int(note.findtext("staff") or 1)
    if note.find("rest") is not None:
        whole = note.find("rest").get("measure") == "yes" or note.find("type") is None
        if not whole and note.get("print-object") != "no":
            written.counts["rests"] += 1
        return
    if note.find("pitch") is None:
        return
    voices[staff].add(note.findtext("voice") or "1")
    written.counts["heads"] += 1
    written.counts["ties"] += "start" in [tie.get("type") for tie in note.findall("tie")]
    written.counts["tuplets"] += note.find("time-modification") is not None
    written.counts["accidentals"] += note.find("accidental") is not None


def _head(
    written: Written,
    note: ET.Element,
    part: int,
    start: Fraction,
    length: Fraction,
    transpose: int,
    tied: dict[tuple[int, str], Head],
) -> None:
    pitch = note.find("pitch")
    if pitch is None or length == 0:
        return
    step, alter = pitch.findtext("step"), int(float(pitch.findtext("alter") or 0))
    midi = 12 * (int(pitch.findtext("octave")) + 1) + STEPS[step] + alter + transpose
    kinds = [tie.get("type") for tie in note.findall("tie")]
    before = tied.pop((midi, ""), None) if "stop" in kinds else None
    if before is not None and before.start + before.length == start:
        before.length += length
        head = before
    else:
        staff = int(note.findtext("staff") or 1)
        head = Head(part, staff, start, length, midi, step + SIGNS.get(alter, "?"))
        written.heads.append(head)
    if "start" in kinds:
        tied[midi, ""] = head


def longest(written: Written) -> tuple[int, int]:
    """Return the longest stretch of bars with one signature and length, a pick-up before it."""
    bars = written.bars
    best, begin = (0, 0), 0
    for i in range(1, len(bars) + 1):
        full = Fraction(bars[begin][2][0] * 4, bars[begin][2][1])
        changes = (
            i == len(bars)
            or bars[i][2] != bars[begin][2]
            or (bars[i][1] - bars[i][0] != full and i > begin)
        )
        if changes:
            if i - begin > best[1] - best[0]:
                best = (begin, i)
            begin = i
    if best[0] > 0:
        start, stop, signature = bars[best[0] - 1]
        if (
            best[0] == 1
            and signature == bars[best[0]][2]
            and stop - start < bars[1][1] - bars[1][0]
        ):
            best = (best[0] - 1, best[1])
    return best


BEATS = {
    (2, 4): 1, (3, 4): 1, (4, 4): 1, (5, 4): 1, (2, 2): 1, (6, 4): 1, (4, 8): 1,
    (6, 8): Fraction(3, 2), (9, 8): Fraction(3, 2), (12, 8): Fraction(3, 2),
    (3, 8): Fraction(1, 2), (7, 8): Fraction(1, 2), (5, 8): Fraction(1, 2),
}  # fmt: skip
"""Quarter notes per beat, by signature."""


def play(written: Written, seed: int) -> tuple[list[Note], Rhythm, list[int]]:
    """Play a score: its notes, its beats, and the part of each note."""
    rng = np.random.default_rng(seed)
    first, last = written.bars[0][0], written.bars[-1][1]
    signature = written.bars[-1][2]
    beat = Fraction(BEATS[signature])
    bar = Fraction(signature[0] * 4, signature[1])
    pick_up = written.bars[0][1] - first
    lead = (bar - pick_up) % bar  # silent beats before a pick-up
    n_beats = int((last - first + lead) / beat) + 2
    tempo = rng.uniform(70, 140) if beat != Fraction(1, 2) else rng.uniform(150, 240)
    period = 60 / tempo * np.exp(np.cumsum(rng.normal(0, 0.015, n_beats)))
    beats = np.concatenate([[0.5], 0.5 + np.cumsum(period)])
    late: dict[tuple[int, Fraction], float] = {}

    def time(at: Fraction) -> float:
        return float(np.interp(float((at - first + lead) / beat), np.arange(len(beats)), beats))

    notes, parts = [], []
    for head in written.heads:
        key = (head.part, head.start)
        late.setdefault(key, rng.normal(0, 0.012))
        onset = max(time(head.start) + late[key] + rng.normal(0, 0.005), 0)
        full = time(head.start + head.length) - time(head.start)
        # Legato, detached or staccato, as a fraction of the written length.
        share = rng.choice((1.03, 0.85, 0.5), p=(0.5, 0.4, 0.1)) * np.exp(rng.normal(0, 0.08))
        notes.append(
            Note(
                onset,
                onset + max(full * share, 0.04),
                head.midi,
                programme=written.programmes[head.part],
            )
        )
        parts.append(head.part)
    metre = int(bar / beat)
    beats = beats[: n_beats + 1] + rng.normal(0, 0.005, n_beats + 1)
    facts: dict[str, Any] = {"beat_quarters": float(beat)}
    return notes, Rhythm(60 / float(np.median(np.diff(beats))), beats, metre, 0, **facts), parts


def is_tuning(path: Path) -> bool:
    return hashlib.sha256(path.stem.encode()).digest()[0] % 2 == 0


def evaluate(path: Path, out: Path, *, estimate: bool, most_bars: int) -> dict[str, float] | None:
    whole = read(path)
    first, last = longest(whole)
    source = read(path, (first, min(last, first + most_bars)))
    if len(source.bars) < 4 or source.bars[-1][2] not in BEATS or not source.heads:
        return None
    notes, rhythm, parts = play(source, seed=len(source.heads))
    if estimate:
        rhythm = find_rhythm(notes) or rhythm
    n_parts = max(parts) + 1
    named = [(f"Part {p + 1}", [i for i, q in enumerate(parts) if q == p]) for p in range(n_parts)]
    minor = find_key(notes).mode == "minor"
    tonic = (source.fifths * 7 - 3 * minor) % 12
    key = find_key(notes) if estimate else Key(tonic, "minor" if minor else "major", 1.0)
    target = out / f"{path.stem}.musicxml"
    write_score(notes, target, rhythm=rhythm, key=key, title=path.stem, parts=named)
    result = read(target)
    return _figures(source, result)


def _figures(source: Written, result: Written) -> dict[str, float]:
    figures = {}
    for kind, written in (("source", source), ("score", result)):
        counts = written.counts
        for what in ("rests", "ties", "tuplets", "accidentals"):
            figures[f"{kind} {what}"] = counts[what] / counts["heads"]
        figures[f"{kind} voices"] = counts["bar voices"] / counts["bar staves"]
    # Match every note of the source with one of that pitch at that start.
    offset = min(h.start for h in source.heads) - min(h.start for h in result.heads)
    have: dict[tuple[Fraction, int], list[Head]] = defaultdict(list)
    for head in result.heads:
        have[head.start + offset, head.midi].append(head)
    right = Counter()
    for head in source.heads:
        own = have[head.start, head.midi]
        right["notes"] += 1
        if own:
            match = own.pop()
            right["starts"] += 1
            right["lengths"] += match.length == head.length
            right["names"] += match.name == head.name
            two = max(h.staff for h in source.heads if h.part == head.part) > 1
            right["keyboard"] += two
            right["hands"] += two and match.staff == head.staff
    figures["starts"] = right["starts"] / right["notes"]
    figures["lengths"] = right["lengths"] / right["notes"]
    figures["names"] = right["names"] / max(right["starts"], 1)
    if right["keyboard"]:
        figures["hands"] = right["hands"] / right["keyboard"]
    return figures


def count(paths: list[Path]) -> None:
    """Print the costs of the divisions of beats in scores, a part's staff at a time."""
    for name, divisions, compound in (
        ("SIMPLE", (1, 2, 4, 8, 3, 6), False),
        ("COMPOUND", (1, 3, 6, 12, 2), True),
    ):
        n = len(divisions)
        first, changes = np.ones(n), np.ones((n, n)) * 0.5
        occupied = [np.full(d, 0.5) for d in divisions]
        totals = np.ones(n)
        for path in paths:
            source = read(path, longest(read(path)))
            beat = BEATS.get(source.bars[-1][2] if source.bars else None)
            if beat is None or (beat == Fraction(3, 2)) != compound:
                continue
            origin = source.bars[-1][1]
            onsets: dict[Any, set[Fraction]] = defaultdict(set)
            for head in source.heads:
                whole, part = divmod((head.start - origin) / beat, 1)
                onsets[head.part, head.staff, whole].add(part)
            last = (None, None, 0)
            for (p, s, _), parts in sorted(onsets.items()):
                i = next(
                    (
                        i
                        for i in np.argsort(divisions)
                        if all((x * divisions[i]).denominator == 1 for x in parts)
                    ),
                    None,
                )
                if i is None:
                    last = (None, None, 0)
                    continue
                first[i] += 1
                if last[:2] == (p, s):
                    changes[last[2], i] += 1
                last = (p, s, i)
                totals[i] += 1
                for x in parts:
                    occupied[i][int(x * divisions[i])] += 1
        costs = -np.log(changes / changes.sum(axis=1, keepdims=True))
        print(name, "beats:", int(totals.sum() - n))
        print("   ", divisions)
        print("   ", tuple((-np.log(first / first.sum())).round(2).tolist()))
        print("   ", tuple(map(tuple, costs.round(2).tolist())))
        print(
            "   ",
            tuple(
                tuple(np.clip(o / t, 0.01, 0.99).round(2).tolist())
                for o, t in zip(occupied, totals, strict=True)
            ),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/scores"))
    parser.add_argument("--estimate", action="store_true")
    parser.add_argument("--bars", type=int, default=40, help="most bars of a piece (40)")
    parser.add_argument("--count", action="store_true")
    options = parser.parse_args()
    paths = sorted(options.data.glob("*.xml"))
    if options.count:
        count([path for path in paths if is_tuning(path)])
        return
    options.out.mkdir(parents=True, exist_ok=True)
    by_half: dict[str, list[dict[str, float]]] = {"tuning": [], "test": []}
    for path in paths:
        figures = evaluate(path, options.out, estimate=options.estimate, most_bars=options.bars)
        if figures:
            by_half["tuning" if is_tuning(path) else "test"].append(figures)
            print(path.stem[:36].ljust(36), _line(figures), flush=True)
    for half, rows in by_half.items():
        names = {name for row in rows for name in row}
        means = {n: float(np.mean([row[n] for row in rows if n in row])) for n in names}
        print(half.ljust(36), _line(means), f"({len(rows)} pieces)")


def _line(figures: dict[str, float]) -> str:
    pairs = [
        f"{what} {figures[f'source {what}']:.2f}>{figures[f'score {what}']:.2f}"
        for what in ("rests", "ties", "tuplets", "voices", "accidentals")
    ]
    shares = [
        f"{what} {figures[what]:.3f}"
        for what in ("starts", "lengths", "names", "hands")
        if what in figures
    ]
    return "  ".join(pairs + shares)


if __name__ == "__main__":
    main()
