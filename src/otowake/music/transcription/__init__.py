"""Detect notes."""
