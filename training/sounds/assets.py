"""Recordings of single notes that are free to fetch and train on, and their sources.

The licences are public domain, CC0, CC BY, MIT, and Iowa's, free for any use. Recordings without a
stated licence are left out (tonejs's clarinet, nylon guitar and harmonium), and so is tonejs's
piano, a few recordings that are transposed.
"""

import csv
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.sounds.instruments import BY_NAME, TYPICAL


@dataclass(frozen=True)
class Source:
    """A source of sounds, with its licence and the credit for the model card."""

    name: str
    licence: str
    credit: str


@dataclass(frozen=True)
class Sample:
    """A recorded note: `pitch` is the stated MIDI pitch, `velocity` the layer, 0 if unknown."""

    path: Path
    instrument: str
    source: str
    pitch: int
    velocity: int = 0


_VSCO = "VSCO 2 Community Edition (Versilian Studios), by way of tonejs-instruments (N. Brosowsky)"
_KARORYFER = "Karoryfer Samples, by way of tonejs-instruments (N. Brosowsky)"

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source("otowake", "MIT", "synthesised by otowake"),
        Source("FluidR3", "MIT", "Fluid (R3) General MIDI SoundFont, Frank Wen and others"),
        Source(
            "MuseScore_General",
            "MIT",
            "MuseScore_General, S. Christian Collins; piano: Splendid Grand (PD)",
        ),
        Source(
            "GMbank",
            "public domain",
            "sf_GMbank, as in Debian's csound-soundfont; its own licence field says Public Domain",
        ),
        Source(
            "sonic-pi",
            "CC0-1.0",
            "recorded drums of Sonic Pi (various), as in Debian's sonic-pi-samples",
        ),
        Source("Salamander", "CC-BY-3.0", "Salamander Grand Piano V3, Alexander Holm"),
        Source("VSCO2", "CC0-1.0", _VSCO),
        Source("Karoryfer", "CC0-1.0", _KARORYFER),
        Source(
            "Iowa",
            "free use",
            "University of Iowa Musical Instrument Samples, by way of tonejs-instruments",
        ),
        Source(
            "flcellogrl",
            "CC-BY-3.0",
            "flcellogrl, Freesound pack 12408, by way of tonejs-instruments",
        ),
    )
}

# Only validation clips use these sources, so validation covers unknown instruments.
HELD_OUT = frozenset(
    {
        "headroom",
        "ixox-flute",
        "fm-celtic_harp",
        "fm-harpsichord",
        "fm-vibraphone",
        "emilyguitar",
        "smolken-bass",
        "smolken-bass-pizz",
        "mtg-sax-tenor",
        "gs-pianet",
        "war-tuba",
    }
)

_SALAMANDER_LAYERS = {1: 15, 4: 40, 7: 62, 10: 84, 13: 105, 16: 124}
_TONEJS = {
    "bass-electric": ("bass-electric", "Karoryfer"),
    "bassoon": ("bassoon", "VSCO2"),
    "cello": ("cello", "flcellogrl"),
    "contrabass": ("double-bass", "VSCO2"),
    "flute": ("flute", "VSCO2"),
    "french-horn": ("horn", "VSCO2"),
    "guitar-acoustic": ("guitar-steel", "Iowa"),
    "guitar-electric": ("guitar-electric", "Karoryfer"),
    "harp": ("harp", "VSCO2"),
    "organ": ("organ", "VSCO2"),
    "saxophone": ("saxophone", "Karoryfer"),
    "trombone": ("trombone", "VSCO2"),
    "trumpet": ("trumpet", "VSCO2"),
    "tuba": ("tuba", "VSCO2"),
    "violin": ("violin", "VSCO2"),
    "xylophone": ("xylophone", "VSCO2"),
}
_WRONG_NAMES = {("trumpet", "C3"): 60, ("trumpet", "As3"): 70}

FONTS = {
    "FluidR3": (("/usr/share/sounds/sf2/FluidR3_GM.sf2",), "fluid-soundfont-gm"),
    "MuseScore_General": (
        (
            "/usr/share/sounds/sf3/MuseScore_General_Full.sf3",
            "/usr/share/sounds/sf3/MuseScore_General.sf3",
        ),
        "musescore-general-soundfont",
    ),
    "GMbank": (("/usr/share/sounds/sf2/sf_GMbank.sf2",), "csound-soundfont"),
}

PLUCKED_SUFFIX = "-pizz"
"""End of the names of sources, and of instruments, with plucked notes of bowed instruments."""

MALLETS = {
    "vibra": "vibraphone",
    "marimba": "marimba",
    "steel": "steel-drum",
    "xylo": "xylophone",
    "glock": "glockenspiel",
}
"""Words in the names of files, and the mallet instruments that they mean."""

LEFT_OUT_INSTRUMENTS = frozenset({"unknown-bowed", "unknown-reed"})
"""Names in manifests that no class covers: an erhu and a bagpipe."""

_LEFT_OUT = {
    "scratch-music",  # the origin of the recordings is not stated
    "splendid",  # MuseScore's piano, with fewer layers
    "weresax",  # the same as tonejs's saxophone
    "dagstuhl-choir",  # no pitches
    "tinysol",  # few notes
    "fm-violin_section",  # notes swell for a second before they are audible
    "pffy",  # eight notes of an unnamed piano
}
_LEFT_OUT_OF_KEYBOARDIA = {
    "saxophone",  # the same as tonejs's
    "guitar-electric",  # the same as green-guitar
    "organ",  # an emulation
}


def soundfont(name: str) -> Path:
    """Return the file of a Debian soundfont.

    Raises
    ------
    FileNotFoundError
        If the soundfont is not installed; the message names the package.
    """
    paths, package = FONTS[name]
    for path in paths:
        if Path(path).exists():
            return Path(path)
    raise FileNotFoundError(f"{name} is not on this machine: install the Debian package {package}")


def midi_pitch(name: str) -> int:
    """Return the MIDI pitch of a note name such as A4, Fs2 or D#5.

    Examples
    --------
    >>> midi_pitch("A4"), midi_pitch("Fs2"), midi_pitch("C-1")
    (69, 42, 0)
    """
    letter, sharp, octave = re.fullmatch(r"([A-G])([s#]?)(-?\d)", name).groups()
    return (
        {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter]
        + bool(sharp)
        + 12 * int(octave)
        + 12
    )


def npm_package(name: str, cache: Path) -> Path:
    """Return the unpacked folder of an npm package, fetched by `npm pack` the first time."""
    home = cache / "npm"
    folder = home / re.sub(r"[@/]", "_", name)
    if folder.exists():
        return folder
    home.mkdir(parents=True, exist_ok=True)
    packing = subprocess.run(
        ["npm", "pack", "--silent", name], cwd=home, check=True, capture_output=True, text=True
    )
    fresh = folder.with_suffix(".part")
    with tarfile.open(home / packing.stdout.split()[-1]) as packed:
        packed.extractall(fresh, filter="data")
    fresh.rename(folder)
    return folder


def salamander(cache: Path) -> Iterator[Sample]:
    """Fetch the Salamander piano, six of the sixteen layers."""
    for layer, velocity in _SALAMANDER_LAYERS.items():
        folder = npm_package(f"@audio-samples/piano-velocity{layer}", cache)
        for path in sorted(folder.rglob("*.ogg")):
            yield Sample(path, "piano", "Salamander", midi_pitch(path.stem.split("v")[0]), velocity)


def tonejs(cache: Path) -> Iterator[Sample]:
    """Fetch the instruments of tonejs-instruments with a stated origin."""
    for name, (instrument, source) in _TONEJS.items():
        for path in sorted(npm_package(f"tonejs-instrument-{name}-mp3", cache).rglob("*.mp3")):
            if re.fullmatch(r"[A-G]s?\d", path.stem):
                pitch = _WRONG_NAMES.get((name, path.stem), midi_pitch(path.stem))
                yield Sample(path, instrument, source, pitch)


def instrument_of(name: str, source: str, file: str) -> str | None:
    """Return the instrument of a row of a manifest; None for instruments that are left out.

    Raises
    ------
    ValueError
        If the name is neither a class nor an instrument.

    Examples
    --------
    >>> instrument_of("voice", "hadzifia-voice", "a.flac")
    'choir'
    >>> instrument_of("cello", "bigcat-cello-pizz", "a.flac")
    'cello-pizz'
    """
    if name in LEFT_OUT_INSTRUMENTS:
        return None
    if name == "mallets":
        return next((mallet for word, mallet in MALLETS.items() if word in file.lower()), None)
    instrument = TYPICAL.get(name, name)
    if source.endswith(PLUCKED_SUFFIX):
        instrument += PLUCKED_SUFFIX
    if instrument not in BY_NAME:
        raise ValueError(f"manifest.tsv: {file}: there is no instrument {instrument}")
    return instrument


def extra_samples(folder: Path) -> tuple[list[Sample], dict[str, Source]]:
    """Read the `manifest.tsv` of a folder of samples; return the samples and their sources.

    The columns are file, instrument, midi_pitch, source, licence and credit.
    """
    samples: list[Sample] = []
    stated: dict[str, tuple[set[str], set[str]]] = {}
    with (folder / "manifest.tsv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            source = row["source"]
            instrument = instrument_of(row["instrument"], source, row["file"])
            if source in _LEFT_OUT or instrument is None or not row["midi_pitch"]:
                continue
            if source == "keyboardia" and instrument in _LEFT_OUT_OF_KEYBOARDIA:
                continue
            licences, credits = stated.setdefault(source, (set(), set()))
            licences.add(row["licence"])
            credits.add(row["credit"])
            samples.append(
                Sample(folder / row["file"], instrument, source, int(float(row["midi_pitch"])))
            )
    sources = {
        n: Source(n, "; ".join(sorted(a)), "; ".join(sorted(b))) for n, (a, b) in stated.items()
    }
    return samples, sources


def credit_table(sources: dict[str, Source]) -> str:
    """Return a tab-separated table (source, licence, credit) for the model card."""
    rows = [
        (source.name, source.licence, source.credit)
        for source in sorted(sources.values(), key=lambda s: s.name.lower())
    ]
    return "\n".join("\t".join(row) for row in [("source", "licence", "credit"), *rows]) + "\n"
