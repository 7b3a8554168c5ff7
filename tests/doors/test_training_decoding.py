"""Test the fit of the decoder, on made-up posteriors."""

import numpy as np

from otowake.music.transcription.decoding import FRAME_PERIOD, Posteriors, decode
from otowake.signal.vqt import LOWEST
from training.data.frames import truth
from training.train import decoding

Example = tuple[Posteriors, np.ndarray]


def example(seed: int, frames: int = 200) -> Example:
    """Draw notes, and posteriors that tell them with noise; half of the onsets are vague."""
    rng = np.random.default_rng(seed)
    rows = []
    for key in rng.choice(88, 5, replace=False):
        at = rng.uniform(0.2, 1)
        while at < frames * FRAME_PERIOD - 1:
            length = rng.uniform(0.2, 1.5)
            rows.append((at, at + length, key + LOWEST, 0.7, 1.0))
            at += length + rng.uniform(0.1, 1)
    notes = np.array(rows)
    values = truth(notes, 0, frames)
    onset, frame, *_ = values
    for start, _, midi, *_ in rows[::2]:
        onset[:, int(midi) - LOWEST][abs(np.arange(frames) - start / FRAME_PERIOD) < 3] *= 0.35
    logits = 3 * (values - 0.5) + 0.6 * rng.normal(size=values.shape)
    noisy = 1 / (1 + np.exp(-2 * logits))
    quiet = frame.max(axis=0) == 0
    noisy[:, :, quiet] *= 0.2
    return Posteriors(*noisy), notes


def test_the_fitted_decoder_finds_notes_with_clear_and_with_vague_onsets() -> None:
    weights = decoding.fit([example(seed) for seed in range(4)], steps=10)
    assert weights.inside[1] > 0 and weights.start[1] > 0
    values, notes = example(9)
    detected = decode(values, weights)
    matched = sum(
        any(
            midi == row[2] and abs(onset - row[0]) < 0.1
            for onset, midi in zip(detected.onset, detected.midi, strict=True)
        )
        for row in notes
    )
    assert matched >= 0.9 * len(notes)
    assert len(detected.onset) <= 1.2 * len(notes)


def test_a_true_segmentation_has_one_beginning_and_one_end_per_note() -> None:
    values, notes = example(3)
    segmentation = decoding.truth_of(values, notes)
    begins = segmentation.start.sum() + segmentation.restart.sum()
    assert begins == len(notes)
    ends = segmentation.stop.sum() + segmentation.restart.sum() + segmentation.inside[-1].sum()
    assert ends == begins


def test_a_repeated_note_without_a_gap_is_a_restart() -> None:
    values = Posteriors(*np.zeros((5, 100, 88)))
    notes = np.array([[0.5, 1.0, 60, 0.7, 1.0], [1.0, 1.5, 60, 0.7, 1.0]])
    segmentation = decoding.truth_of(values, notes)
    assert segmentation.start.sum() == segmentation.restart.sum() == 1


def test_the_targets_of_a_note() -> None:
    notes = np.array([[10 * FRAME_PERIOD, 20 * FRAME_PERIOD, 60, 0.5, 1.0]])
    onset, frame, velocity, offset, sustained = truth(notes, 0, 40)[:, :, 60 - LOWEST]
    np.testing.assert_allclose(onset[8:13], [0, 0.5, 1, 0.5, 0], atol=1e-5)
    np.testing.assert_allclose(offset[18:23], [0, 0.5, 1, 0.5, 0], atol=1e-5)
    np.testing.assert_allclose(velocity[9:12], 0.5)
    np.testing.assert_allclose(frame[[9, 10, 11, 19, 20, 21]], [0, 0.5, 1, 1, 0.5, 0], atol=1e-4)
    assert sustained[15] == 1 and sustained[30] == 0
