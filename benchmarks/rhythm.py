"""Evaluate tempo, metre, downbeats and keys on generated and written music with known truth.

    python -m benchmarks.rhythm [--corpus CACHE] [--keys FILE] [--peers] [--pieces N]

Generated: for every kind (waltz, march, jig, 12/8, 5/4, 7/8, swing, pick-up, accelerando, rubato,
drums alone, tempi from 40 to 240) pieces of one or more parts, composed here and not used in
training. ``--corpus`` adds performances of the held-out half of the music21 corpus
(:mod:`training.data.performances`) and the keys of its pieces; CACHE is the folder of
:mod:`training.train.theory`. ``--keys`` adds the keys of recordings: a table of the path of a
`notes.tsv` (onset, offset, MIDI number), next to a FLAC file, and its key. ``--peers`` compares
otowake, librosa, essentia and madmom, as far as they are installed, on sound: the tempo of the
synthesised pieces, and the key of the recordings.

A tempo is right within 4 %, downbeats are right if F1 (70 ms) is at least 0.9.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

import otowake
from otowake.music.theory.harmony import key_name
from otowake.music.theory.keys import find_key
from otowake.music.theory.rhythm import find_rhythm
from otowake.music.transcription.synth import synthesise
from otowake.options.keys import key_form
from otowake.types import Floats, Note

RATE = 44100
HARMONIES = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16))
KICK, SNARE, HAT = 36, 38, 42
TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


class Style(NamedTuple):
    """A kind of music: metre, groups of a bar in parts of a beat, and its way of playing."""

    signature: tuple[int, int]
    groups: tuple[int, ...]
    division: int
    bass: str = "groups"
    drums: bool = False
    melody: bool = True
    pick_up: int = 0
    drift: str = ""
    swing: bool = False


STYLES: dict[str, tuple[Style, tuple[float, ...]]] = {
    "waltz": (Style((3, 4), (3,), 2, "oom-pah"), (90, 120, 150, 180)),
    "waltz without melody": (Style((3, 4), (3,), 2, "oom-pah", melody=False), (100, 160)),
    "march": (Style((4, 4), (2, 2), 2, "oom-pah"), (80, 110, 130)),
    "march with drums": (Style((4, 4), (2, 2), 2, drums=True), (90, 120)),
    "6/8": (Style((6, 8), (1, 1), 3), (60, 80, 110)),
    "12/8": (Style((12, 8), (2, 2), 3, drums=True), (55, 75)),
    "5/4": (Style((5, 4), (3, 2), 2), (110, 150)),
    "7/8": (Style((7, 8), (2, 2, 3), 1), (240, 320)),
    "swing": (Style((4, 4), (2, 2), 2, "walking", drums=True, swing=True), (110, 150, 190)),
    "pick-up, 3/4": (Style((3, 4), (3,), 2, "oom-pah", pick_up=1), (100, 140)),
    "pick-up, 4/4": (Style((4, 4), (2, 2), 2, pick_up=1), (90, 120)),
    "accelerando": (Style((4, 4), (2, 2), 2, drift="accelerando"), (80, 100)),
    "rubato": (Style((3, 4), (3,), 2, "oom-pah", drift="rubato"), (80, 110)),
    "drums alone": (Style((4, 4), (2, 2), 2, "", drums=True, melody=False), (80, 110, 140)),
    "40 to 240": (Style((4, 4), (2, 2), 2), (40, 50, 60, 75, 95, 120, 150, 190, 215, 240)),
}


class Truth(NamedTuple):
    """Notes with the true tempo, time signature, beats and downbeats."""

    notes: list[Note]
    tempo: float
    signature: tuple[int, int]
    beats: Floats
    downbeats: Floats


def compose(rng: np.random.Generator, style: Style, tempo: float, bars: int = 16) -> Truth:
    """Compose a piece; positions are in beats until the end."""
    bar = sum(style.groups)
    first = -style.pick_up
    tonic = int(rng.integers(0, 12))
    heads = np.cumsum([0, *style.groups[:-1]]).tolist()
    rows: list[tuple[float, float, int, float, bool]] = []
    figures = [figure(rng, style.division, bar) for _ in range(2)]
    for number in range(bars):
        at = number * bar
        chord = [tonic + t for t in HARMONIES[int(rng.integers(0, 4)) if number % 4 else 0]]
        root = 36 + chord[0] % 12
        if style.bass == "oom-pah":
            rows += [(at + h, 0.9, root + 7 * (i % 2), 0.7, False) for i, h in enumerate(heads)]
            others = [b for b in range(bar) if b not in heads]
            rows += [(at + b, 0.6, 48 + t % 12, 0.5, False) for b in others for t in chord]
        elif style.bass == "walking":
            walk = [chord[int(rng.integers(0, 3))] if b else chord[0] for b in range(bar)]
            rows += [(at + b, 0.9, 36 + t % 12, 0.6, False) for b, t in enumerate(walk)]
        elif style.bass:
            rows += [
                (at + h, 0.9 * size, root + (7 * (i % 2)), 0.7, False)
                for i, (h, size) in enumerate(zip(heads, style.groups, strict=True))
            ]
        if style.melody:
            for position, length in figures[number % 2]:
                pitch = 72 + (chord[int(rng.integers(0, 3))] + int(rng.choice([0, 0, 2]))) % 12
                loud = 0.75 if position == 0 else 0.6
                rows.append((at + position, 0.9 * length, pitch, loud, False))
        if style.drums:
            snare = heads[1:] if style.division == 3 or bar % 2 else list(range(1, bar, 2))
            rows += [(at + h, 0.1, KICK, 0.8, True) for h in heads]
            rows += [(at + b, 0.1, SNARE, 0.7, True) for b in snare]
            parts = [k / style.division for k in range(style.division)]
            rows += [(at + b + p, 0.1, HAT, 0.5, True) for b in range(bar) for p in parts]
    rows += [(first + k, 0.9, 67, 0.6, False) for k in range(style.pick_up)]
    grid = np.arange(first, bars * bar + 2, 0.25)
    walk = np.convolve(rng.standard_normal(len(grid) + 24), np.hanning(25), "valid")[: len(grid)]
    pace = np.exp((0.08 if style.drift == "rubato" else 0.0) * walk / walk.std())
    if style.drift == "accelerando":
        pace *= np.exp(-np.linspace(0, np.log(1.6), len(grid)))
    clock = 0.5 + np.concatenate([[0], np.cumsum(15 / tempo * pace[:-1])])
    notes = []
    for onset, length, midi, velocity, is_drum in sorted(rows):
        whole = np.floor(onset + 1e-9)
        late = 2 / 3 if style.swing and abs(onset - whole - 0.5) < 1e-6 else onset - whole
        start = float(np.interp(whole + late, grid, clock)) + 0.008 * float(rng.standard_normal())
        end = float(np.interp(onset + length, grid, clock))
        start = max(start, 0.0)
        loud = float(np.clip(velocity + 0.05 * rng.standard_normal(), 0.1, 1))
        notes.append(Note(start, max(end, start + 0.05), midi, loud, is_drum=is_drum))
    beats = np.interp(np.arange(first, bars * bar), grid, clock)
    return Truth(
        notes,
        60 / float(np.median(np.diff(beats))),
        style.signature,
        beats,
        beats[style.pick_up :: bar],
    )


def figure(rng: np.random.Generator, division: int, bar: int) -> list[tuple[float, float]]:
    """Draw the rhythm of a melody's bar: onsets and lengths in beats."""
    onsets = [0.0]
    for beat in range(bar):
        onsets += [float(beat)] if beat and rng.random() < 0.8 else []
        onsets += [beat + k / division for k in range(1, division) if rng.random() < 0.45]
    ends = [*onsets[1:], float(bar)]
    return [(a, b - a) for a, b in zip(onsets, ends, strict=True)]


def f1(estimates: Floats, true: Floats, reach: float = 0.07) -> float:
    """Return the F1 score of times."""
    inside = estimates[(estimates > true[0] - 0.1) & (estimates < true[-1] + 0.1)]
    if not len(inside):
        return 0.0
    hits = sum(float(np.abs(inside - time).min()) < reach for time in true)
    return 2 * hits / (len(inside) + len(true))


def evaluated(truth: Truth) -> dict[str, float]:
    """Estimate the rhythm of true notes and compare it with the truth."""
    rhythm = find_rhythm(truth.notes)
    if rhythm is None:
        return dict.fromkeys(("tempo", "beats", "metre", "downbeats", "sure"), 0.0)
    downbeats = rhythm.beats[rhythm.downbeat :: rhythm.metre]
    metre = rhythm.signature == truth.signature
    return {
        "tempo": abs(np.log2(rhythm.tempo / truth.tempo)) < np.log2(1.04),
        "beats": f1(rhythm.beats, truth.beats) >= 0.9,
        "metre": metre,
        "downbeats": metre and f1(downbeats, truth.downbeats) >= 0.9,
        "sure": rhythm.metre_confidence,
    }


def table(rows: dict[str, list[dict[str, float]]]) -> None:
    """Print the share of right answers of each kind."""
    for kind, results in rows.items():
        means = {name: np.mean([result[name] for result in results]) for name in results[0]}
        print(f"{kind:24} n {len(results):3}", *(f"{k} {v:.2f}" for k, v in means.items()))
    everything = [result for results in rows.values() for result in results]
    print("all", *(f"{k} {np.mean([r[k] for r in everything]):.3f}" for k in everything[0]))


def generated(seed: int = 0, pieces: int = 2) -> dict[str, list[Truth]]:
    """Compose all kinds."""
    return {
        kind: [
            compose(np.random.default_rng([seed, number, round(tempo)]), style, tempo)
            for tempo in tempi
            for number in range(pieces)
        ]
        for kind, (style, tempi) in STYLES.items()
    }


def of_corpus(cache: Path, n: int) -> tuple[dict[str, list[Truth]], list[tuple[list[Note], str]]]:
    """Perform held-out pieces of the corpus, and return the keys of their beginnings."""
    from training.data.corpus import pieces
    from training.train.theory import draw, is_held_out

    held_out = [piece for piece in pieces(cache / "corpus.json") if is_held_out(piece)]
    rows: dict[str, list[Truth]] = defaultdict(list)
    for done in draw(held_out, n, 2 * 10**7):
        music = done.written
        kind = f"{music.signature[0]}/{music.signature[1]} {music.division}"
        tempo = 60 / float(np.median(np.diff(done.beats)))
        downbeats = done.beats[done.downbeats]
        rows[kind].append(Truth(done.notes, tempo, music.signature, done.beats, downbeats))
    known = [piece for piece in held_out if piece.mode][:: max(len(held_out) // n, 1)]
    keys = [
        (
            [Note(0.5 * a, 0.5 * (a + b), int(m)) for a, b, m in piece.notes if a < 60],
            f"{TONICS[piece.tonic]} {piece.mode}",
        )
        for piece in known
    ]
    return rows, keys


def of_table(path: Path) -> list[tuple[list[Note], str]]:
    """Read notes and keys of recordings."""
    estimates = []
    for line in path.read_text().splitlines():
        name, key = line.split("\t")
        rows = np.loadtxt(path.parent / name, skiprows=1, ndmin=2)[:, :3]
        notes = [Note(a, max(b, a + 0.03), round(m)) for a, b, m in rows.tolist()]
        estimates.append((notes, key))
    return estimates


def judge_keys(pieces: list[tuple[list[Note], str]]) -> None:
    """Print how many keys are right, and how the others are related to the truth."""
    errors: Counter[str] = Counter()
    for notes, true in pieces:
        key, form = find_key(notes), key_form(true)
        tonic, mode = form.split()
        number = next(i for i in range(12) if _class(tonic) == i)
        up = (key.tonic - number) % 12 if key else 0
        relation = {
            ("major", "minor", 9): "relative",
            ("minor", "major", 3): "relative",
            ("major", "minor", 0): "parallel",
            ("minor", "major", 0): "parallel",
        }
        if key is None:
            errors["none"] += 1
        elif (up, key.mode) == (0, mode):
            errors["right"] += 1
        elif key.mode == mode and up in (5, 7):
            errors["fifth"] += 1
        else:
            errors[relation.get((mode, key.mode, up), "other")] += 1
        if key and (up, key.mode) != (0, mode):
            print(f"  {TONICS[number]} {mode}: estimates {key_name(key)} ({key.confidence:.2f})")
    print(f"keys: {errors['right'] / max(len(pieces), 1):.3f} of {len(pieces)}", dict(errors))


def _class(tonic: str) -> int:
    return (
        {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[tonic[0]]
        + tonic.count("#")
        - tonic[1:].count("b")
    ) % 12


def _otowake(path: str) -> float:
    rhythm = otowake.analyse(otowake.load(path), stages=("notes",)).rhythm
    return rhythm.tempo if rhythm else np.nan


def _librosa(path: str) -> float:
    import librosa

    sound, rate = librosa.load(path, sr=22050)
    return float(np.atleast_1d(librosa.beat.beat_track(y=sound, sr=rate)[0])[0])


def _essentia(path: str) -> float:
    es: Any = importlib.import_module("essentia.standard")
    return float(es.RhythmExtractor2013()(es.MonoLoader(filename=path)())[0])


def _madmom(path: str) -> float:
    beats: Any = importlib.import_module("madmom.features.beats")
    tempo: Any = importlib.import_module("madmom.features.tempo")
    activations = beats.RNNBeatProcessor()(path)
    return float(tempo.TempoEstimationProcessor(fps=100)(activations)[0][0])


PEERS: dict[str, Callable[[str], float]] = {
    "otowake": _otowake,
    "librosa": _librosa,
    "essentia": _essentia,
    "madmom": _madmom,
}


def _otowake_key(path: str) -> str:
    key = otowake.analyse(otowake.load(path), stages=("notes",)).key
    return key_form(key_name(key)) if key else ""


def _essentia_key(path: str) -> str:
    es: Any = importlib.import_module("essentia.standard")
    tonic, mode, _ = es.KeyExtractor()(es.MonoLoader(filename=path)())
    return f"{tonic} {mode}"


KEY_PEERS: dict[str, Callable[[str], str]] = {"otowake": _otowake_key, "essentia": _essentia_key}


def compare_keys(path: Path) -> None:
    """Print how many keys each program finds in the sound of recordings."""
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    for name, run in KEY_PEERS.items():
        if not importlib.util.find_spec(name):
            continue
        right = 0
        for table, key in rows:
            sound = (path.parent / table).with_name(f"{Path(table).name.split('.')[0]}.flac")
            detected = run(str(sound)).split()
            tonic, mode = key_form(key).split()
            right += detected[1:] == [mode] and _class(detected[0]) == _class(tonic)
        print(f"keys by {name}: {right} of {len(rows)}")


def compare(truths: dict[str, list[Truth]]) -> None:
    """Print how many tempi each program finds in the synthesised sound."""
    installed = {name: run for name, run in PEERS.items() if importlib.util.find_spec(name)}
    for name, run in installed.items():
        right: dict[str, list[Any]] = defaultdict(list)
        for kind, some in truths.items():
            for truth in some:
                n = round((truth.notes[-1].offset + 1) * RATE)
                pitched = [note for note in truth.notes if not note.is_drum]
                if not pitched:  # the synthesis has no drums
                    continue
                with tempfile.NamedTemporaryFile(suffix=".wav") as file:
                    soundfile.write(
                        file.name, np.concatenate(list(synthesise(pitched, RATE, n))), RATE
                    )
                    off = np.log2(run(file.name) / truth.tempo)
                right[kind].append(abs(off) < np.log2(1.04))
        means = {kind: round(float(np.mean(some)), 2) for kind, some in right.items()}
        print(name, round(float(np.mean([x for s in right.values() for x in s])), 3), means)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--keys", type=Path)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--pieces", type=int, default=2, help="of each kind and tempo")
    options = parser.parse_args()
    truths = generated(pieces=options.pieces)
    table({kind: [evaluated(truth) for truth in some] for kind, some in truths.items()})
    if options.corpus:
        rows, keys = of_corpus(options.corpus, 60 * options.pieces)
        table({kind: [evaluated(truth) for truth in some] for kind, some in rows.items()})
        judge_keys(keys)
    if options.keys:
        judge_keys(of_table(options.keys))
    if options.peers:
        compare(truths)
        if options.keys:
            compare_keys(options.keys)


if __name__ == "__main__":
    main()
