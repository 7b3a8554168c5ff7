"""Examples of score-informed separation: sounds add up, and a note sounds at its own time."""

import numpy as np
import pytest

from otowake.music.separation.score_informed import fit_notes, fit_parts
from otowake.music.separation.stems import ids_of_parts, separated, sound_of, with_note_sounds
from otowake.signal import istft, stft
from otowake.types import Audio, Floats, Note, Part, SharedNote


def tone(midi, seconds, rate=22050):
    t = np.arange(int(seconds * rate)) / rate
    f0 = 440 * 2 ** ((midi - 69) / 12)
    return sum(
        0.1 * np.sin(2 * np.pi * f0 * k * t + k) / k for k in range(1, 8) if f0 * k < rate / 2
    )


def joined(blocks):
    return [np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)]


def sdr(true, estimate):
    return 10 * np.log10(np.square(true).sum() / np.square(true - estimate).sum())


SCORE = [
    Note(0.1, 0.5, 60),
    Note(0.3, 0.9, 67, programme=40),
    Note(0.6, 0.9, 60),
    Note(0.2, 0.4, 38, is_drum=True),
]


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize(("channels", "n_samples"), [(1, 1), (1, 900), (2, 20001), (2, 50000)])
def test_the_sounds_add_up_to_the_recording(rate, channels, n_samples):
    x = np.random.default_rng(1).uniform(-1, 1, (channels, n_samples)).astype(np.float32)
    audio = Audio(x, rate)
    sounds = joined(separated(audio, fit_notes(audio, SCORE), [[0, 2], [1], [3]]))
    assert [sound.shape for sound in sounds] == [x.shape] * 4
    np.testing.assert_allclose(sum(sounds), x, atol=1e-5)


@pytest.mark.parametrize(
    "notes", [[], [Note(50.0, 51.0, 60)], [Note(50.0, 51.0, 38, is_drum=True)]]
)
def test_without_sounding_notes_the_rest_is_the_recording(notes):
    audio = Audio(np.random.default_rng(1).uniform(-1, 1, 22050).astype(np.float32), 22050)
    note_factors = fit_notes(audio, notes)
    groups = [[index] for index in range(len(notes))]
    *sounds, rest = joined(separated(audio, note_factors, groups))
    np.testing.assert_allclose(rest, audio.samples, atol=1e-5)
    assert all(not sound.any() for sound in sounds)
    assert all(not sound_of(audio, note_factors, group).samples.any() for group in groups)


def test_a_shared_note_goes_to_the_part_that_it_sounds_like():
    """Reeds, with odd partials only, and strings: both play the neighbours of the shared pitch."""
    rate, pitches = 22050, [57, 59, 60, 62, 64, 65]
    notes, labels, probabilities = [], [], []
    sounds = np.zeros((2, rate * 8), np.float32)
    for index, midi in enumerate(pitches * 2):
        player, doubted = index // 6, index % 6 == 3
        if doubted and player:
            continue
        at, f0 = index * 0.6, 440 * 2 ** ((midi - 69) / 12)
        t = np.arange(int(0.55 * rate)) / rate
        partials = range(1, 16, 2) if player == 0 else range(1, 16)
        tone = sum(np.sin(2 * np.pi * f0 * k * t + k) / k for k in partials) * np.minimum(1, 40 * t)
        sounds[player, int(at * rate) : int(at * rate) + len(t)] += 0.1 * tone
        for owner in (0, 1) if doubted else (player,):
            notes.append(Note(at, at + 0.5, midi, decay_end=at + 0.5))
            labels.append(owner)
            probabilities.append(0.5 if doubted else 1.0)
    audio = Audio(sounds.sum(axis=0, keepdims=True), rate)
    mine, other = (labels.index(0, 3), labels.index(1))
    assert notes[mine].onset == notes[other].onset
    note_factors = fit_notes(audio, notes, labels, probabilities=probabilities)
    right, wrong, *_ = joined(separated(audio, note_factors, [[mine], [other]]))
    assert np.square(right).sum() > 10 * np.square(wrong).sum()


def test_a_recording_of_drums_only_is_separated():
    rng = np.random.default_rng(0)
    hits = [Note(0.2, 0.3, 36, is_drum=True), Note(0.7, 0.8, 42, is_drum=True)]
    sound = np.zeros(30000, np.float32)
    for note in hits:
        at = int(note.onset * 22050)
        sound[at : at + 4000] = rng.normal(size=4000) * np.exp(-np.arange(4000) / 600)
    audio = Audio(sound[None], 22050)
    kick, hat, rest = joined(separated(audio, fit_notes(audio, hits), [[0], [1]]))
    np.testing.assert_allclose(kick + hat + rest, audio.samples, atol=1e-5)
    assert np.square(kick[0, 4000:9000]).sum() > 0.9 * np.square(sound[4000:9000]).sum()


def test_silence():
    audio = Audio(np.zeros((2, 22050), np.float32), 22050)
    note_factors = fit_notes(audio, SCORE)
    assert not any(sound.any() for sound in joined(separated(audio, note_factors, [[0], [1]])))
    assert sound_of(audio, note_factors, [0]).samples.shape == (2, 22050)


def test_a_note_sounds_at_its_time_and_the_same_as_in_the_whole():
    rate = 44100
    x = np.zeros(4 * rate)
    x[rate : 2 * rate] += tone(60, 1, rate)
    x[2 * rate : 3 * rate] += tone(64, 1, rate)
    audio = Audio(x, rate)
    notes = [Note(1.0, 2.0, 60), Note(2.0, 3.0, 64)]
    note_factors = fit_notes(audio, notes)
    (first, second), (part,) = with_note_sounds(
        notes, [Part("piano", "piano", (0, 1))], audio, note_factors
    )
    solo = first.audio()
    assert (solo.rate, solo.samples.shape) == (rate, audio.samples.shape)
    inside = np.square(solo.samples[0, int(0.9 * rate) : int(2.15 * rate)]).sum()
    assert inside > 0.999 * np.square(solo.samples).sum()
    assert inside > 0.95 * np.square(tone(60, 1, rate)).sum()
    both = joined(separated(audio, note_factors, [[0], [1]]))
    np.testing.assert_allclose(second.audio().samples, both[1], atol=1e-5)
    np.testing.assert_allclose(part.audio().samples, both[0] + both[1], atol=1e-5)


def test_tones_an_octave_apart_separate_nearly_as_by_ideal_masks():
    """All partials of the higher tone coincide with the lower; ideal masks give 8.4 and 10.1 dB."""
    low, high = tone(57, 3), np.zeros(3 * 22050)
    high[22050:] = tone(69, 2)
    audio = Audio(low + high, 22050)
    note_factors = fit_notes(audio, [Note(0.0, 3.0, 57), Note(1.0, 3.0, 69)])
    sounds = joined(separated(audio, note_factors, [[0], [1]]))
    transforms = stft(low), stft(high)
    whole = sum(np.abs(transform) ** 2 for transform in transforms) + 1e-12
    for true, transform, estimate in zip((low, high), transforms, sounds, strict=False):
        ideal = istft(stft(low + high) * np.abs(transform) ** 2 / whole, 512, len(low))
        assert sdr(true, estimate[0]) > sdr(true, ideal) - 2


def test_tones_that_share_some_partials_are_separated():
    low, high = tone(57, 3), tone(64, 3)
    audio = Audio(low + high, 22050)
    sounds = joined(
        separated(audio, fit_notes(audio, [Note(0.0, 3.0, 57), Note(0.0, 3.0, 64)]), [[0], [1]])
    )
    for true, estimate in zip((low, high), sounds, strict=False):
        assert sdr(true, estimate[0]) > 10


def test_level_does_not_matter():
    x = tone(60, 1) + tone(67, 1)
    notes = [Note(0.0, 1.0, 60), Note(0.0, 1.0, 67)]
    loud, soft = (Audio(x * level, 22050) for level in (1.0, 1e-3))
    a, b = (sound_of(audio, fit_notes(audio, notes), [0]).samples for audio in (loud, soft))
    np.testing.assert_allclose(b * 1e3, a, atol=1e-3)


def test_a_note_sounds_until_its_decay_ends() -> None:
    t = np.arange(44_100) / 22_050
    sound = Audio((np.sin(2 * np.pi * 440 * t) * np.exp(-t)).astype(np.float32), 22_050)
    late = slice(int(1.2 * 22_050), int(1.4 * 22_050))
    energies = []
    for note in (Note(0, 0.5, 69), Note(0, 0.5, 69, decay_end=1.5)):
        solo = sound_of(sound, fit_notes(sound, [note]), [0]).samples[0, late]
        energies.append(float(np.sum(solo**2) / np.sum(sound.samples[0, late] ** 2)))
    assert energies[0] < 0.01 and energies[1] > 0.9


def test_a_unison_is_separated_by_the_solo_sound_of_each_part() -> None:
    rate, partials = 22_050, np.arange(1, 7)
    t = np.arange(rate) / rate

    def played(strengths: list[float]) -> Floats:
        return sum(
            0.1 * s * np.sin(2 * np.pi * 440 * k * t + k)
            for k, s in zip(partials, strengths, strict=True)
        )

    dark, bright = played([1, 0, 0.7, 0, 0.4, 0]), played([0, 1, 0, 0.7, 0, 0.4])
    silence = np.zeros(rate)
    stems = [
        np.concatenate(sections) for sections in ((dark, silence, dark), (silence, bright, bright))
    ]
    sound = Audio(sum(stems), rate)
    notes = [Note(0, 0.99, 69), Note(1, 1.99, 69), Note(2, 2.99, 69)]
    gains = []
    for shared in ((), (SharedNote(2, 0.4, -1),)):
        parts = [Part("clarinet", "clarinet", (0, 2)), Part("flute", "flute", (1,), shared=shared)]
        note_factors = fit_parts(sound, notes, parts, tuning_hz=440.0)
        ours = joined(separated(sound, note_factors, ids_of_parts(notes, parts)))
        np.testing.assert_allclose(sum(ours), sound.samples, atol=1e-5)
        gains.append([sdr(true, estimate[0]) for true, estimate in zip(stems, ours, strict=False)])
    assert min(gains[1]) > max(gains[0]) + 3
