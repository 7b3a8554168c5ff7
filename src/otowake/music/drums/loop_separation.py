"""Separate a drum loop without prior knowledge: each drum is a convolutive component.

The steps, each on the result of the one before:

1. Find onsets, and the attack spectrum of each onset in mel bands: the next frames minus an
   earlier one.
2. Factorise the attacks by plain NMF from many starts, with a penalty on components that share
   bands, so that a component is one kind of hit. Subtract spectra contained in other spectra.
3. Learn templates from the gains of the attacks, then templates and activations jointly, with
   activations allowed only near onsets.
4. Learn the templates on all frequencies.

The convolutive model is Smaragdis's (:mod:`otowake.nmf.convolutive`); the start from attacks is our
own.
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
from otowake.music.drums.config import LOOPS, ONSET_PEAKS
from otowake.music.drums.mel_scale import LOWEST_BAND_HZ, hz_to_mel, mel_to_hz
from otowake.nmf.convolutive import convolutive, reconstructed
from otowake.signal import istft, spectrogram, stft
from otowake.signal.masks import spectra_at
from otowake.signal.stft import sizes_at
from otowake.types import Audio, Floats


class DrumComponents(NamedTuple):
    """Convolutive components of drums.

    Attributes
    ----------
    W
        Templates of shape (frequency, component, lag).
    H
        Activations of shape (component, frame).
    """

    W: Floats
    H: Floats


def find_drums(
    V: Floats, frequencies: Floats, n_components: int = 3, *, seed: int = 0
) -> DrumComponents:
    """Find the drums of a loop.

    Parameters
    ----------
    V
        Magnitude spectrogram of shape (frequency, frame).
    frequencies
        Shape (frequency,), in Hz.
    n_components
        The number of drums.
    seed
        Seed of the random starts.

    Raises
    ------
    BadInput
        If there are no more onsets than components.
    """
    V = (V / V.mean() + 1e-6).astype(np.float32)
    edges = band_edges(frequencies, LOOPS.n_bands)
    B = np.add.reduceat(V, edges[:-1], axis=0) / np.diff(edges)[:, None]
    B = (B / B.mean() + 1e-4).astype(np.float32)
    onsets = onset_frames(B)
    if len(onsets) <= n_components:
        raise BadInput(text.FEW_ONSETS, got=len(onsets), need=n_components)
    rng = np.random.default_rng(seed)
    S, G = without_contained(*_attack_factors(attack_spectra(B, onsets), n_components, rng))
    H = np.zeros((n_components, B.shape[1]), np.float32)
    H[:, np.maximum(onsets - 1, 0)] = G / np.maximum(G.max(axis=1, keepdims=True), 1e-30)
    envelope = np.exp(-np.arange(LOOPS.n_lags) / LOOPS.initial_decay)
    W = jnp.asarray(
        (S / S.sum(axis=1, keepdims=True) + LOOPS.initial_leak)[:, :, None] * envelope, jnp.float32
    )
    W, H, _ = convolutive(B, W, jnp.asarray(H), n_iter=LOOPS.template_iterations, hold_H=True)
    gate = np.zeros(B.shape[1], bool)
    for onset in onsets:
        gate[max(0, onset - LOOPS.gate_before) : onset + LOOPS.gate_after + 1] = True
    H = jnp.where(gate, jnp.maximum(H, 1e-3 * H.max(axis=1, keepdims=True)), 0)
    W, H, _ = convolutive(
        B, W, H, n_iter=LOOPS.joint_iterations, overlap_weight=LOOPS.joint_decorrelation
    )
    band = np.clip(np.searchsorted(edges, np.arange(len(V)), "right") - 1, 0, len(edges) - 2)
    W, H, _ = convolutive(V, W[band] + 1e-9, H, n_iter=LOOPS.full_iterations, hold_H=True)
    return DrumComponents(np.asarray(W), np.asarray(H))


def split_drums(audio: Audio, n_components: int = 3, *, seed: int = 0) -> list[Audio]:
    """Split a drum loop into one sound per drum.

    The sounds have the rate, length and channels of the loop and add up to it. Errors are those of
    :func:`find_drums` and :func:`otowake.spectrogram`.
    """
    V = spectrogram(audio)
    drums = find_drums(V.values, V.frequencies, n_components, seed=seed)
    rate, spec = audio.rate, V.spec
    n_fft, hop = sizes_at(rate, spec)
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
    for mask in component_masks(DrumComponents(W, drums.H)):
        samples = istft(mixture * mask[:, frames], hop, audio.n_samples)
        sounds.append(Audio(samples, rate, f"{audio.name} [{len(sounds) + 1}]"))
    return sounds


def component_masks(drums: DrumComponents) -> list[Floats]:
    """Return the soft mask of each component, shape (frequency, frame); the masks sum to one."""
    models = [
        np.asarray(
            reconstructed(jnp.asarray(drums.W[:, k : k + 1]), jnp.asarray(drums.H[k : k + 1]))
        )
        for k in range(drums.W.shape[1])
    ]
    powers = [model**LOOPS.mask_power + 1e-10 for model in models]
    total = np.sum(powers, axis=0)
    return [power / total for power in powers]


def band_edges(frequencies: Floats, n_bands: int) -> NDArray[np.intp]:
    """Return the first bin of each band, evenly spaced in mel, followed by the number of bins.

    Each band is at least one bin wide.
    """
    low, high = (hz_to_mel(hz) for hz in (LOWEST_BAND_HZ, frequencies[-1]))
    mels = np.linspace(low, high, n_bands + 1)
    edges = np.unique(np.round(mel_to_hz(mels) / frequencies[1]).astype(int))
    edges[-1] = len(frequencies)
    return edges


def onset_frames(B: Floats) -> NDArray[np.intp]:
    """Return the frames of onsets: peaks of spectral flux above the local median."""
    config = ONSET_PEAKS
    log_B = np.log1p(config.log_gain * B / B.mean())
    flux = np.maximum(np.diff(log_B, axis=1, prepend=0), 0).sum(axis=0)
    flux = flux / max(flux.max(), 1e-30)
    frames = []
    for t, height in enumerate(flux):
        highest = flux[max(0, t - config.peak_reach) : t + config.peak_reach + 1].max()
        median = np.median(flux[max(0, t - config.median_reach) : t + config.median_reach + 1])
        threshold = max(config.min_height, config.median_ratio * median + config.min_height / 2)
        if height == highest and height > threshold:
            frames.append(t)
    return np.array(frames, dtype=int)


def attack_spectra(B: Floats, onsets: NDArray[np.intp]) -> Floats:
    """Return the spectrum that each onset adds, shape (band, onset).

    The spectrum is the mean of the next frames minus an earlier frame. The difference keeps the
    tail of a long kick from counting as part of the next hi-hat.
    """
    ahead, back = LOOPS.attack_frames, LOOPS.attack_lookback
    spectra = [
        B[:, t : t + ahead].mean(axis=1) - (B[:, t - back] if t >= back else 0) for t in onsets
    ]
    return np.maximum(np.stack(spectra, axis=1), 0)


def _attack_factors(
    D: Floats, n_components: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Factorise the attacks into spectra (band, component) and gains (component, onset).

    Every band has the same weight. A start takes attacks as spectra and draws the next one by its
    distance from the earlier ones (Arthur & Vassilvitskii, "k-means++", 2007).
    """
    D = D / (D.mean(axis=1, keepdims=True) + 1e-3 * D.mean())
    D = (D / D.mean() + 1e-4).astype(np.float32)
    unit = D / np.linalg.norm(D, axis=0)
    spectra = []
    for draw in rng.spawn(LOOPS.n_starts):
        picked = [int(draw.integers(D.shape[1]))]
        while len(picked) < n_components:
            distance = np.clip((1 - unit.T @ unit[:, picked]).min(axis=1), 0, None) + 1e-9
            picked.append(int(draw.choice(len(distance), p=distance / distance.sum())))
        spectra.append(D[:, picked] + LOOPS.start_noise * draw.random((len(D), n_components)))
    start = jnp.asarray(np.stack(spectra), jnp.float32)[..., None]
    gains = jnp.ones((n_components, D.shape[1]), jnp.float32)
    factorise = partial(
        convolutive,
        jnp.asarray(D),
        n_iter=LOOPS.attack_iterations,
        overlap_weight=LOOPS.attack_decorrelation,
    )
    W, G, losses = jax.vmap(lambda W: factorise(W, gains))(start)
    best = int(np.nanargmin(np.asarray(losses[:, -1])))
    return np.asarray(W[best, :, :, 0]), np.asarray(G[best])


def without_contained(S: Floats, G: Floats) -> tuple[Floats, Floats]:
    """Subtract from each spectrum the spectra that it contains.

    A kick that always comes with a hi-hat gives one spectrum of both, and that factorisation is as
    exact as one with a kick by itself: S·G = (S·A)(A⁻¹·G). Among these solutions the function takes
    the one with the sparsest spectra: it subtracts g times spectrum j from spectrum i and adds
    g·G_i to the gains of j, where g is a low quantile of S_i / S_j, so i must contain nearly all
    of j. Each pair is treated once, the pair with the largest share first.

    Parameters
    ----------
    S
        Spectra of shape (band, component).
    G
        Gains of shape (component, onset).
    """
    S, G = np.array(S, float), np.array(G, float)

    def contained(i: int, j: int) -> float:
        ratio = S[:, i] / (S[:, j] + 1e-12 * S[:, j].max() + 1e-30)
        order = np.argsort(ratio)
        weight = np.cumsum(S[order, j])
        quantile = np.searchsorted(weight, LOOPS.containment_quantile * weight[-1])
        return float(ratio[order][min(quantile, len(order) - 1)])

    n = S.shape[1]
    pairs = {(i, j) for i in range(n) for j in range(i)}
    while pairs:
        directed = [pair for i, j in sorted(pairs) for pair in ((i, j), (j, i))]
        i, j = max(
            directed,
            key=lambda ij: contained(*ij) * S[:, ij[1]].sum() / max(S[:, ij[0]].sum(), 1e-30),
        )
        g = contained(i, j)
        S[:, i] = np.maximum(S[:, i] - g * S[:, j], 1e-3 * S[:, i])
        G[j] += g * G[i]
        pairs.discard((max(i, j), min(i, j)))
    return S, G
