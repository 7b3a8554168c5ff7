"""Degradation of sound between instrument and file: room, equaliser, saturation, noise, coding."""

import io
from itertools import pairwise

import numpy as np
import soundfile as sf
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

from training.rng import Rng
from training.sounds.samples import RATE

Wave = NDArray[np.float32]


def degrade(rng: Rng, wave: Wave) -> Wave:
    """Degrade a clip at random; nothing moves in time, and no sample exceeds ±1."""
    if rng.random() < 0.8:
        wave = room(rng, wave)
    if rng.random() < 0.8:
        wave = equalise(rng, wave)
    wave = wave / (np.abs(wave).max() + 1e-9)
    if rng.random() < 0.25:
        wave = saturate(rng, wave)
    if rng.random() < 0.75:
        wave = add_noise(rng, wave, float(rng.triangular(15, 45, 65)))
    level = 10 ** (-float(rng.triangular(0, 3, 40)) / 20)
    wave = wave / (np.abs(wave).max() + 1e-9)
    if rng.random() < 0.3:
        wave = mp3(rng, 0.9 * wave)
    return np.clip(level * wave, -1, 1).astype(np.float32)


def impulse_response(rng: Rng) -> Wave:
    """Make a random room: direct sound, 3–12 early reflections, and decaying noise.

    The treble of the noise decays faster. Reverberation time 0.1–1.3 s; the direct sound is 18 dB
    above to 8 dB below the rest.
    """
    life = float(np.exp(rng.uniform(np.log(0.1), np.log(1.3))))
    length = int(min(life * 1.1, 1.3) * RATE)
    time = np.arange(length) / RATE
    tail = np.zeros(length)
    noise = np.fft.rfft(rng.standard_normal(length))
    edges = (0, 300, 1200, 4000, RATE / 2)
    lives = life * np.array(
        [rng.uniform(0.8, 1.6), 1.0, rng.uniform(0.6, 1.0), rng.uniform(0.3, 0.8)]
    )
    frequencies = np.fft.rfftfreq(length, 1 / RATE)
    for (low, high), band_life in zip(pairwise(edges), lives, strict=True):
        band = np.fft.irfft(noise * ((frequencies >= low) & (frequencies < high)), length)
        tail += band * np.exp(-np.log(1000) * time / band_life)
    ahead = int(rng.uniform(0.002, 0.03) * RATE)
    tail *= np.clip((np.arange(length) - ahead) / (0.02 * RATE), 0, 1)
    tail /= np.sqrt((tail**2).sum()) + 1e-9
    early = np.zeros(length)
    for delay in rng.uniform(0.001, min(0.06, life), int(rng.integers(3, 13))):
        early[int(delay * RATE)] += float(rng.choice([-1, 1])) * np.exp(-delay / 0.03)
    early *= float(rng.uniform(0, 0.8)) / (np.sqrt((early**2).sum()) + 1e-9)
    response = 10 ** (-float(rng.triangular(-8, 2, 18)) / 20) * (tail + early)
    response[0] += 1
    return response.astype(np.float32)


def room(rng: Rng, wave: Wave) -> Wave:
    """Put a clip into a random room."""
    return fftconvolve(wave, impulse_response(rng))[: len(wave)].astype(np.float32)


def equalise(rng: Rng, wave: Wave) -> Wave:
    """Apply a smooth random response of up to ±12 dB, sometimes with a cut-off; zero phase."""
    octaves = np.linspace(np.log2(40), np.log2(RATE / 2), 9)
    size = float(rng.choice([2, 4, 7]))
    gains = np.clip(rng.normal(0, size, len(octaves)), -12, 12)
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE)
    octave = np.log2(np.maximum(frequency, 20))
    response = np.interp(octave, octaves, gains)
    if rng.random() < 0.3:
        response -= 12 * np.maximum(0, np.log2(float(rng.uniform(40, 180))) - octave)
    if rng.random() < 0.4:
        steep = float(rng.choice([12, 40, 200]))
        top = float(rng.choice([4000, 5500, 7800, 8000, 10000]))
        response -= np.minimum(steep * np.maximum(0, octave - np.log2(top)), 90)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (response / 20), len(wave)).astype(np.float32)


def saturate(rng: Rng, wave: Wave) -> Wave:
    """Overdrive a clip, or compress it slowly."""
    if rng.random() < 0.5:
        drive = float(rng.uniform(1, 4))
        return (np.tanh(drive * wave) / np.tanh(drive)).astype(np.float32)
    pole = np.exp(-1 / (0.05 * RATE))
    level = np.sqrt(
        np.maximum(lfilter([1 - pole], [1, -pole], wave.astype(np.float64) ** 2), 1e-10)
    )
    threshold = 10 ** (-float(rng.uniform(15, 30)) / 20)
    power = float(rng.uniform(0.3, 0.75))
    return (wave * np.minimum((level / threshold) ** -power, 1)).astype(np.float32)


def add_noise(rng: Rng, wave: Wave, snr: float) -> Wave:
    """Add white, pink or brown noise or hum, `snr` dB below the clip's mean power.

    The power of a silent clip counts as −40 dB full scale.
    """
    kind = str(rng.choice(["white", "pink", "pink", "brown", "hum"]))
    length = len(wave)
    if kind == "hum":
        time = np.arange(length) / RATE
        base = float(rng.choice([50, 60]))
        noise = sum(
            rng.uniform(0, 1) / n * np.sin(2 * np.pi * base * n * time + rng.uniform(0, 6))
            for n in range(1, 9)
        )
        noise = noise + 0.1 * rng.standard_normal(length)
    else:
        slope = {"white": 0, "pink": 0.5, "brown": 1}[kind]
        spectrum = np.fft.rfft(rng.standard_normal(length))
        noise = np.fft.irfft(
            spectrum / np.maximum(np.fft.rfftfreq(length, 1 / RATE), 30) ** slope, length
        )
    power = max(float(np.mean(wave.astype(np.float64) ** 2)), 1e-4)
    return (wave + noise * np.sqrt(power / np.mean(noise**2)) * 10 ** (-snr / 20)).astype(
        np.float32
    )


def mp3(rng: Rng, wave: Wave) -> Wave:
    """Code a clip as MP3 at about 48–128 kbit/s and decode it, without the coder's delay."""
    file = io.BytesIO()
    level = float(rng.uniform(0.3, 0.85))
    coding = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT"}
    sf.write(file, wave, RATE, compression_level=level, **coding)
    file.seek(0)
    back, _ = sf.read(file, dtype="float32")
    size = len(wave) + 8192
    size = 1 << (size - 1).bit_length()
    cosine_similarity = np.fft.irfft(
        np.fft.rfft(back, size) * np.conj(np.fft.rfft(wave, size)), size
    )
    late = (
        int(np.argmax(np.concatenate([cosine_similarity[-4096:], cosine_similarity[:4096]]))) - 4096
    )
    if late < 0:
        back = np.concatenate([np.zeros(-late, np.float32), back])
    out = back[max(late, 0) :][: len(wave)]
    return np.pad(out, (0, len(wave) - len(out)))
