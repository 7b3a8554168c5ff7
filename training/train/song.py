"""Train the song network: :mod:`otowake.music.song.network`.

    python -m training.train.song --cache DIR [--samples DIR] [--songs N] [--steps N] --out FILE

The network learns from mixtures of the stems of generated songs (:mod:`training.data.song_stems`,
:mod:`training.data.song_mixtures`), which are drawn again for each step. The loss is the squared
error of the masked spectra of the middle and the side, divided by the magnitude, so that loud
frames do not decide alone. The cache keeps stems and runs, and a stopped run resumes.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from otowake.music.network_weights import weights_of
from otowake.music.song.evidence import band_powers, vocals_share
from otowake.music.song.network import N_BANDS, SOURCES, STFT, band_edges, band_positions, features
from otowake.signal.masks import interpolated
from otowake.signal.stft import Complexes, stft
from training.data import song_mixtures, song_stems
from training.data.song_mixtures import Mixer
from training.networks import export
from training.networks.fit import LOSS, FitPlan, Losses, Metrics, fit
from training.networks.song import SongNetwork
from training.train.options import add_fit_options, add_run_options, parser_of, use_threads

FRAMES = 176
"""Frames of a training example, 4.1 s."""

HELD_OUT_FRAMES = 416
"""Frames of a validation example."""

N_HELD_OUT = 60
"""Validation examples."""

N_EVIDENCE = 400
"""Mixtures that choose the least evidence of vocals."""


def samples_of(n_frames: int) -> int:
    """Return the number of samples of so many frames."""
    return (n_frames - 1) * STFT.hop


def spectra_of(sources: NDArray[np.float32]) -> Complexes:
    """Return the STFT of sources, (source, channel, frequency, frame)."""
    shape = sources.shape
    spectra = stft(sources.reshape(-1, shape[2]), STFT.n_fft, STFT.hop)
    return spectra.reshape(*shape[:2], *spectra.shape[1:])


class Powers(NamedTuple):
    """Powers in bands, of middle and side, divided by the mean magnitude of the middle, squared.

    Attributes
    ----------
    mixture
        Shape (2, 1, frame, band).
    common
        Real part of the product of the conjugate mixture and each source, (2, source, frame, band).
    source
        Shape (2, source, frame, band).
    """

    mixture: NDArray[np.float32]
    common: NDArray[np.float32]
    source: NDArray[np.float32]


def example(
    rng: np.random.Generator, mixer: Mixer
) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
    """Return the features of a mixture, and the spectra of its sources.

    The spectra have the shape (2, source, frequency, frame), those of middle and side, divided by
    the mean magnitude of the middle of the mixture.
    """
    spectra = spectra_of(mixer.mixture(rng))
    pairs = np.stack([spectra[:, 0] + spectra[:, 1], spectra[:, 0] - spectra[:, 1]]) / 2
    scale = float(np.abs(pairs[0].sum(axis=0)).mean()) + 1e-6
    return features(spectra.sum(axis=0), scale), (pairs / scale).astype(np.complex64)


def powers_of(sources: NDArray[np.complex64]) -> Powers:
    """Sum the powers of an example's spectra in bands."""
    starts, band = np.unique(np.floor(band_edges()[:-1]).astype(int), return_index=True)
    mixture = sources.sum(axis=1, keepdims=True)
    products = (
        mixture.real**2 + mixture.imag**2,
        mixture.real * sources.real + mixture.imag * sources.imag,
        sources.real**2 + sources.imag**2,
    )
    sums = []
    for product in products:
        total = np.zeros((*product.shape[:2], N_BANDS, product.shape[3]), np.float32)
        total[:, :, band] = np.add.reduceat(product, starts, axis=2)
        sums.append(total.swapaxes(2, 3))
    return Powers(*sums)


def error(masks: Tensor, powers: Powers) -> Tensor:
    """Return the squared error of masks (clip, 2, source, frame, band), relative to the magnitude.

    A norm in place of the square would be least for masks of zero wherever a source is mostly
    silent, so that nothing is learnt of vocals and basses.
    """
    mixture, common, source = (torch.from_numpy(values) for values in powers)
    squared = masks**2 * mixture - 2 * masks * common + source
    return (squared / torch.sqrt(mixture + 1e-4)).mean()


def gains(network: SongNetwork, examples: list) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gain in dB of each source of each example, and that of ideal masks; NaN if absent.

    Both have the shape (example, source) and are of the middle.
    """
    bin_hz = STFT.sample_rate / STFT.n_fft
    positions = band_positions(np.arange(STFT.n_fft // 2 + 1) * bin_hz)
    of_network, of_ideal = [], []
    for values, sources in examples:
        with torch.no_grad():
            masks = network(torch.from_numpy(values)[None])[0, 0].numpy()
        at_bins = interpolated(positions, masks).swapaxes(1, 2)
        middle = sources[0]
        mixture = middle.sum(axis=0)
        powers = np.abs(middle) ** 2
        ideal = powers / (powers.sum(axis=0) + 1e-12)
        total = powers.sum(axis=(1, 2))
        absent = total < 1e-4 * total.sum()
        before = _decibels(total, (np.abs(mixture - middle) ** 2).sum(axis=(1, 2)))
        rows = []
        for mask in (at_bins, ideal):
            error = (np.abs(mask * mixture - middle) ** 2).sum(axis=(1, 2))
            rows.append(np.where(absent, np.nan, _decibels(total, error) - before))
        of_network.append(rows[0])
        of_ideal.append(rows[1])
    return np.array(of_network), np.array(of_ideal)


def _decibels(signal: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64]:
    return 10 * np.log10((signal + 1e-12) / (error + 1e-12))


def train(
    stems: song_mixtures.Stems,
    held_out: song_mixtures.Stems,
    options: argparse.Namespace,
    folder: Path,
) -> SongNetwork:
    """Train the network; `folder` keeps the run."""
    torch.manual_seed(options.seed)
    network = SongNetwork().to(memory_format=torch.channels_last)  # a quarter of the time
    if options.begin:
        network.load(weights_of(options.begin.read_bytes()))
    mixer = Mixer(stems, samples_of(FRAMES))
    judge = Mixer(held_out, samples_of(HELD_OUT_FRAMES))
    examples = [example(np.random.default_rng([5, i]), judge) for i in range(N_HELD_OUT)]
    pool = ThreadPoolExecutor(options.threads)

    def drawn(seed: tuple[int, int, int]) -> tuple[NDArray[np.float32], Powers]:
        values, sources = example(np.random.default_rng(seed), mixer)
        return values, powers_of(sources)

    def losses_at(step: int) -> Losses:
        seeds = [(options.seed, step, number) for number in range(options.size)]
        batch = list(pool.map(drawn, seeds))
        values = torch.from_numpy(np.stack([v for v, _ in batch]))
        powers = Powers(*(np.stack(column) for column in zip(*(p for _, p in batch), strict=True)))
        return {LOSS: error(network(values), powers)}

    def validate(average: SongNetwork) -> Metrics:
        gain, ideal = gains(average, examples)
        mean = np.nanmean(gain, axis=0), np.nanmean(ideal, axis=0)
        return {f"gain_{name}": float(v) for name, v in zip(SOURCES, mean[0], strict=True)} | {
            f"ideal_{name}": float(v) for name, v in zip(SOURCES, mean[1], strict=True)
        }

    plan = FitPlan(
        options.steps,
        options.rate,
        options.every,
        weight_decay=0.01,
        betas=(0.9, 0.999),
        warm_up=100,
        averaging=0.995,
    )
    return fit(network, losses_at, validate, plan, folder=folder)


def least_vocals(network: SongNetwork, held_out: song_mixtures.Stems) -> tuple[float, float]:
    """Choose the least evidence of vocals on mixtures of held-out stems.

    Returns
    -------
    The limit with the best mean accuracy of mixtures without vocals and of mixtures whose vocals
    have a tenth of the energy or more, and that accuracy.
    """
    mixer, rows = Mixer(held_out, samples_of(HELD_OUT_FRAMES)), []
    for number in range(N_EVIDENCE):
        values, sources = example(np.random.default_rng([29, number]), mixer)
        with torch.no_grad():
            masks = network(torch.from_numpy(values)[None])[0, 0].numpy()
        vocals, other = vocals_share(band_powers(values), masks)
        energies = (np.abs(sources[0]) ** 2).sum(axis=(1, 2))
        rows.append((energies[0] / energies.sum(), vocals / (vocals + other + 1e-20)))
    true, evidence = np.array(rows).T
    without, with_vocals = evidence[true < 1e-4], evidence[true > 0.1]
    limits = np.linspace(0.0, 1.0, 201)
    accuracy = [((without < x).mean() + (with_vocals >= x).mean()) / 2 for x in limits]
    best = int(np.argmax(gaussian_filter1d(accuracy, 4)))
    return float(limits[best]), float(accuracy[best])


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--songs", type=int, default=1600)
    parser.add_argument("--held-out", type=int, default=100, help="songs of held-out sounds")
    add_fit_options(parser, steps=2600, size=8, rate=1.5e-3, every=250, unit="mixtures")
    add_run_options(parser)
    parser.add_argument(
        "--begin", type=Path, help="initial weights, such as src/otowake/data/song.npz"
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    use_threads(options.threads)
    paths, held_out = song_stems.make(
        options.cache, options.samples, options.songs, options.held_out, options.threads
    )
    held_out_stems = song_mixtures.load(held_out)
    folder = options.cache / "songs" / options.run
    network = train(song_mixtures.load(paths), held_out_stems, options, folder)
    limit, accuracy = least_vocals(network, held_out_stems)
    print(f"least evidence of vocals {limit:.3f}: accuracy {accuracy:.2f}")
    export.write(options.out, network.weights(), min_vocals=limit)


if __name__ == "__main__":
    main()
