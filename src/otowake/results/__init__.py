"""Write, read, edit, repair and reproduce result folders."""

from otowake.results.read import load_analysis
from otowake.results.save import save_analysis

__all__ = ["load_analysis", "save_analysis"]
