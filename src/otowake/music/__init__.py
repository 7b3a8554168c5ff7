"""From sound to components, notes, instruments and stems."""

from otowake.music.analyse import analyse, with_sound

__all__ = ["analyse", "with_sound"]
