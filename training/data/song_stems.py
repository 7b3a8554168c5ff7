"""Stems of generated songs: voices, bass, drums and other players, each alone.

    python -m training.data.song_stems --cache DIR --samples DIR --songs 1000 --workers 2

A file holds the stems of 20 songs of 10 s: `audio` (stem, sample) int16, each at its own peak,
`source` (stem,) the index into :data:`SOURCES`, or the next one for a lead, and `song` (stem,) the
number of the song in the file.
How loud and from where a stem sounds in a mixture is drawn later
(:mod:`training.data.song_mixtures`).
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from otowake.music.song.masks import BASS, DRUM_KIT, OTHER, VOCALS
from otowake.music.song.network import SOURCES
from training import files
from training.data import mixtures
from training.data.mixtures import CHORDS, Choice
from training.music import drum_beats
from training.music.harmony import Harmony
from training.music.parts import SUNG_RANGE, line
from training.music.performance import Clock
from training.music.phrases import monophonic, phrase
from training.parallel import parallel_map
from training.rng import Rng
from training.sounds import banks, drum_kits, speech, synthesizer
from training.sounds.amplifier import amplified
from training.sounds.classes import is_held_out
from training.sounds.drum_kits import Kit
from training.sounds.samples import RATE, Wave

VERSION = 1
"""Version of the stems: a change that gives others for the same seeds increases it."""

SECONDS = mixtures.SECONDS
LENGTH = int(SECONDS * RATE)

SONGS_PER_FILE = 20
"""Songs in a file."""

HELD_OUT_SEED = 1_000_000
"""Songs from this seed on use held-out banks, kits and speakers only."""

LEAD = len(SOURCES)
"""What a stem is that belongs to no source yet: any mixture may add it to the source ``other``."""

ELECTRONIC_SEED, LEAD_SEED = 250_000, 500_000
"""Of every million seeds, those from here on make electronic songs, and leads in place of songs."""

SHARES = {0: 1.0, ELECTRONIC_SEED: 0.25, LEAD_SEED: 0.125}
"""Seeds of each kind, by the first of them, relative to the number of songs."""

LEADS_PER_SONG = 4
"""Leads that a seed makes."""

LEAD_FAMILIES = {"strings", "wind", "brass", "reed"}
"""Families of :mod:`training.sounds.instruments` that play leads."""

LEADS = {"saxophone", "trumpet", "violin", "flute", "clarinet", "synth-lead", "harmonica", "cello"}
"""Classes that play melodies in addition to the voice."""

LEAD_ODDS, OVERDRIVE_ODDS, SECOND_VOICE_ODDS, SPEAKER_ODDS = 0.35, 0.6, 0.3, 0.55
"""Probabilities of a lead, of an amplifier, of a second voice, and of a singing speaker."""

SYNTHESISER_ODDS, RISER_ODDS = 0.85, 0.25
"""Probabilities of a synthesiser for a pitched part of an electronic song, and of a riser."""

ELECTRONIC_KITS = ("otowake-", "sonic-pi", "gogodze", "-024", "-025")
"""Beginnings or ends of the names of electronic kits."""

log = logging.getLogger("training")


@cache
def _sounds(
    folder: Path, samples: Path | None, held_out: bool
) -> tuple[list[Choice], list[Kit], list[str]]:
    """Return the banks, kits and speakers of a set; the two sets share none."""
    pitched = [
        choice
        for choice in mixtures.choices(folder, unnamed=True)
        if choice.label != "drums" and is_held_out(choice.bank.name) == held_out
    ]
    kits = [
        kit
        for kit in drum_kits.build(folder, samples)
        if (kit.name in drum_kits.HELD_OUT) == held_out
    ]
    names = [name for name in speech.available() if speech.SPEAKERS[name].held_out == held_out]
    return pitched, kits, names


def song(seed: int, folder: Path, samples: Path | None) -> list[tuple[int, NDArray[np.float32]]]:
    """Make the stems of a song: the index of the source, and the sound of peak 1."""
    rng = np.random.default_rng([20_261_201, seed])
    pitched, kits, names = _sounds(folder, samples, seed >= HELD_OUT_SEED)
    ground, time = mixtures.draw_ground(rng)
    if seed % HELD_OUT_SEED >= LEAD_SEED:
        labels = {
            choice.label
            for choice in pitched
            if choice.bank.instrument.family in LEAD_FAMILIES or choice.label == "synth-lead"
        }
        leads = [_player(rng, pitched, labels, ground, time) for _ in range(LEADS_PER_SONG)]
        return _at_peak([(LEAD, lead) for lead in leads])
    stems = _voices(rng, folder, names, pitched, ground, time)
    band = _electronic if seed % HELD_OUT_SEED >= ELECTRONIC_SEED else _band
    return _at_peak(stems + band(rng, pitched, kits, ground, time))


def _is_electronic(kit: str) -> bool:
    return any(kit.startswith(name) or kit.endswith(name) for name in ELECTRONIC_KITS)


def _voices(
    rng: Rng,
    folder: Path,
    names: list[str],
    pitched: list[Choice],
    ground: Harmony,
    time: Clock,
) -> list[tuple[int, Wave]]:
    """Render one or two voices."""
    stems = []
    for _ in range(2 if rng.random() < SECOND_VOICE_ODDS else 1):
        if names and rng.random() < SPEAKER_ODDS:
            stems.append((VOCALS, _sung_speech(rng, folder, names, pitched, ground, time)))
        else:
            stems.append((VOCALS, _player(rng, pitched, {"voice"}, ground, time)))
    return stems


def _drums(rng: Rng, kits: list[Kit], time: Clock) -> Wave:
    kit = kits[int(rng.integers(len(kits)))]
    tempo = float(np.clip(time.tempo, 50, 220))
    return drum_beats.beat(rng, kit, SECONDS, tempo)[0].sum(axis=0)


def _band(
    rng: Rng, pitched: list[Choice], kits: list[Kit], ground: Harmony, time: Clock
) -> list[tuple[int, Wave]]:
    """Render a bass, drums, one to three players of chords, and a lead in some bands."""
    basses = {"electric-bass", "double-bass", "synth-bass"}
    stems = [(BASS, _player(rng, pitched, basses, ground, time))]
    stems.append((DRUM_KIT, _drums(rng, kits, time)))
    for _ in range(int(rng.integers(1, 4))):
        labels = CHORDS | {"synth-pad", "mallets", "accordion", "string-section"}
        stems.append((OTHER, _player(rng, pitched, labels, ground, time)))
    if rng.random() < LEAD_ODDS:
        stems.append((OTHER, _player(rng, pitched, LEADS, ground, time)))
    return stems


def _electronic(
    rng: Rng, pitched: list[Choice], kits: list[Kit], ground: Harmony, time: Clock
) -> list[tuple[int, Wave]]:
    """Render electronic drums, a bass and one to three other parts, mostly of synthesisers."""
    chords = CHORDS | {"synth-pad", "mallets", "string-section"}
    labels = {"bass": {"synth-bass", "electric-bass"}, "lead": LEADS, "chords": chords}
    stems = [(DRUM_KIT, _drums(rng, [kit for kit in kits if _is_electronic(kit.name)], time))]
    for kind in ("bass", *rng.choice(("lead", "chords"), int(rng.integers(1, 4)))):
        source = BASS if kind == "bass" else OTHER
        if rng.random() < SYNTHESISER_ODDS:
            wave = _synthesiser(rng, kind, pitched, labels[kind], ground, time)
        else:
            wave = _player(rng, pitched, labels[kind], ground, time)
        stems.append((source, wave))
    if rng.random() < RISER_ODDS:
        stems.append((OTHER, synthesizer.riser(rng, LENGTH)))
    return stems


def _synthesiser(
    rng: Rng, kind: str, pitched: list[Choice], labels: set[str], ground: Harmony, time: Clock
) -> Wave:
    """Let a synthesiser play the part of a player of one of some classes."""
    choice = mixtures.draw(rng, [choice for choice in pitched if choice.label in labels])
    (_, part), *_ = mixtures.piece(rng, [choice], ground, time)
    patch = synthesizer.draw_patch(rng, kind, 60 / time.tempo)
    single = kind != "chords" and rng.random() < 0.8
    return synthesizer.played(rng, patch, part.notes, LENGTH, single=single)


def _at_peak(stems: list[tuple[int, Wave]]) -> list[tuple[int, Wave]]:
    """Scale stems to a peak of 1, and drop silent ones."""
    return [(kind, wave / np.float32(np.abs(wave).max())) for kind, wave in stems if wave.any()]


def _player(
    rng: Rng, pitched: list[Choice], labels: set[str], ground: Harmony, time: Clock
) -> Wave:
    """Render a player of one of some classes, electric guitars mostly through an amplifier."""
    choice = mixtures.draw(rng, [choice for choice in pitched if choice.label in labels])
    (_, part), *_ = mixtures.piece(rng, [choice], ground, time)
    begin, sound, _ = mixtures.rendered(rng, part)
    wave = np.zeros(LENGTH, np.float32)
    wave[begin : begin + len(sound)] = sound[: LENGTH - begin]
    if choice.label == "electric-guitar" and wave.any() and rng.random() < OVERDRIVE_ODDS:
        wave = amplified(rng, wave)
    return wave


def _sung_speech(
    rng: Rng, folder: Path, names: list[str], pitched: list[Choice], ground: Harmony, time: Clock
) -> Wave:
    """Render a melody that a speaker sings, about its own pitch or up to a fifth above."""
    name = str(rng.choice(names))
    warp = float(np.exp(rng.uniform(np.log(0.87), np.log(1.25))))
    middle = 69 + 12 * np.log2(speech.SPEAKERS[name].median_hz * warp**1.5 / 440)
    bank = next(choice.bank for choice in pitched if choice.label == "voice")
    part = line(rng, bank, ground, time, sung=True)
    notes = [note for note in part.notes if note.start < SECONDS - 0.05]
    wave = np.zeros(LENGTH, np.float32)
    if not notes or not monophonic(notes):
        return wave
    wanted = middle + float(rng.uniform(0, 9)) - float(np.median([note.pitch for note in notes]))
    up = int(np.clip(round(wanted / 12) * 12, SUNG_RANGE[0] - 60, 36))
    notes = [replace(n, pitch=n.pitch + up, end=min(n.end, SECONDS)) for n in notes]
    assert part.style is not None
    sung = speech.sing(rng, phrase(rng, notes, part.style), speech.takes(folder, name), warp)
    wave[: len(sung)] = sung[:LENGTH]
    return wave


def path_of(folder: Path, first: int) -> Path:
    """Return the path of the file of the songs from seed `first` on."""
    return folder / "songs" / f"v{VERSION}" / f"{first:07d}.npz"


def prepare(folder: Path, samples: Path | None, first: int) -> Path:
    """Make the stems of the songs from seed `first` on, unless they are in the cache."""
    path = path_of(folder, first)
    if not path.exists():
        waves, sources, songs = [], [], []
        for number in range(SONGS_PER_FILE):
            for source, wave in song(first + number, folder, samples):
                waves.append(np.rint(32767 * wave).astype(np.int16))
                sources.append(source)
                songs.append(number)
        files.store(
            path,
            {"audio": np.stack(waves), "source": np.array(sources), "song": np.array(songs)},
        )
        log.info("%s", path)
    return path


def make(
    folder: Path, samples: Path | None, songs: int, held_out: int, workers: int
) -> tuple[list[Path], list[Path]]:
    """Return the files of so many songs to train on and to validate, made where missing.

    There are electronic songs and leads in addition, as :data:`SHARES` says.
    """
    banks.build(folder, samples)
    mixtures.build(folder)
    sets = ((HELD_OUT_SEED, held_out), (0, songs))
    firsts = [
        [
            start
            for kind, share in SHARES.items()
            for start in range(first + kind, first + kind + ceil(share * n), SONGS_PER_FILE)
        ]
        for first, n in sets
    ]
    paths = parallel_map(partial(prepare, folder, samples), chain(*firsts), workers)
    n_held_out = len(firsts[0])
    return paths[n_held_out:], paths[:n_held_out]


def main() -> None:
    """Run the command line."""
    options = argparse.ArgumentParser(
        prog="python -m training.data.song_stems", description="Make stems of songs."
    )
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--songs", type=int, default=1000)
    options.add_argument("--held-out", type=int, default=100)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--samples", type=Path, help="a folder of more single notes and kits")
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    make(chosen.cache, chosen.samples, chosen.songs, chosen.held_out, chosen.workers)


if __name__ == "__main__":
    main()
