"""The page in one language, and its form with presets and the options of the specs."""

from __future__ import annotations

import html
import importlib.util
import json
import re
from dataclasses import MISSING, fields
from importlib import resources
from typing import Any, NamedTuple

from otowake import text
from otowake.music.theory.instruments import INSTRUMENT_NAMES, KIT, instrument
from otowake.options import GROUPS, METRES, STAGES, RunSpec, ServeSpec
from otowake.text import Language, Text

HIDDEN = (RunSpec,)
"""Specs without a meaning on the page: a job either ends or is cancelled."""


class Preset(NamedTuple):
    """Options and stages under a name, with a description."""

    title: Text
    help: Text
    stages: tuple[str, ...]
    options: dict[str, Any]


PRESETS = {
    "song": Preset(text.WEB_PRESET_SONG, text.WEB_PRESET_SONG_HELP, STAGES, {"stems": "song"}),
    "piano": Preset(
        text.WEB_PRESET_PIANO, text.WEB_PRESET_PIANO_HELP, STAGES, {"instruments": "piano"}
    ),
    "drums": Preset(
        text.WEB_PRESET_DRUMS,
        text.WEB_PRESET_DRUMS_HELP,
        STAGES,
        {"n_components": 6, "n_fft": 1024, "hop": 256, "instruments": "drums"},
    ),
    "manual": Preset(
        text.WEB_PRESET_MANUAL,
        text.WEB_PRESET_MANUAL_HELP,
        ("components",),
        {"n_components": 20, "loss": "kl", "solver": "adam"},
    ),
}


def filled(name: str, language: Language, spec: ServeSpec) -> str:
    """Fill in a file in one language, with the words of both for the language switch."""
    content = re.sub(
        r'(<[^<>]*\bdata-t="(\w+)"[^<>]*>)',
        lambda match: match[1] + html.escape(words()[match[2]][language]),
        asset(name).replace("{language}", language),
    )
    facts = {"words": words(), **form(spec)} if "{facts}" in content else {}
    return content.replace("{facts}", _in_script(facts))


def asset(name: str) -> str:
    """Read a file of the page."""
    return (resources.files("otowake.web") / "assets" / name).read_text(encoding="utf-8")


def asset_names() -> list[str]:
    """List the files of the page."""
    return [path.name for path in (resources.files("otowake.web") / "assets").iterdir()]


def words() -> dict[str, dict[Language, str]]:
    """Map names of sentences, in lower case without ``WEB_``, to both languages."""
    return {
        name.removeprefix("WEB_").lower(): _both(value)
        for name, value in vars(text).items()
        if name.startswith("WEB_") and isinstance(value, Text)
    }


def form(spec: ServeSpec) -> dict[str, Any]:
    """Collect presets, options in groups, instruments and limits for JSON."""
    return {
        "presets": [
            {
                "name": name,
                "title": _both(preset.title),
                "help": _both(preset.help),
                "stages": preset.stages,
                "options": preset.options,
            }
            for name, preset in PRESETS.items()
        ],
        "groups": [
            {"title": _both(title), "options": _options(group)}
            for title, group in GROUPS
            if group not in HIDDEN
        ],
        "stages": STAGES,
        "metres": METRES,
        "instruments": [
            {"name": name, "title": _both(instrument(name).title)} for name in INSTRUMENT_NAMES
        ],
        "drums": [{"name": name, "title": _both(drum.title)} for name, drum in KIT.items()],
        "limits": {
            "bytes": int(spec.upload_mib * 2**20),
            "mib": spec.upload_mib,
            "minutes": spec.sound_minutes,
        },
        "media": importlib.util.find_spec("av") is not None,
        "keep": spec.keep_minutes,
    }


def _options(group: Any) -> list[dict[str, Any]]:
    defaults = {f.name: None if f.default is MISSING else f.default for f in fields(group)}
    return [
        {
            "name": name,
            "help": _both(constraint.help),
            "kind": constraint.kind.__name__,
            "choices": constraint.choices,
            "or_number": constraint.or_number,
            "optional": constraint.optional,
            "low": constraint.low if constraint.above is None else constraint.above,
            "high": constraint.high,
            "default": defaults[name],
        }
        for name, constraint in group.constraints().items()
    ]


def _both(words: Text) -> dict[Language, str]:
    return {"en": words.en, "ja": words.ja}


def _in_script(facts: dict[str, Any]) -> str:
    """Encode JSON that cannot end the script element around it."""
    return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")
