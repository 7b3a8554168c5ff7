"""Name the vocals of a song: the part that sounds most where the song network hears vocals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from otowake.music.song.evidence import SongEvidence
from otowake.music.song.masks import OTHER, VOCALS, source_of
from otowake.music.song.network import load_pretrained
from otowake.types import Part

VOICE = "voice"
"""Name of the instrument."""


def with_vocals(
    parts: Sequence[Part], evidence: SongEvidence, min_vocals: float | None = None
) -> tuple[Part, ...]:
    """Call a part of a recording with a drum kit a voice, if there is evidence of vocals.

    In a band, a voice shares most of its partials with other instruments, so its notes alone often
    seem to be another instrument's.

    Parameters
    ----------
    parts
        The pitched parts, whose notes are rows of the evidence.
    evidence
        The evidence of the sources.
    min_vocals
        The least evidence; by default that of the trained network.

    Returns
    -------
    The parts. That with the largest share of vocals has become a voice if the evidence is large
    enough and no part is a voice yet; basses stay.

    Examples
    --------
    >>> import numpy as np
    >>> shares = np.array([[0.5, 0.1, 0.1, 0.3], [0.2, 0.1, 0.1, 0.6]])
    >>> parts = [Part("oboe", "oboe", (0,), {"oboe": 0.6}), Part("piano", "piano", (1,), {})]
    >>> [part.name for part in with_vocals(parts, SongEvidence(0.7, shares), 0.5)]
    ['voice', 'piano']
    >>> [part.name for part in with_vocals(parts, SongEvidence(0.3, shares), 0.5)]
    ['oboe', 'piano']
    """
    least = load_pretrained().min_vocals if min_vocals is None else min_vocals
    candidates = [i for i, part in enumerate(parts) if source_of(part.instrument) == OTHER]
    is_sung = any(part.instrument == VOICE for part in parts)
    if is_sung or not candidates or evidence.vocals < least:
        return tuple(parts)

    def share(index: int) -> float:
        return float(evidence.shares[list(parts[index].notes), VOCALS].mean())

    index = max(candidates, key=share)
    part = parts[index]
    others = {name: p * (1 - evidence.vocals) for name, p in part.probabilities.items()}
    voice = replace(
        part,
        name=VOICE,
        instrument=VOICE,
        probabilities={VOICE: evidence.vocals, **others},
    )
    return (*parts[:index], voice, *parts[index + 1 :])
