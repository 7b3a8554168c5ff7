"""The factorisation of a segment: harmonic components of pitches, convolutive ones of drums.

For some iterations the partials of a pitch are tied: each partial has one strength for all
detunings, and neighbouring pitches of a part have similar strengths. Then the spectra are free.

Sources: Hennequin, Badeau & David, "NMF with time-frequency activations to model nonstationary
audio events" (2011), for components that follow a moving pitch by the strengths of its partials;
Smaragdis, "Non-negative matrix factor deconvolution" (2004), for the drums.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from otowake.music.components.templates import MAIN_LOBE
from otowake.music.separation.config import FITTING
from otowake.music.separation.layout import N_DETUNINGS, by_pitch, n_pitches
from otowake.music.theory.names import midi_to_hz
from otowake.nmf.convolutive import gathered, shifted
from otowake.nmf.penalties import exponent
from otowake.nmf.updates import multiplied, slopes_H, slopes_W
from otowake.programs import program
from otowake.types import Floats


def partial_lobes(
    midi: NDArray[np.intp], frequencies: Floats, tuning_hz: float
) -> tuple[Floats, NDArray[np.int32]]:
    """Return the spectra of pitches with all partials of height 1, and the partial of each entry.

    Parameters
    ----------
    midi
        Shape (pitch,).
    frequencies
        Shape (frequency,), in Hz.
    tuning_hz
        The recording's A4.

    Returns
    -------
    Two arrays of shape (frequency, component). Partials are counted over all pitches.
    """
    bin_hz = frequencies[1]
    lobes = np.zeros((len(frequencies), len(midi), N_DETUNINGS), np.float32)
    partial_of = np.zeros(lobes.shape, np.int32)
    for pitch, key in enumerate(midi.tolist()):
        for detuning, cents in enumerate(FITTING.detunings):
            f0 = float(midi_to_hz(key + cents / 100, tuning_hz))
            for n in range(FITTING.n_partials):
                centre = (n + 1) * f0
                reach = MAIN_LOBE * bin_hz + centre * (2 ** (FITTING.partial_tolerance / 1200) - 1)
                low, high = int((centre - reach) / bin_hz) + 1, int((centre + reach) / bin_hz) + 1
                if high >= len(frequencies):
                    break
                distance = np.abs(frequencies[low:high] - centre) / reach
                height = np.cos(np.pi / 2 * np.minimum(distance, 1)) ** (2 * FITTING.power)
                higher = height > lobes[low:high, pitch, detuning]
                lobes[low:high, pitch, detuning][higher] = height[higher]
                partial_of[low:high, pitch, detuning][higher] = n
    partial_of += (np.arange(len(midi)) * FITTING.n_partials)[None, :, None].astype(np.int32)
    return lobes.reshape(len(lobes), -1), partial_of.reshape(len(partial_of), -1)


def pitch_proximity(keys: Sequence[tuple[int, int]], count: int) -> Floats:
    """Return the proximity of pitches, shape (pitch, pitch); 0 between parts.

    Parameters
    ----------
    keys
        The part and the MIDI number of each pitch.
    count
        The number of pitches after padding.
    """
    proximity = np.zeros((count, count), np.float32)
    label, midi = np.array(keys, float).reshape(-1, 2).T
    bell = np.exp(-0.5 * ((midi[:, None] - midi) / FITTING.smoothing_width) ** 2)
    proximity[: len(keys), : len(keys)] = bell * (label[:, None] == label)
    return proximity


@program()
def learn_factors(
    V: Array, lobes: Array, partial_of: Array, proximity: Array, H: Array, D: Array, G: Array
) -> tuple[Array, ...]:
    """Learn W, H, D and G from gates.

    The spectra of pitches are tied first, then free; those of drums are free from the start, so
    the pitches, while still tied, leave the energy of drums to the drums.

    Parameters
    ----------
    V
        Shape (frequency, frame), the magnitudes to the power of the configuration.
    lobes, partial_of
        What :func:`partial_lobes` returns.
    proximity
        What :func:`pitch_proximity` returns.
    H, G
        Initial activations of shapes (component, frame) and (drum, frame), zero outside gates.
    D
        Initial spectra of drums, shape (frequency, drum, lag).
    """
    power, free = exponent(FITTING.beta), jnp.zeros((), bool)
    pitches, n_partials = n_pitches(lobes.shape[1]), FITTING.n_partials
    slope = -FITTING.initial_slope * FITTING.power
    strengths = jnp.tile(jnp.arange(1.0, n_partials + 1) ** slope, pitches)
    n, drum_shape, gates = len(H), D.shape[1:], G
    n_lagged = drum_shape[0] * drum_shape[1]

    def all_W(W: Array, D: Array) -> Array:
        return jnp.concatenate([W, D.reshape(len(D), n_lagged)], axis=1)

    def all_H(H: Array, G: Array) -> Array:
        return jnp.concatenate([H, shifted(G, drum_shape[1]).reshape(n_lagged, V.shape[1])])

    def summed_by_partial(values: Array) -> Array:
        return jax.ops.segment_sum(
            (values * lobes).ravel(), partial_of.ravel(), pitches * n_partials
        )

    # Pitches that surely belong to the part for long have the most weight: what sounds at another
    # pitch may belong to another part.
    kinship = proximity * by_pitch(H).sum(axis=(1, 2))

    def smoothed(table: Array) -> Array:
        weight = FITTING.smoothing
        mean = (kinship @ table) / (kinship.sum(axis=1, keepdims=True) + 1e-20)
        drawn = jnp.exp((1 - weight) * jnp.log(table + 1e-8) + weight * jnp.log(mean + 1e-8))
        return drawn / drawn.sum(axis=1, keepdims=True)

    def learn_H(W: Array, H: Array, D: Array, G: Array) -> tuple[Array, Array]:
        less, more = slopes_H(V, all_W(W, D), all_H(H, G), FITTING.beta)
        negative, positive = (
            gathered(half[n:].reshape(*drum_shape, V.shape[1])) for half in (less, more)
        )
        even = gates * (G.sum(axis=1) / (gates.sum(axis=1) + 1e-20))[:, None]
        weight = FITTING.drum_evenness
        G = multiplied(
            G,
            negative + weight * positive * even / (G + 1e-20),
            (1 + weight) * positive,
            power,
            free,
        )
        return multiplied(H, less[:n], more[:n], power, free), G

    def learn_D(D: Array, less: Array, more: Array) -> Array:
        return multiplied(
            D, less[:, n:].reshape(D.shape), more[:, n:].reshape(D.shape), power, free
        )

    def tied(_: Array, carried: tuple[Array, ...]) -> tuple[Array, ...]:
        strengths, H, D, G = carried
        W = lobes * strengths[partial_of]
        H, G = learn_H(W, H, D, G)
        less, more = slopes_W(V, all_W(W, D), all_H(H, G), FITTING.beta)
        negative, positive = (summed_by_partial(half[:, :n]) for half in (less, more))
        learnt = multiplied(strengths, negative, positive, power, free)
        table = learnt.reshape(pitches, n_partials)
        total = table.sum(axis=1, keepdims=True) + 1e-20
        H = H * jnp.repeat(total, N_DETUNINGS, axis=0)
        return smoothed(table / total).ravel(), H, learn_D(D, less, more), G

    def untied(_: Array, carried: tuple[Array, ...]) -> tuple[Array, ...]:
        W, H, D, G = carried
        H, G = learn_H(W, H, D, G)
        less, more = slopes_W(V, all_W(W, D), all_H(H, G), FITTING.beta)
        return multiplied(W, less[:, :n], more[:, :n], power, free), H, learn_D(D, less, more), G

    state = (strengths, H, D, G)
    strengths, H, D, G = jax.lax.fori_loop(0, FITTING.tied_iterations, tied, state)
    state = (lobes * strengths[partial_of], H, D, G)
    return jax.lax.fori_loop(0, FITTING.free_iterations, untied, state)
