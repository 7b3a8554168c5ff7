"""Drums: onsets by a network, and drum loops by convolutive components."""
