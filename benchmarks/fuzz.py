"""Hostile input: small real files of every kind that is read, cut, flipped, grown and spliced, and read again.

    python -m benchmarks.fuzz [--minutes 5 | --rounds 40] [--seed 0] [--folder DIR]

Each input must be read, or refused with a sentence. Anything else that is raised, a process that ends or takes longer than
its limit, or more memory than its limit is told, and the exit code is 1; the input is kept in the folder.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

import otowake
from otowake.cli.split import specs_from
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import FILE, Manifest
from otowake.errors import InputWarning, OtowakeError
from otowake.io.checkpoint import Checkpoint
from otowake.io.dictionary import Dictionary, load_dictionary, save_dictionary
from otowake.io.edits import read_edits
from otowake.io.explained import write_explained
from otowake.io.midi import read_notes, write_notes
from otowake.io.notes import notes_table, read_table
from otowake.machine import quiet_decoders
from otowake.music import listener, recognizer, strokes
from otowake.music.painting import edit_components, is_of_components
from otowake.signal import spectrogram
from otowake.types import Analysis, Audio, Explained, Piece

GIB, SECONDS = 8, 60
"""The memory that the process may take (its libraries' own address space is some 3 GiB of it), and the time for one input."""

Door = tuple[Path, Callable[[Path], Any]]
"""A real file, and what reads it."""


def doors(folder: Path) -> dict[str, Door]:
    """Every kind of file that is read, made anew."""
    clip = otowake.load(otowake.demo_path(), start=1, duration=1)
    found: dict[str, Door] = {}
    for kind in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(folder / f"clip.{kind}", clip.samples.T, clip.rate)
        found[f"clip.{kind}"] = folder / f"clip.{kind}", otowake.load
    for kind, codec in (("m4a", "aac"), ("wma", "wmav2"), ("mka", "flac")):
        _write_media(folder / f"clip.{kind}", codec, clip)
        found[f"clip.{kind}"] = folder / f"clip.{kind}", otowake.load
    notes = read_notes(otowake.demo_path().with_suffix(".mid"))
    write_notes(notes, folder / "notes.mid")
    found["notes.mid"] = folder / "notes.mid", read_notes
    analysis = otowake.analyse(clip, stages=["components"], n_components=3, max_iter=5)
    result = otowake.save_analysis(analysis, folder / "result")
    for name in ("analysis.json", "factors.npz"):
        found[name] = result / name, lambda path: otowake.load_analysis(path.parent)
    heard = otowake.analyse(clip, stages=["notes"], score=notes[:8])
    (folder / "notes.csv").write_text(notes_table(heard), encoding="utf-8")
    found["notes.csv"] = folder / "notes.csv", read_table
    scored = otowake.save_analysis(heard, folder / "scored")
    found["given.csv"] = scored / "given.csv", lambda path: otowake.load_analysis(path.parent)
    shapes = {"W": (1025, 5), "H": (5, 9), "D": (1025, 1, strokes.LAGS), "G": (1, 9)}
    factors = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    piece = Piece(0, **factors, spans=np.array([[0, 0, 1, 5], [1, 1, 2, 5]]))
    write_explained(Explained((piece,), 1.0), folder / "stems.npz")
    found["stems.npz"] = folder / "stems.npz", _explained
    (folder / "edits.json").write_text(
        json.dumps({"version": 1, "edits": [{"do": "delete", "notes": [1, 2]}]})
    )
    found["edits.json"] = folder / "edits.json", lambda path: otowake.apply_edits(heard, read_edits(path))
    rounds = [
        {"do": "merge", "components": [1, 2]},
        {"do": "paint", "component": 3, "belongs": False, **STROKE},
    ]
    (folder / "component-edits.json").write_text(json.dumps(rounds))
    found["component-edits.json"] = folder / "component-edits.json", lambda path: _painted(analysis, path)
    save_dictionary(
        Dictionary(analysis.fitted().W, spectrogram(clip).frequencies, np.ones(2), {"options": {"stft": {}}}),
        folder / "dictionary.npz",
    )
    found["dictionary.npz"] = folder / "dictionary.npz", load_dictionary
    (folder / "options.toml").write_text('n_components = 4\nhop = 512\nloss = "kl"\nseed = 7\n')
    found["options.toml"] = folder / "options.toml", lambda path: specs_from(str(path), {})
    Checkpoint(folder / "checkpoint.npz", 1, "key").write({"W": np.ones((3, 4))})
    found["checkpoint.npz"] = folder / "checkpoint.npz", lambda path: Checkpoint(path, 1, "key").read()
    for name, opened in (
        ("listener", listener.opened),
        ("recognizer", recognizer.opened),
        ("strokes", strokes.opened),
    ):
        path = otowake.demo_path().with_name(f"{name}.npz")
        found[path.name] = path, lambda path, opened=opened: opened(path.read_bytes())
    return found | _of_archives(folder)


def _of_archives(folder: Path) -> dict[str, Door]:
    import pyarrow as pa
    from pyarrow import parquet

    archive = folder / "archive"
    archive.mkdir()
    manifest = Manifest(archive)
    manifest.enter([(f"/music/{i}.wav", str(i)) for i in range(40)])
    manifest.has_been_read([(f"/music/{i}.wav", f"{i:064x}", None) for i in range(40)])
    manifest.take_up(retry=False)
    manifest.close()

    def looked_at(path: Path) -> None:
        manifest = Manifest(path.parent, read_only=True)
        try:
            with manifest.sure():
                manifest.counts()
                for rows in (
                    manifest.waiting(),
                    manifest.unread(),
                    manifest.all_paths(),
                    manifest.all_done(),
                ):
                    for _ in rows:
                        pass
        finally:
            manifest.close()

    parquet.write_table(pa.table({"path": [f"/music/{i}.wav" for i in range(500)]}), folder / "list.parquet")
    (folder / "list.csv").write_text("path,title\n" + "".join(f'"{i}.wav",x\n' for i in range(50)))

    def listed(path: Path) -> list[Path]:
        return [*recordings([path], folder / "nowhere")]

    found: dict[str, Door] = {FILE: (archive / FILE, looked_at)}
    return found | {name: (folder / name, listed) for name in ("list.csv", "list.parquet")}


STROKE = {"start_s": 0.2, "end_s": 0.5, "low_hz": 200, "high_hz": 900}


def _painted(analysis: Analysis, path: Path) -> Any:
    """Corrections of components, as the web page takes them."""
    edits = read_edits(path)
    return (
        edit_components(analysis, [each for each in edits if is_of_components(each)])
        if isinstance(edits, list)
        else None
    )


def _write_media(path: Path, codec: str, audio: Audio) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=audio.rate, layout="mono", bit_rate=96_000)
        frame = av.AudioFrame.from_ndarray(
            audio.mono().astype(np.float32)[None], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = audio.rate, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)


def _explained(path: Path) -> Any:
    """What is read by :func:`otowake.load_analysis`, which makes a sentence of what comes up."""
    from otowake.io.explained import read_explained
    from otowake.outside import DAMAGE

    try:
        return read_explained(path)
    except DAMAGE:
        return None


NUMBERS = (
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    bytes(4),
    b"\0\0\0\x80",
    b"\xff" * 8,
    b"999999999999",
    b"1e400",
    b"../../x",
)


def changed(content: bytes, chance: random.Random) -> bytes:
    """A file made worse: one to four of cut, flipped, grown, spliced, with a huge number; near its beginning or end as a rule."""
    for _ in range(chance.randint(1, 4)):
        size = max(1, len(content))
        place = chance.choice(
            [
                chance.randrange(size),
                chance.randrange(min(size, 200)),
                size - 1 - chance.randrange(min(size, 200)),
            ]
        )
        length = chance.choice([1, 4, 64, 1000])
        match chance.randrange(5):
            case 0:
                content = content[:place]
            case 1:
                content = content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
            case 2:
                content = (
                    content[:place]
                    + chance.choice([b"[", b"\0", b"\xff", content[place:][:4]]) * length
                    + content[place:]
                )
            case 3:
                other = chance.randrange(size)
                content = content[:place] + content[other : other + length] + content[place + length :]
            case 4:
                number = chance.choice(NUMBERS)
                content = content[:place] + number + content[place + len(number) :]
    return content


ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    0.5,
    1e308,
    10**30,
    float("nan"),
    "",
    "../x",
    [],
    [[1]],
    {},
    {"do": 1},
)


def other_json(content: bytes, chance: random.Random) -> bytes:
    """A JSON file that is whole, with one to three of its values replaced, left out, or taken from elsewhere in it."""
    data = json.loads(content)
    for _ in range(chance.randint(1, 3)):
        places = [*_places(data)]
        if not places:
            break
        inside, key = chance.choice(places)
        match chance.randrange(3):
            case 0:
                inside[key] = chance.choice(ODD)
            case 1:
                del inside[key]
            case 2:
                other, its = chance.choice(places)
                inside[key] = json.loads(json.dumps(other[its]))
    return json.dumps(data).encode()


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every value, as what it is in and the key or number that it has there."""
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ask.add_argument("--minutes", type=float)
    ask.add_argument("--rounds", type=int, default=40)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--folder", type=Path)
    given = ask.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    warnings.simplefilter("ignore", InputWarning)
    (folder / "doors").mkdir()
    table = doors(folder / "doors")
    resource.setrlimit(resource.RLIMIT_AS, (GIB * 2**30, GIB * 2**30))
    chance = random.Random(given.seed)
    end = time.monotonic() + 60 * given.minutes if given.minutes else None
    counts = {name: [0, 0, 0] for name in table}
    rounds = slowest = 0
    for name, (path, read) in table.items():
        try:
            read(path)
        except OtowakeError as error:
            raise SystemExit(f"{name} is refused as it is: {error}") from error
    with quiet_decoders():
        while time.monotonic() < end if end else rounds < given.rounds:
            rounds += 1
            for name, (path, read) in table.items():
                whole = path.read_bytes()
                place = path if path.is_relative_to(folder) else folder / name
                change = other_json if path.suffix == ".json" and chance.random() < 0.5 else changed
                place.write_bytes(content := change(whole, chance))
                (folder / "last").write_bytes(content)
                faulthandler.dump_traceback_later(SECONDS, exit=True)
                begun = time.monotonic()
                try:
                    read(place)
                    counts[name][0] += 1
                except OtowakeError:
                    counts[name][1] += 1
                except Exception:
                    counts[name][2] += 1
                    (folder / f"found-{rounds}-{name}").write_bytes(content)
                    print(f"{name}, round {rounds}:", traceback.format_exc(limit=-4), flush=True)
                finally:
                    faulthandler.cancel_dump_traceback_later()
                    place.write_bytes(whole)
                slowest = max(slowest, time.monotonic() - begun)
    for name, (read_, refused, worse) in counts.items():
        print(f"{name:20} read {read_:6}  refused {refused:6}  worse {worse:4}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{sum(map(sum, counts.values()))} inputs, the slowest {slowest:.2f} s, at most {most:.2f} GiB; {folder}"
    )
    return 1 if any(worse for *_, worse in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
