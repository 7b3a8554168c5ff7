"""Interpret a recording: components, notes, parts and stems, in one pipeline."""

from otowake.music.analyse import analyse, with_sound

__all__ = ["analyse", "with_sound"]
