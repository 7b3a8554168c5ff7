"""Detect notes, align scores, evaluate and synthesise notes."""
