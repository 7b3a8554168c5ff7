"""Notate notes as a score: note values, voices, hands, spelling."""
