"""Detect drum onsets, and learn drum loops."""
