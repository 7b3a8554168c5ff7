"""Vocals, bass, drums and the rest of a song, by a trained network."""
