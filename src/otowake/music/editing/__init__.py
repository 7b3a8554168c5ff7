"""Correct an analysis by hand."""
