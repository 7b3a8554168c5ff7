"""Pieces that are composed and performed by chance."""
