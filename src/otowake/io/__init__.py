"""Files in and out: the only room that opens any."""

from otowake.io.audio import load
from otowake.io.loading import load_analysis
from otowake.io.saving import save_analysis

__all__ = ["load", "load_analysis", "save_analysis"]
