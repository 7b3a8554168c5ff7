"""What the tests of the report share: its content, and recordings of what it plays."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import soundfile

from otowake.signal.resampling import resample

HOSTILE = '</script><img src=x onerror="document.title=1">'


def content(path):
    text = path.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return text, json.loads(data[1])


def sound_in(text, number):
    """Decode a sound of the page: samples and rate."""
    match = re.search(rf'<script type="text/plain" id="sound-{number}">(.*?)</script>', text)
    return soundfile.read(io.BytesIO(base64.b64decode(match[1])), dtype="float32")


def played(page, ids, start):
    """Record 0.75 s of the page's playback of these sounds; return samples and rate."""
    page.evaluate("ids => otowake.player.only(ids)", ids)
    return recorded_at(page, start)


def recorded_at(page, start):
    """Record 0.75 s of what the page plays from `start` on; return samples and rate."""
    page.evaluate("start => otowake.player.seek(start)", start)
    page.click("#play")
    page.wait_for_function("() => otowake.player.playing")
    page.evaluate(
        "() => { const { context, output } = otowake.player;"
        " window.recorder = new AnalyserNode(context, { fftSize: 32768 });"
        " output.connect(recorder); window.since = context.currentTime; }"
    )
    page.wait_for_function("() => otowake.player.context.currentTime > since + 0.9")
    samples = page.evaluate(
        "() => { const all = new Float32Array(32768);"
        " recorder.getFloatTimeDomainData(all); return [...all]; }"
    )
    rate = page.evaluate("() => otowake.player.context.sampleRate")
    page.click("#play")
    return np.array(samples, np.float32), rate


def cosine_similarity(recorded, rate, audio):
    """Return the largest normalised cross-correlation of a recording with a sound."""
    sound = resample(audio.mono(), audio.rate, int(rate)).astype(float)
    recorded = recorded.astype(float) - recorded.mean()
    n = len(recorded)
    size = 1 << (len(sound) + n).bit_length()
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(recorded, size)), size)[
        : len(sound) - n
    ]
    energy = np.cumsum(np.append(0, sound**2))
    energy = energy[n : n + len(both)] - energy[: len(both)]
    return float((both / np.sqrt(np.maximum(energy, 1e-9) * (recorded @ recorded))).max())


def hertz(samples, rate):
    """Measure the frequency of a tone, by the peak of the autocorrelation."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples))) ** 2
    correlation = np.fft.irfft(spectrum)
    first = int(rate / 1500)
    return rate / (first + int(np.argmax(correlation[first : int(rate / 150)])))


def loudest_part(samples, n):
    """Return the `n` neighbouring samples with the most energy."""
    energy = np.cumsum(np.append(0, samples.astype(float) ** 2))
    start = int(np.argmax(energy[n:] - energy[:-n]))
    return samples[start : start + n]
