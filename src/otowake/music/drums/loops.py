"""Drum loops taken apart: each drum is a convolutive component, found from what is new at its onsets.

The way, each step on what the one before has found:

1. onsets, and for each what is new there in mel bands (the next frames less those before);
2. plain NMF of these attacks from many starts, with a penalty on components that share bands, so that each component is
   one kind of stroke; spectra that contain another one are freed of it;
3. templates of half a second from the gains of the attacks, then templates and activations together, the activations
   only about the onsets;
4. the templates on all frequencies.

The convolutive model is Smaragdis's (:mod:`otowake.nmf.convolutive`); the start from attacks is our own.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.convolutive import convolutive, reconstructed
from otowake.signal import istft, spectrogram, stft
from otowake.signal.masks import spectra_at
from otowake.types import Audio, Floats

LAGS = 32
"""Frames of a template, 0.74 s: it must hold the longest stroke with its tail, else others are drawn into it."""

BANDS = 96
STARTS = 32
ATTACK_APART, JOINT_APART = 0.03, 0.01
ATTACK_ITERATIONS, TEMPLATE_ITERATIONS, JOINT_ITERATIONS, FULL_ITERATIONS = 200, 15, 40, 20
DECAY = 6.0
"""Frames in which a template falls to 1/e at the start."""

LEAK = 1e-2
"""What each template has of every band at the start."""

CONTAINED = 0.25
"""A spectrum contains another if it holds this much, as a quantile over its bands."""

BEFORE, AFTER = 2, 1
"""Frames about an onset in which an activation may be."""

MASK_POWER = 2.0


class Drums(NamedTuple):
    """Convolutive components: `W` of shape (frequency, component, lag), `H` of shape (component, frame)."""

    W: Floats
    H: Floats


def find_drums(V: Floats, frequencies: Floats, n_components: int = 3, *, seed: int = 0) -> Drums:
    """The drums of a loop.

    Parameters
    ----------
    V
        Magnitude spectrogram of shape (frequency, frame).
    frequencies
        Shape (frequency,), in Hz.
    n_components
        How many drums.
    seed
        Of the starts.

    Raises
    ------
    BadInput
        If there are no more onsets than components.
    """
    V = (V / V.mean() + 1e-6).astype(np.float32)
    edges = band_edges(frequencies, BANDS)
    B = np.add.reduceat(V, edges[:-1], axis=0) / np.diff(edges)[:, None]
    B = (B / B.mean() + 1e-4).astype(np.float32)
    at = onsets(B)
    if len(at) <= n_components:
        raise BadInput(text.FEW_ONSETS, got=len(at), need=n_components)
    S, G = peeled(*_attack_factors(attacks(B, at), n_components, np.random.default_rng(seed)))
    H = np.zeros((n_components, B.shape[1]), np.float32)
    H[:, np.maximum(at - 1, 0)] = G / np.maximum(G.max(axis=1, keepdims=True), 1e-30)
    falling = np.exp(-np.arange(LAGS) / DECAY)
    W = jnp.asarray((S / S.sum(axis=1, keepdims=True) + LEAK)[:, :, None] * falling, jnp.float32)
    W, H, _ = convolutive(B, W, jnp.asarray(H), n_iter=TEMPLATE_ITERATIONS, hold_H=True)
    allowed = np.zeros(B.shape[1], bool)
    for t in at:
        allowed[max(0, t - BEFORE) : t + AFTER + 1] = True
    H = jnp.where(allowed, jnp.maximum(H, 1e-3 * H.max(axis=1, keepdims=True)), 0)
    W, H, _ = convolutive(B, W, H, n_iter=JOINT_ITERATIONS, overlap_weight=JOINT_APART)
    band = np.clip(np.searchsorted(edges, np.arange(len(V)), "right") - 1, 0, len(edges) - 2)
    W, H, _ = convolutive(V, W[band] + 1e-9, H, n_iter=FULL_ITERATIONS, hold_H=True)
    return Drums(np.asarray(W), np.asarray(H))


def split_drums(audio: Audio, n_components: int = 3, *, seed: int = 0) -> list[Audio]:
    """A drum loop as one sound for each drum, at its own rate, length and channels; they add up to it.

    Errors are those of :func:`find_drums` and :func:`otowake.spectrogram`.
    """
    V = spectrogram(audio)
    drums = find_drums(V.values, V.frequencies, n_components, seed=seed)
    rate, spec = audio.rate, V.spec
    n_fft = 2 * round(spec.n_fft * rate / spec.sample_rate / 2)
    hop = max(1, min(round(spec.hop * rate / spec.sample_rate), n_fft // 2))
    mixture = stft(audio.samples, n_fft, hop)
    W = spectra_at(
        np.arange(n_fft // 2 + 1) * (rate / n_fft), drums.W.reshape(len(drums.W), -1), spec
    )
    W = W.reshape(-1, *drums.W.shape[1:])
    frames = np.rint(
        np.arange(mixture.shape[2]) * (hop / rate * spec.sample_rate / spec.hop)
    ).astype(int)
    frames = np.minimum(frames, drums.H.shape[1] - 1)
    sounds = []
    for mask in masks(Drums(W, drums.H)):
        samples = istft(mixture * mask[:, frames], hop, audio.n_samples)
        sounds.append(Audio(samples, rate, f"{audio.name} [{len(sounds) + 1}]"))
    return sounds


def masks(drums: Drums) -> list[Floats]:
    """Soft masks of shape (frequency, frame), one for each component, summing to one."""
    parts = [
        np.asarray(
            reconstructed(jnp.asarray(drums.W[:, k : k + 1]), jnp.asarray(drums.H[k : k + 1]))
        )
        for k in range(drums.W.shape[1])
    ]
    powers = [part**MASK_POWER + 1e-10 for part in parts]
    total = np.sum(powers, axis=0)
    return [power / total for power in powers]


def band_edges(frequencies: Floats, n_bands: int) -> NDArray[np.intp]:
    """First bins of bands evenly spaced in mel from 30 Hz, each at least one bin wide; last, the number of bins."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (30.0, frequencies[-1]))
    mels = np.linspace(low, high, n_bands + 1)
    edges = np.unique(np.round(700 * (10 ** (mels / 2595) - 1) / frequencies[1]).astype(int))
    edges[-1] = len(frequencies)
    return edges


def onsets(B: Floats, near: int = 3, wide: int = 8, least: float = 0.1) -> NDArray[np.intp]:
    """Frames at which the logarithm of a spectrogram rises most: peaks of its summed rise above local medians."""
    rise = np.maximum(np.diff(np.log1p(10 * B / B.mean()), axis=1, prepend=0), 0).sum(axis=0)
    rise = rise / max(rise.max(), 1e-30)
    found = []
    for t, height in enumerate(rise):
        around = rise[max(0, t - near) : t + near + 1].max()
        usual = np.median(rise[max(0, t - wide) : t + wide + 1])
        if height == around and height > max(least, 1.3 * usual + least / 2):
            found.append(t)
    return np.array(found, dtype=int)


def attacks(B: Floats, at: NDArray[np.intp], ahead: int = 3, back: int = 3) -> Floats:
    """What is new at each onset, shape (band, onset): the mean of the next frames less what sounded before.

    The difference keeps the tail of a long kick from counting as part of the next hi-hat.
    """
    new = [B[:, t : t + ahead].mean(axis=1) - (B[:, t - back] if t >= back else 0) for t in at]
    return np.maximum(np.stack(new, axis=1), 0)


def _attack_factors(
    D: Floats, n_components: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Spectra (band, component) and gains (component, onset) of the attacks, each band counting the same.

    Each start has attacks as spectra, the next one drawn by how unlike it is to those before (Arthur & Vassilvitskii,
    "k-means++", 2007).
    """
    D = D / (D.mean(axis=1, keepdims=True) + 1e-3 * D.mean())
    D = (D / D.mean() + 1e-4).astype(np.float32)
    unit = D / np.linalg.norm(D, axis=0)
    spectra = []
    for draw in rng.spawn(STARTS):
        picked = [int(draw.integers(D.shape[1]))]
        while len(picked) < n_components:
            unlike = np.clip((1 - unit.T @ unit[:, picked]).min(axis=1), 0, None) + 1e-9
            picked.append(int(draw.choice(len(unlike), p=unlike / unlike.sum())))
        spectra.append(D[:, picked] + 0.05 * draw.random((len(D), n_components)))
    start = jnp.asarray(np.stack(spectra), jnp.float32)[..., None]
    gains = jnp.ones((n_components, D.shape[1]), jnp.float32)
    one = partial(
        convolutive, jnp.asarray(D), n_iter=ATTACK_ITERATIONS, overlap_weight=ATTACK_APART
    )
    W, G, losses = jax.vmap(lambda W: one(W, gains))(start)
    best = int(np.nanargmin(np.asarray(losses[:, -1])))
    return np.asarray(W[best, :, :, 0]), np.asarray(G[best])


def peeled(S: Floats, G: Floats) -> tuple[Floats, Floats]:
    """Spectra (band, component) and gains (component, onset), each spectrum freed of those that it contains.

    A kick that never comes without a hi-hat gives one spectrum of both, and the factorisation is as exact as with a
    kick alone: S·G = (S·A)(A⁻¹·G). Of all these the one with the barest spectra is taken: g times spectrum j is taken
    from i, and g·G_i put onto j's gains, where g is a low quantile of S_i / S_j: i must hold nearly all of j. Each
    pair once, the largest share first.
    """
    S, G = np.array(S, float), np.array(G, float)

    def contained(i: int, j: int) -> float:
        ratio = S[:, i] / (S[:, j] + 1e-12 * S[:, j].max() + 1e-30)
        order = np.argsort(ratio)
        weight = np.cumsum(S[order, j])
        return float(
            ratio[order][min(np.searchsorted(weight, CONTAINED * weight[-1]), len(order) - 1)]
        )

    n = S.shape[1]
    left = {(i, j) for i in range(n) for j in range(i)}
    while left:
        both = [pair for i, j in sorted(left) for pair in ((i, j), (j, i))]
        i, j = max(
            both, key=lambda ij: contained(*ij) * S[:, ij[1]].sum() / max(S[:, ij[0]].sum(), 1e-30)
        )
        g = contained(i, j)
        S[:, i] = np.maximum(S[:, i] - g * S[:, j], 1e-3 * S[:, i])
        G[j] += g * G[i]
        left.discard((max(i, j), min(i, j)))
    return S, G
