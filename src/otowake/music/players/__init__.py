"""Recognise instruments and assign notes to players."""
