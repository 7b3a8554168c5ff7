"""The one pipeline: a recording in, what it is made of out."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.music.components import describe
from otowake.nmf import factorize
from otowake.options import FitSpec, StftSpec
from otowake.signal import separate, spectrogram
from otowake.types import Analysis, Audio, Factors, Floats, Sound, Spectrogram, Watcher


def analyse(
    audio: Sound,
    *,
    V: Spectrogram | None = None,
    start: dict[str, Any] | None = None,
    stft: StftSpec | None = None,
    fit: FitSpec | None = None,
    watch: Watcher | None = None,
    resume: dict[str, Floats] | None = None,
    **options: Any,
) -> Analysis:
    """Take a recording apart.

    Parameters
    ----------
    audio
        The recording.
    V
        Its spectrogram, if it has been made already.
    start
        Where to begin: the arguments `W`, `H`, `keep_W`, `keep_H`, `weights`, `groups` of
        :func:`otowake.factorize`, such as those that :mod:`otowake.music.templates` makes.
    stft, fit
        How the spectrogram is made and factorised.
    watch
        Called while it learns; True stops the learning, and what has been learnt is described.
    resume
        Where an earlier run was stopped (:func:`otowake.factorize`).
    **options
        Single options of `stft` and `fit`, by name.

    Returns
    -------
    Analysis
        With the components ordered by pitch, those without one last.

    Raises
    ------
    BadInput
        If the recording or an option is not what it must be.

    Examples
    --------
    >>> t = np.arange(44100) / 22050
    >>> tones = [sum(np.sin(2 * np.pi * f * n * t) / n for n in range(1, 6)) for f in (261.63, 392.0)]
    >>> audio = Audio(np.concatenate(tones), 22050)
    >>> analysis = analyse(audio, n_components=2, max_iter=100)
    >>> [component.pitch.midi for component in analysis.components]
    [60, 67]
    """
    stft_spec, fit_spec = _with_options(stft or StftSpec(), fit or FitSpec(), options)
    if V is None:
        V = spectrogram(audio, stft_spec)
    found = factorize(V.values, spec=fit_spec, watch=watch, resume=resume, **(start or {}))
    description = describe(found.factors, V.frequencies, V.times)
    analysis = Analysis(
        audio=audio,
        fit=found.permuted(description.order),
        components=description.components,
        frequencies=V.frequencies,
        times=V.times,
        scale=V.scale,
        tuning_hz=description.tuning_hz,
        stft=V.spec,
    )
    return with_sound(analysis, audio)


def _with_options(stft: StftSpec, fit: FitSpec, options: dict[str, Any]) -> tuple[StftSpec, FitSpec]:
    names = {kind: {f.name for f in fields(kind)} for kind in (StftSpec, FitSpec)}
    unknown = set(options) - names[StftSpec] - names[FitSpec]
    if unknown:
        known = ", ".join(f.name for kind in names for f in fields(kind))
        raise BadInput(text.UNKNOWN_OPTION, name=min(unknown), known=known)
    own = {kind: {k: v for k, v in options.items() if k in names[kind]} for kind in names}
    return stft.with_options(**own[StftSpec]), fit.with_options(**own[FitSpec])


def with_sound(analysis: Analysis, audio: Sound) -> Analysis:
    """The analysis with each component able to sound, from `audio`."""
    render = partial(_component_audio, audio, analysis.fit.factors, analysis.stft)
    components = tuple(replace(component, render=render) for component in analysis.components)
    return replace(analysis, audio=audio, components=components)


def _component_audio(audio: Sound, factors: Factors, spec: StftSpec, index: int) -> Audio:
    blocks = [block[0] for block in separate(audio, factors, spec, only=[index])]
    return Audio(np.concatenate(blocks, axis=1), audio.rate, f"{audio.name} [{index + 1}]")
