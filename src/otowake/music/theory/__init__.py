"""Name pitches, chords, keys and instruments; estimate tempo, beats and metre."""
