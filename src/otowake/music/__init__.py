"""What the factors mean: pitches, components, and the one pipeline from sound to analysis."""

from otowake.music.analyse import analyse, with_sound

__all__ = ["analyse", "with_sound"]
