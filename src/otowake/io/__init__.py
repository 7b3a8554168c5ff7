"""Read and write file formats: audio, MIDI, MusicXML, JAMS, tables."""

from otowake.io.audio import load

__all__ = ["load"]
