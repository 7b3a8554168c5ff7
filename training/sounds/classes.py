"""What stands for which class of the recogniser: the generator's instruments, more soundfonts, and what is kept apart."""

from __future__ import annotations

from training.sounds.soundfonts import GENERAL_MIDI, Preset
from training.sounds.synthetic import Made

LABELS: dict[str, tuple[str, float]] = {
    name: (name, 1.0)
    for name in (
        *(
            "piano",
            "electric-piano",
            "harpsichord",
            "organ",
            "accordion",
            "harmonica",
            "guitar-nylon",
            "guitar-steel",
        ),
        *(
            "banjo",
            "mandolin",
            "harp",
            "violin",
            "viola",
            "cello",
            "double-bass",
            "flute",
            "oboe",
            "clarinet",
        ),
        *("bassoon", "saxophone", "trumpet", "trombone", "tuba", "drums"),
    )
} | {
    "clavinet": ("harpsichord", 0.3),
    "harmonium": ("accordion", 0.5),
    "bandoneon": ("accordion", 0.7),
    "guitar-electric": ("electric-guitar", 1.0),
    "guitar-overdriven": ("electric-guitar", 0.4),
    "bass-electric": ("electric-bass", 1.0),
    "violin-pizz": ("violin", 0.3),
    "viola-pizz": ("viola", 0.3),
    "cello-pizz": ("cello", 0.3),
    "double-bass-pizz": ("double-bass", 0.5),
    "piccolo": ("flute", 0.3),
    "recorder": ("flute", 0.3),
    "pan-flute": ("flute", 0.1),
    "ocarina": ("flute", 0.1),
    "english-horn": ("oboe", 0.8),
    "bass-clarinet": ("clarinet", 0.5),
    "contrabassoon": ("bassoon", 0.5),
    "horn": ("french-horn", 1.0),
    "choir": ("voice", 1.0),
    "vibraphone": ("mallets", 1.0),
    "marimba": ("mallets", 1.0),
    "xylophone": ("mallets", 1.0),
    "glockenspiel": ("mallets", 0.7),
    "celesta": ("mallets", 0.5),
    "music-box": ("mallets", 0.4),
    "kalimba": ("mallets", 0.4),
    "steel-drum": ("mallets", 0.4),
}
"""Of the generator's instruments: what the recogniser calls it, and how often it stands for that class."""

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
"""Sources of shared origin, which count as one."""

WEIGHTS = {"otowake": 0.5}
"""How often a source is drawn against the others (1)."""

_GMBANK_LACKS = {
    28,
    30,
    36,
    38,
    39,
    44,
    45,
    48,
    50,
    54,
    59,
    61,
    62,
    75,
    79,
    80,
    81,
    89,
    90,
    107,
    108,
}
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
    *(
        Preset("GMbank", program, name, variation=variation)
        for program, name, variation in (
            (21, "accordion", 8),
            (25, "guitar-steel", 8),
            (19, "organ", 8),
        )
    ),
)
"""Presets that the listener's clips do not have."""

LEFT_OUT = {
    "FluidR3-045.violin-pizz",  # a section of all sizes
    "FluidR3-023.bandoneon",  # the soundfont's accordion and harmonica at once
    "GMbank-023.bandoneon",
    "FluidR3-059.trumpet",  # muted
    "GMbank-041.viola",  # the soundfont's violin
    "GMbank-060.horn",  # its tuba and its trombone sound along
    "otowake-pipe02.oboe",  # made with weak even partials, as clarinets have
    "otowake-pipe05.horn",
    "otowake-reed01.harmonica",  # made with two reeds to a note, as accordions have
    "otowake-reed05.harmonica",
    "otowake-reed09.harmonica",
    "otowake-bowed00.violin",  # made with a body that could be any of the three's
    "otowake-bowed01.viola",
    "otowake-bowed02.viola",
    "otowake-bowed03.cello",
}
"""Banks that are not what their names say: of soundfonts, by their own tables of samples. (The mandolins of both are their steel guitars, and
are not even built.)"""

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
"""Timbres that the listener's clips do not have."""

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
"""Instruments that are built like another, larger or smaller: the bank that is played slower or faster, what it stands for then, and by how
many semitones. A violin's resonances lie three to five semitones above a viola's, a mandolin's about an octave above a guitar's."""

APART = {
    *("headroom.piano", "gs-pianet.electric-piano", "fm-harpsichord.harpsichord", "VSCO2.organ"),
    *(
        "fm-nylon_strings.guitar-nylon",
        "Iowa.guitar-steel",
        "emilyguitar.guitar-electric",
        "ganjo.banjo",
    ),
    *("fm-celtic_harp.harp", "pastabass.bass-electric", "VSCO2.violin", "flcellogrl.cello"),
    *(
        "smolken-bass.double-bass",
        "smolken-bass-pizz.double-bass-pizz",
        "ixox-flute.flute",
        "fm-bassoon.bassoon",
    ),
    *(
        "VSCO2.horn",
        "keyboardia.horn",
        "fm-old_trombone.trombone",
        "war-tuba.tuba",
        "fm-vibraphone.vibraphone",
    ),
    *(
        "VSCO2.trumpet",
        "mtg-sax-alto.saxophone",
        "mtg-sax-tenor.saxophone",
        "mtg-sax-soprano.saxophone",
    ),
    *("mtg-sax-baritone.saxophone", "VSCO2.xylophone"),
}
APART |= {
    f"{name.rsplit('.', 1)[0]}.{stands_for}" for name, stands_for, _ in SCALED if name in APART
}
"""Banks kept apart, with those that are scaled from them, to tell how well the recogniser does on sources that it does not know: whole sources of a class."""

APART_FONT = "GMbank"
"""A soundfont that is kept apart as well, for the classes of which no recording can be spared."""
