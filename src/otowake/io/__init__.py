"""Files in and out: the only room that opens any."""

from otowake.io.audio import load
from otowake.io.results import load_analysis, save_analysis

__all__ = ["load", "load_analysis", "save_analysis"]
