"""Separate the recording into notes and parts, given the notes."""
