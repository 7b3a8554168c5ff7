"""Name notes, chords, keys, beats and instruments."""
