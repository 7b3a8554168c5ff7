"""Divide a song into vocals, bass, drums and other with a small trained network.

The network sees the spectrogram in bands, as wide as a bin at low frequencies and 2 % of the
frequency above: the magnitudes of the middle (the mean of the channels) and of the side (half of
their difference), and from which channel a band sounds. Its output are masks of the four sources
for the middle and for the side, which sum to one. It is a U-Net: convolutions over bands and
frames, at five resolutions. The weights are in ``data/song.npz``; ``python -m
training.train.song`` trains them on generated songs.

Source: Jansson et al., "Singing voice separation with deep U-Net convolutional networks" (2017).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.arrays import packaged
from otowake.errors import BadInput
from otowake.music.network_weights import Weights, weights_of
from otowake.options import StftSpec
from otowake.programs import program
from otowake.signal.stft import Complexes
from otowake.types import Floats

SOURCES = ("vocals", "bass", "drums", "other")
"""The sources, in the order of the masks."""

STFT = StftSpec(sample_rate=22050, n_fft=2048, hop=512)
"""Options of the spectrogram that the network sees."""

N_BANDS = 208
"""Bands of the spectrogram."""

CHANNELS = (16, 32, 48, 64, 96)
"""Channels of the network at each resolution, each half of the one before."""

N_CHANNELS_IN = 4
"""Middle, side, direction, and the position of the band."""

COMPRESSION = 0.3
"""Power of the magnitudes."""

ALIGNMENT = 2 ** (len(CHANNELS) - 1)
"""Frames of a run are a multiple of this, and so is the position of the first."""

BLOCK_FRAMES, CONTEXT_FRAMES = 512, 128
"""Frames per run, and frames on either side of them, beyond the network's receptive field."""


def band_edges() -> NDArray[np.float64]:
    """Return the edges of the bands in bins, shape (band + 1,).

    A band has at least one bin; above bin 50 it grows by 2 % of the frequency, to the highest.

    Examples
    --------
    >>> edges = band_edges()
    >>> edges[:3].tolist(), round(edges[-1])
    ([0.0, 1.0, 2.0], 1025)
    """
    n_bins, linear = STFT.n_fft // 2 + 1, 50
    ratio = (n_bins / linear) ** (1 / (N_BANDS - linear))
    return np.concatenate(
        [np.arange(float(linear)), linear * ratio ** np.arange(N_BANDS - linear + 1)]
    )


@lru_cache
def band_matrix() -> Floats:
    """Return the share of each bin in the mean of each band, shape (band, bin)."""
    edges, bins = band_edges(), np.arange(STFT.n_fft // 2 + 1)
    low, high = edges[:-1, None], edges[1:, None]
    shares = np.clip(np.minimum(high, bins + 1) - np.maximum(low, bins), 0, 1)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def band_positions(frequencies: Floats) -> Floats:
    """Return between which bands frequencies (Hz) are: fractional numbers of bands.

    Beyond the centres of the first and the last band, it is these.

    Examples
    --------
    >>> bin_hz = STFT.sample_rate / STFT.n_fft
    >>> band_positions(np.array([0.0, 2.5, 9999.0]) * bin_hz).tolist()
    [0.0, 2.5, 207.0]
    """
    edges = band_edges()
    bins = np.asarray(frequencies) * (STFT.n_fft / STFT.sample_rate) + 0.5
    return np.interp(bins, (edges[:-1] + edges[1:]) / 2, np.arange(N_BANDS))


def features(spectra: Complexes, scale: float) -> Floats:
    """Compute what the network sees of some frames.

    Parameters
    ----------
    spectra
        STFT with the options :data:`STFT`, shape (channel, frequency, frame), of one or two
        channels.
    scale
        Mean magnitude of the middle of the recording.

    Returns
    -------
    float32 array of shape (frame, band, channel of the network).
    """
    left, right = spectra[0], spectra[-1]
    middle, side = np.abs(left + right) / 2, np.abs(left - right) / 2
    power_left, power_right = np.abs(left) ** 2, np.abs(right) ** 2
    bands = band_matrix()
    of_left, of_right = bands @ power_left, bands @ power_right
    direction = (of_left - of_right) / (of_left + of_right + 1e-8 * scale**2)
    position = np.broadcast_to(np.linspace(-1, 1, N_BANDS)[:, None], direction.shape)
    rows = [
        (bands @ middle / scale) ** COMPRESSION,
        (bands @ side / scale) ** COMPRESSION,
        direction,
        position,
    ]
    return np.stack(rows, axis=2).swapaxes(0, 1).astype(np.float32)


class SongModel(NamedTuple):
    """A trained network, and the limit of its evidence.

    Attributes
    ----------
    weights
        The weights of the network.
    min_vocals
        The least evidence of vocals (:mod:`otowake.music.song.evidence`) with which a recording
        that has a drum kit has vocals.
    """

    weights: Weights
    min_vocals: float


@lru_cache
def load_pretrained() -> SongModel:
    """Load the network that comes with the package."""
    return load_weights(packaged("song.npz"))


def load_weights(content: bytes) -> SongModel:
    """Read the content of a weights file that ``training`` has written.

    Raises
    ------
    BadInput
        If the content is damaged.
    """
    weights = weights_of(content)
    min_vocals = weights.pop("min_vocals", np.zeros(0, np.float32))
    if min_vocals.size != 1 or "out" not in weights:
        raise BadInput(text.NOT_WEIGHTS, why="there is no limit of vocals")
    return SongModel(weights, float(min_vocals.item()))


def band_masks(values: Floats, weights: Weights) -> Floats:
    """Run the network.

    Parameters
    ----------
    values
        The features, (frame, band, channel of the network), of a multiple of :data:`ALIGNMENT`
        frames.

    Returns
    -------
    Shape (2, source, frame, band): the masks of the middle and of the side.
    """
    return np.asarray(_forward({k: jnp.asarray(v) for k, v in weights.items()}, values))


@program()
def _forward(weights: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    def convolved(x: jax.Array, name: str, stride: int = 1) -> jax.Array:
        y = jax.lax.conv_general_dilated(
            x[None],
            weights[name],
            (stride, stride),
            ((1, 1), (1, 1)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )[0]
        return jax.nn.relu(y + weights[f"{name}.bias"])

    skipped = []
    for level in range(len(CHANNELS)):
        x = convolved(x, f"down{level}", 2 if level else 1)
        x = x + convolved(x, f"same{level}")
        skipped.append(x)
    mean = x.mean(axis=1, keepdims=True) @ weights["frame"] + weights["frame.bias"]
    x = x + jax.nn.relu(mean)
    x = x + convolved(x, "middle0")
    x = x + convolved(x, "middle1")
    for level in reversed(range(len(CHANNELS) - 1)):
        x = x @ weights[f"up{level}"] + weights[f"up{level}.bias"]
        x = skipped[level] + x.repeat(2, axis=0).repeat(2, axis=1)
        x = x + convolved(x, f"merge{level}")
    logits = x @ weights["out"] + weights["out.bias"]
    by_source = logits.reshape(*logits.shape[:2], 2, len(SOURCES))
    return jnp.moveaxis(jax.nn.softmax(by_source, axis=3), (2, 3), (0, 1))
