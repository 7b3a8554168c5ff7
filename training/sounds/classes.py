"""Sources of the recogniser's training: their origins, additional banks, and held-out banks.

The classes of the instruments are in :mod:`training.sounds.instruments`.
"""

from __future__ import annotations

from training.sounds.soundfonts import GENERAL_MIDI, Preset
from training.sounds.synthetic import Made

FAMILY_OF: dict[str, str] = {
    "MuseScore_General": "FluidR3",
    "keyboardia": "Iowa",
    "keyboardia.horn": "VSCO2",
    "mtg-sax-soprano": "MTG",
    "mtg-sax-alto": "MTG",
    "mtg-sax-tenor": "MTG",
    "mtg-sax-baritone": "MTG",
    "shinyguitar-electric": "shinyguitar",
    "shinyguitar-acoustic": "shinyguitar",
    "green-guitar": "Karoryfer",
    "black-guitar": "Karoryfer",
}
"""Origin of sources and banks that count as one."""

WEIGHTS = {"otowake": 0.5}
"""Weight of origins in draws, 1 by default."""

# Programs that GMbank does not have: other programs sound instead.
_GMBANK_LACKS = frozenset(
    (28, 30, 36, 38, 39, 44, 45, 48, 50, 54, 59, 61, 62, 75, 79, 80, 81, 89, 90, 107, 108)
)
_GMBANK_HAS = {"piano": (0, 1), **GENERAL_MIDI, "violin": (40, 110)}

EXTRA = (
    Preset("FluidR3", 21, "accordion", variation=8),
    Preset("FluidR3", 40, "violin", variation=8),
    *(
        Preset("GMbank", program, name)
        for name, programs in _GMBANK_HAS.items()
        for program in programs
        if program not in _GMBANK_LACKS
    ),
    Preset("GMbank", 21, "accordion", variation=8),
    Preset("GMbank", 25, "guitar-steel", variation=8),
    Preset("GMbank", 19, "organ", variation=8),
)
"""Presets that the transcriber's clips do not have."""

LEFT_OUT = {
    "FluidR3-045.violin-pizz",  # a section of all sizes
    "FluidR3-023.bandoneon",  # the soundfont's accordion with its harmonica
    "GMbank-023.bandoneon",
    "FluidR3-059.trumpet",  # muted
    "GMbank-041.viola",  # the soundfont's violin
    "GMbank-060.horn",  # with the soundfont's tuba and trombone
    "otowake-pipe02.oboe",  # weak even partials, as of clarinets
    "otowake-pipe05.horn",
    "otowake-reed01.harmonica",  # two reeds to a note, as of accordions
    "otowake-reed05.harmonica",
    "otowake-reed09.harmonica",
    "otowake-bowed00.violin",  # the body could be of violin, viola or cello
    "otowake-bowed01.viola",
    "otowake-bowed02.viola",
    "otowake-bowed03.cello",
}
"""Banks whose sound contradicts their name.

For soundfonts this follows from their tables of samples. The mandolins of both soundfonts are their
steel guitars, and have no bank at all.
"""

MADE: Made = {
    "tube": (
        *("horn",) * 5,
        *("trombone", "trumpet", "tuba") * 2,
        *("oboe",) * 3,
        *("english-horn",) * 2,
        "bassoon",
        *("saxophone",) * 3,
    ),
    "mouth": ("harmonica",) * 4,
}
"""Timbres that the transcriber's clips do not have."""

SCALED = (
    ("VSCO2.violin", "viola", -4),
    *(
        (f"{bank}.guitar-steel", "mandolin", 12)
        for bank in ("FluidR3-025", "GMbank-025", "Iowa", "keyboardia", "shinyguitar-acoustic")
    ),
    *((f"{bank}.clarinet", "bass-clarinet", -12) for bank in ("FluidR3-071", "GMbank-071")),
    *(
        (f"{bank}.bassoon", "contrabassoon", -12)
        for bank in ("fm-bassoon", "VSCO2", "FluidR3-070", "GMbank-070")
    ),
)
"""Larger or smaller instruments of the same construction, made by resampling.

Bank, instrument and semitones. A violin's resonances are three to five semitones above a viola's, a
mandolin's about an octave above a guitar's.
"""

HELD_OUT = {
    "headroom.piano",
    "gs-pianet.electric-piano",
    "fm-harpsichord.harpsichord",
    "VSCO2.organ",
    "fm-nylon_strings.guitar-nylon",
    "Iowa.guitar-steel",
    "emilyguitar.guitar-electric",
    "ganjo.banjo",
    "fm-celtic_harp.harp",
    "pastabass.bass-electric",
    "VSCO2.violin",
    "flcellogrl.cello",
    "smolken-bass.double-bass",
    "smolken-bass-pizz.double-bass-pizz",
    "ixox-flute.flute",
    "fm-bassoon.bassoon",
    "VSCO2.horn",
    "keyboardia.horn",
    "fm-old_trombone.trombone",
    "war-tuba.tuba",
    "fm-vibraphone.vibraphone",
    "VSCO2.trumpet",
    "mtg-sax-alto.saxophone",
    "mtg-sax-tenor.saxophone",
    "mtg-sax-soprano.saxophone",
    "mtg-sax-baritone.saxophone",
    "VSCO2.xylophone",
    "vsco2-trumpet-sus-mf.trumpet",
    "vsco2-trumpet-sus-f.trumpet",
    "vsco2-violin-arcvib.violin",
    "hadzifia-voice.choir",
    "freepats-accordion.accordion",
}
HELD_OUT |= {
    f"{name.rsplit('.', 1)[0]}.{instrument}" for name, instrument, _ in SCALED if name in HELD_OUT
}
"""Held-out banks, for the recogniser's accuracy on unknown sources.

Whole sources of a class, with the banks that are resampled from them.
"""

HELD_OUT_FONT = "GMbank"
"""Soundfont that is held out as well, for classes with too few recordings."""


def is_held_out(name: str) -> bool:
    """Return whether a bank is held out."""
    return name in HELD_OUT or name.startswith(HELD_OUT_FONT)
