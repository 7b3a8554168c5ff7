"""Run functions of each room of `otowake.music` on the seeded ensemble, to see its constants act.

``PYTHONPATH=. python tests/helpers/constants.py`` records the goldens again. With ``--double`` it
doubles, and where nothing changes halves, each tuned constant of :data:`ROOMS` in turn, and prints
what changes. ``--double theory drums.ONSETS`` does so for the constants whose names begin so.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sensitivity import FACTORS, Constant, change, constants
from otowake.types import Analysis, Audio, Floats, Note

GOLDEN = Path(__file__).resolve().parents[1] / "goldens" / "constants.npz"
SECONDS = 6.0
TOLERANCE = 0.001
"""Largest difference of an output, absolute and relative."""

Outputs = Iterator[tuple[str, Any]]


def notes(seconds: float = SECONDS) -> list[Note]:
    """Read the true notes of the first seconds, with velocities that vary, loud on the beat."""
    import ensemble

    return [
        Note(
            onset,
            min(offset, seconds),
            int(midi),
            0.3 + 0.1 * (i % 4) + 0.3 * (onset % 1 == 0),
            programme=programme,
            is_drum=part == "drums",
        )
        for programme, part in enumerate((*ensemble.PARTS, "drums"))
        for i, (onset, offset, midi) in enumerate(ensemble.true_notes(part).tolist())
        if onset < seconds - 0.2
    ]


def sound(*parts: str) -> Audio:
    """Return the first seconds of the ensemble or of some of its parts."""
    import ensemble

    if not parts:
        return ensemble.mixture(SECONDS)
    samples = sum(ensemble.stems()[part] for part in parts)
    return Audio(samples[None, : round(SECONDS * ensemble.RATE)], ensemble.RATE, "part")


def drum_machine() -> tuple[Audio, list[Note]]:
    """Play a kick and a hi-hat that always sound the same, some together, over faint noise."""
    import ensemble

    rng = np.random.default_rng(0)
    t = np.arange(round(0.4 * ensemble.RATE)) / ensemble.RATE
    kick = np.sin(2 * np.pi * 55 * t) * np.exp(-9 * t)
    hat = rng.normal(size=len(t)) * np.exp(-30 * t)
    samples = 0.002 * rng.normal(size=round(SECONDS * ensemble.RATE))
    hits = []
    for i, onset in enumerate(np.arange(0.2, SECONDS - 0.5, 0.15)):
        for drum, midi, plays in ((kick, 36, i % 3 == 0), (hat, 42, i % 4 < 2)):
            if plays:
                at = onset + 0.07 * (midi == 42 and i % 4)
                samples[round(at * ensemble.RATE) :][: len(drum)] += rng.uniform(0.2, 1) * drum
                shift = rng.uniform(-0.01, 0.01)
                hits.append(Note(at + shift, at + 0.1, midi, is_drum=True))
    return Audio(samples[None].astype(np.float32), ensemble.RATE, "loop"), hits


def improvised(seed: int) -> list[Note]:
    """Play random chords, passing notes and rests unevenly, in a metre of 3 or 4."""
    rng = np.random.default_rng(seed)
    beat, metre, at = 60 / rng.uniform(70, 150), 3 + seed % 2, 0.2
    played = []
    for i in range(24):
        root = int(rng.choice((0, 2, 4, 5, 7, 9)))
        scale = [root, root + int(rng.choice((3, 4))), root + int(rng.choice((6, 7, 8))), root + 10]
        for voice in rng.permutation(scale)[: rng.integers(0 if i % 5 else 1, 4)]:
            octave = 36 if i % metre == 0 and voice == root else int(rng.choice((48, 60)))
            onset = at + rng.choice((0, 0, 0.5, 1 / 3)) * beat + rng.normal(0, 0.015)
            length = beat * rng.choice((0.3, 0.9, 1.8)) * (1 + (i % metre == 0))
            played.append(Note(onset, onset + length, octave + int(voice), rng.uniform(0.05, 1)))
        at += beat
    return played


def pieces() -> dict[str, list[Note]]:
    """Return the notes of the ensemble, of a waltz, and of improvised music."""
    waltz = [
        Note(0.7 * i + 0.03 * (i % 2), 0.7 * i + 0.6, midi, 0.9 - 0.2 * (i % 3))
        for i, midi in enumerate((45, 60, 64, 50, 65, 69, 40, 56, 59, 45, 60, 69))
    ]
    improvisations = {f"improvised {seed}": improvised(seed) for seed in range(8)}
    return {"ensemble": notes(30.0), "waltz": waltz, **improvisations}


def theory() -> Outputs:
    """Find key, beats and chords of the pieces, and the rhythm of few onsets."""
    from otowake.music.theory.harmony import find_chords
    from otowake.music.theory.keys import find_key
    from otowake.music.theory.rhythm import find_rhythm

    for name, onsets in (("few", np.arange(5) / 2), ("close", np.array([0, 8, 16, 24, 200]) / 100)):
        rhythm = find_rhythm([Note(onset, onset + 0.1, 60) for onset in onsets])
        yield f"{name} onsets", np.array(rhythm.tempo if rhythm else 0.0)
    for name, played in pieces().items():
        key, rhythm = find_key(played), find_rhythm(played)
        assert key and rhythm
        yield f"{name} key", np.array([key.tonic, key.mode == "minor", key.confidence])
        yield f"{name} beats", rhythm.beats
        metre = (rhythm.metre, rhythm.downbeat, rhythm.beat_quarters, rhythm.swing)
        yield f"{name} metre", np.array([*metre, rhythm.tempo_confidence, rhythm.metre_confidence])
        for kind, chords in (
            ("chords", find_chords(played, rhythm.beats, key)),
            ("chords without beats", find_chords(played, None, None)),
        ):
            yield f"{name} {kind}", np.array([chord.name for chord in chords])
            yield f"{name} times of {kind}", np.array([(c.onset, c.offset) for c in chords])


def notation() -> Outputs:
    """Write the pieces as scores, for one player and for two."""
    from otowake.music.notation.notate import notate
    from otowake.music.theory.keys import find_key
    from otowake.music.theory.rhythm import find_rhythm

    for name, played in pieces().items():
        pitched = [note for note in played if not note.is_drum]
        rhythm = find_rhythm(pitched)
        assert rhythm
        high = [note for note in pitched if note.midi >= 60]
        score = notate([("piano", pitched), ("flute", high)], rhythm, find_key(pitched))
        for player, part in zip(("piano", "flute"), score.players, strict=True):
            staves = [hashlib.sha256(repr(staff).encode()).hexdigest() for staff in part.staves]
            yield f"{name} {player}", np.array([staff[:16] for staff in staves])


def components() -> Outputs:
    """Describe frames and combs as components, and start from a score."""
    from otowake.music.components.measure import describe
    from otowake.music.components.pitch import estimate_f0, find_pitches, tuning_of_frames
    from otowake.music.components.templates import from_score, harmonic_combs
    from otowake.signal import spectrogram
    from otowake.types import Factors

    V = spectrogram(sound())
    W = np.concatenate([V.values[:, ::12], spectrogram(sound("cello")).values[:, ::12]], axis=1)
    f0, confidence = estimate_f0(W, V.frequencies)
    yield "f0", np.where(confidence > 0, f0, 0)
    yield "confidence", confidence
    pitches = find_pitches(W, V.frequencies)
    yield "pitches", np.array([pitch.hz if pitch else 0.0 for pitch in pitches])
    for name, frames in (("", V.values), ("of few frames ", V.values[:, :12])):
        hz = tuning_of_frames(frames, 1.01 * V.frequencies)
        yield f"tuning {name}in cents", 1200 * np.log2(np.array(hz) / 440)
    start = from_score(notes(), V.frequencies, V.times)
    yield "gates", start.H[:, ::4]
    combs = harmonic_combs([40, 60.3, 80], V.frequencies)
    yield "combs", combs[::4]
    low = sum(np.exp(-(((V.frequencies - 30 * n) / 6) ** 2)) / n for n in range(1, 30))
    yield "f0 of a low tone", estimate_f0(np.asarray(low)[:, None], V.frequencies)[0]
    faint = np.ones((3, 4)) * np.array([[1], [1.2e-6], [1.7e-6]])
    _, described, _ = describe(Factors(combs, faint), V.frequencies, V.times[:4])
    yield "components that sound", np.array([c.energy > 0 for c in described], float)
    levels = np.geomspace(1, 1e-7, len(V.times))
    H = np.stack([levels, levels[::-1], 1e-5 * levels])
    order, described, _ = describe(Factors(combs, H), V.frequencies, V.times)
    yield "components", np.array([*order, *(x for c in described for x in (c.start, c.end))], float)


def drums() -> Outputs:
    """Detect drum hits, align those of a score, and separate a loop."""
    from otowake.music.drums.loop_separation import component_masks, find_drums, onset_frames
    from otowake.music.drums.onsets import align_hits, detect_drums, pick_hits
    from otowake.music.theory.instruments import KIT
    from otowake.signal import spectrogram

    for name, audio in (("mixture", sound()), ("drums", sound("drums")), ("cello", sound("cello"))):
        hits = detect_drums(audio)
        hits += detect_drums(audio, assume_drums=True)
        yield name, np.array([(hit.onset, hit.offset, hit.midi, hit.velocity) for hit in hits])
    late = [hit for hit in notes() if hit.is_drum]
    moved = align_hits(late, [Note(n.onset + 0.15, n.offset + 0.15, n.midi) for n in late[::2]])
    yield "aligned", np.array([note.onset for note in moved])
    V = spectrogram(sound("drums"))
    loop = find_drums(V.values, V.frequencies, 3)
    yield "loop spectra", loop.W[::8, :, ::8]
    yield "loop gains", loop.H
    yield "masks", np.stack(component_masks(loop))[:, ::8, ::8]
    rng = np.random.default_rng(0)
    yield "onsets", onset_frames(rng.gamma(0.5, size=(6, 400)))
    probabilities = rng.random((2, 200, len(KIT)))
    picked = pick_hits(probabilities[0], [0.7, 0.7, 0.7], 8 * probabilities[1])
    yield "picked", np.stack([picked.onset, picked.velocity])


def separation() -> Outputs:
    """Separate parts, learn samples of drums, and measure timbres."""
    from dataclasses import replace

    from otowake.music.analyse import with_sound
    from otowake.music.separation.drum_samples import with_drum_samples
    from otowake.music.separation.score_informed import fit_notes
    from otowake.music.separation.stems import ids_of_parts, separated
    from otowake.music.separation.timbre import timbre
    from otowake.music.song.masks import sources_of_notes
    from otowake.options import StftSpec
    from otowake.types import Part

    audio = sound()
    played = [
        replace(n, onset=n.onset + 0.07, decay_end=n.offset + 0.3) if i % 3 else n
        for i, n in enumerate(notes())
    ]
    factors = fit_notes(audio, played, tuning_hz=440.0)
    names = sorted({note.programme for note in played})
    parts = tuple(
        Part(str(p), "piano", tuple(i for i, n in enumerate(played) if n.programme == p))
        for p in names
    )
    blocks = zip(*separated(audio, factors, ids_of_parts(played, parts)), strict=True)
    yield "stems", np.stack([np.concatenate(part, axis=1)[0] for part in blocks])[:, ::64]
    none = np.zeros(0)
    bare = Analysis(audio, None, (), none, none, 1.0, 440.0, StftSpec(), notes=tuple(played))
    measured = timbre(with_sound(replace(bare, parts=parts, note_factors=factors), audio))
    yield "partials", measured.levels
    yield "attacks", measured.rises
    instruments = dict(zip(names, ("voice", "voice", "piano", "drums"), strict=True))
    song = tuple(replace(p, instrument=instruments[int(p.name)]) for p in parts)
    as_song = replace(factors, sources=sources_of_notes(played, song))
    blocks = zip(*separated(audio, as_song, ids_of_parts(played, song)), strict=True)
    yield "song", np.stack([np.concatenate(part, axis=1)[0] for part in blocks])[:, ::64]
    loop, hits = drum_machine()
    learnt = with_drum_samples(loop, fit_notes(loop, hits), hits)
    samples = learnt.segments[0].drum_samples
    assert samples is not None
    yield "drum samples", samples.waves[..., ::8]
    yield "gains of hits", samples.gains
    blocks = zip(*separated(loop, learnt, [[i] for i in range(3)]), strict=True)
    yield "hits", np.stack([np.concatenate(part, axis=1)[0] for part in blocks])[:, ::64]


def editing() -> Outputs:
    """Paint over a part of a spectrogram."""
    from otowake.music.editing.painting import BrushStroke, paint
    from otowake.signal import spectrogram
    from otowake.types import Factors

    V = spectrogram(sound()).values[:400]
    rng = np.random.default_rng(0)
    factors = Factors(rng.random((len(V), 4)), rng.random((4, V.shape[1])))
    painted = paint(V, factors, [BrushStroke(0, 10, 60, 20, 80, belongs=False)])
    yield "painted", painted.H[:, ::4]


ROOMS: dict[str, Callable[[], Outputs]] = {
    room.__name__: room for room in (theory, notation, components, drums, separation, editing)
}


def outputs(room: str) -> dict[str, Floats]:
    return {f"{room}/{name}": np.asarray(values) for name, values in ROOMS[room]()}


def same(values: Floats, golden: Floats) -> bool:
    """Compare an output with the recorded one."""
    if values.shape != golden.shape or golden.dtype.kind == "U":
        return np.array_equal(values, golden)
    return np.allclose(values, golden, TOLERANCE, TOLERANCE, equal_nan=True)


def differences(room: str) -> list[str]:
    """List the outputs that differ from the recorded ones."""
    with np.load(GOLDEN) as golden:
        return [name for name, values in outputs(room).items() if not same(values, golden[name])]


def record() -> None:
    """Write the goldens."""
    values = {name: array for room in ROOMS for name, array in outputs(room).items()}
    small = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in values.items()}
    np.savez_compressed(GOLDEN, **small)


def vary(constant: Constant, factor: float) -> str:
    """Scale a constant before the modules that use it are imported; return what differs."""
    if not change(constant, factor):
        return ""
    try:
        return ", ".join(differences(constant.module.split(".")[2]))
    except Exception as error:  # whatever a constant out of bounds breaks
        return f"{type(error).__name__}: {error}"


def listed() -> list[Constant]:
    return list(constants())


def in_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a fork of this process, which has imported no room."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(function, arguments)


def print_unnoticed(prefixes: tuple[str, ...]) -> None:
    """Print what each constant changes, as it is found out."""
    import jax  # noqa: F401  # once for all forks
    import scipy.signal  # noqa: F401

    for constant in in_process(listed):
        if str(constant).startswith(prefixes):
            changed = ""
            for factor in reversed(FACTORS):
                changed = changed or in_process(vary, constant, factor)
            print(f"{constant!s:50s} {changed or 'NOTHING'}", flush=True)


if __name__ == "__main__":
    if "--double" in sys.argv:
        print_unnoticed(tuple(sys.argv[2:] or ROOMS))
    else:
        record()
