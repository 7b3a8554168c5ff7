"""A formant singer: phrases sung by source and filter, with words, breath and registers.

The source is a train of pulses (:mod:`training.sounds.source_filter`), and breath noise that
follows the glottal cycle. The filter is constant over frames that overlap.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from training.music.phrases import STEP, Phrase, SungNote
from training.rng import Rng
from training.sounds.lyrics import Lyrics, Syllable, draw_lyrics
from training.sounds.phonemes import CONSONANTS, NASALS, SONORANTS, SPOKEN, Consonant
from training.sounds.samples import RATE, Wave
from training.sounds.singers import KINDS, Singer, draw_singer
from training.sounds.source_filter import (
    SIZE,
    TOP,
    Curve,
    antiformant,
    cascade,
    filled,
    frequency_and_phase,
    pulses,
    sampled,
)

TAIL = 0.25
"""Seconds after the end of a phrase."""

LOUD = 0.2
"""Root mean square of a voice at level 1."""

HOP = 220
"""Samples from one frame of the filter to the next."""

AHEAD_OF_FRAME = 400
"""Samples of the transform before a frame, for the part of the response before time 0."""


def render(
    rng: Rng, phrase: Phrase, singer: Singer | None = None, lyrics: Lyrics | None = None
) -> Wave:
    """Sing a phrase.

    Consonants precede the onset, sonorant ones also follow it; the vowel begins at the onset. For a
    choir, several singers sing the same lyrics; for a doubling, one singer sings twice.

    Parameters
    ----------
    rng
        Draws the singer and the lyrics if they are not given, and all that varies.
    phrase
        Pitch, level and notes. Time 0 is the first sample.

    Returns
    -------
    Wave
        Shape (sample,) at `RATE`: the phrase and `TAIL` seconds. The root mean square is about
        `LOUD` where the level is 1.

    Examples
    --------
    >>> note = SungNote(0.1, 0.4, 60.0, 80, False)
    >>> level = np.r_[np.zeros(20), np.full(60, 0.5), np.zeros(20)].astype(np.float32)
    >>> wave = render(np.random.default_rng(0), Phrase(np.full(100, 60.0), level, (note,)))
    >>> wave.shape, wave.dtype
    ((16537,), dtype('float32'))
    """
    singer = singer or draw_singer(rng, phrase)
    pitch = filled(phrase.pitch) + singer.jitter * rng.standard_normal(len(phrase.pitch))
    length = int(len(pitch) * STEP * RATE) + int(TAIL * RATE)
    if singer.kind == "whistle":
        return _whistle(rng, pitch, phrase, length)
    lyrics = lyrics or draw_lyrics(rng, phrase, singer)
    return _Performance(rng, phrase, singer, pitch, length).sing(lyrics)


def _whistle(rng: Rng, pitch: Curve, phrase: Phrase, length: int) -> Wave:
    """Whistle: a nearly pure tone in noise that the same resonance shapes."""
    _, phase = frequency_and_phase(pitch, length)
    level = np.append(np.asarray(phrase.level, float), 0)
    loud = sampled(level, length)
    second, wind = 10 ** rng.uniform(-2, -1.2), 10 ** rng.uniform(-2, -0.9)
    # slow noise times the tone is a band of noise around it
    slow = gaussian_filter1d(rng.standard_normal((2, length)), RATE / 1500)
    slow /= slow.std() + 1e-9
    tone = np.sin(phase) + second * np.sin(2 * phase + rng.uniform(0, 6))
    noise = slow[0] * np.sin(phase) + slow[1] * np.cos(phase)
    hiss = 0.1 * np.diff(rng.standard_normal(length + 1))
    wave = np.sqrt(2) * LOUD * (loud * tone + wind * loud**0.7 * (noise + hiss))
    return wave.astype(np.float32)


class _Performance:
    """A phrase in the making: curves of 5-ms frames that the syllables change, then the sound."""

    def __init__(self, rng: Rng, phrase: Phrase, singer: Singer, pitch: Curve, length: int) -> None:
        self.rng, self.phrase, self.singer = rng, phrase, singer
        self.pitch, self.length = pitch, length
        frames = len(pitch)
        self.level = np.asarray(phrase.level, float)
        self.voice = self.level.copy()
        self.breath = np.full(frames, singer.breath)
        self.formants = np.full((frames, 5), np.nan)
        self.zero = np.full(frames, np.nan)
        self.nasal = np.zeros(frames)
        self.creak = np.zeros(frames)
        self.effort = np.full(frames, 0.5)
        self.falsetto = np.zeros(frames)
        self.noise = np.zeros(length)
        self.man = SPOKEN["man"]["ah"][2] / np.mean([f[2] for f in singer.vowels().values()])

    def sing(self, lyrics: Lyrics) -> Wave:
        """Return the sound of the syllables."""
        notes = self.phrase.notes
        for index, (note, syllable) in enumerate(zip(notes, lyrics, strict=True)):
            before = notes[index - 1] if index else None
            after = notes[index + 1] if index + 1 < len(notes) else None
            self._note(note, syllable, after)
            if syllable.consonant:
                self._consonant(note, CONSONANTS[syllable.consonant], syllable.consonant, before)
            rest = (after.onset_s if after else len(self.pitch) * STEP) - note.offset_s
            if rest > 0.15 and self.rng.random() < self.singer.fry:
                self._end_in_creak(note)
            start = before.offset_s if before else 0.0
            if self.singer.inhale and note.onset_s - start > 0.35 and self.rng.random() < 0.8:
                self._inhale(start, note.onset_s)
        return self._sound()

    def _frame(self, seconds: float) -> int:
        return int(np.clip(round(seconds / STEP), 0, len(self.pitch)))

    def _shape(self, name: str) -> Curve:
        """Return the logarithms of the formants of a vowel or of a hummed nasal."""
        if name in NASALS:
            middle = np.array([*CONSONANTS[name].formants, 3500, 4500]) / self.man
        else:
            middle = np.array(self.singer.vowels()[name])
        return np.log(middle * self.singer.tract * np.exp(self.rng.normal(0, 0.025, 5)))

    def _close(self, span: slice, zero: float) -> None:
        """Close the mouth for a nasal: an antiformant, and less of all above the first formant."""
        self.zero[span] = np.log(zero * self.singer.tract / self.man)
        self.nasal[span] = 1

    def _note(self, note: SungNote, syllable: Syllable, after: SungNote | None) -> None:
        start, stop = self._frame(note.onset_s), self._frame(note.offset_s)
        if after:
            stop = max(stop, self._frame(min(after.onset_s, note.offset_s + 0.3)))
        span = slice(start, stop)
        self.formants[span] = self._shape(syllable.vowel)
        if syllable.vowel in NASALS:
            self._close(span, CONSONANTS[syllable.vowel].zero)
        if syllable.second:
            self.formants[start + (stop - start) * 6 // 10 : stop] = self._shape(syllable.second)
        broken = self.singer.falsetto and note.pitch > KINDS[self.singer.kind].broken
        self.falsetto[span] = broken
        self.effort[span] = 0.6 * note.velocity / 127 + 0.4 * self.level[span]

    def _consonant(
        self, note: SungNote, consonant: Consonant, name: str, before: SungNote | None
    ) -> None:
        start = before.onset_s + 0.6 * (note.onset_s - before.onset_s) if before else 0.0
        seconds = float(self.rng.uniform(*consonant.seconds))
        late = seconds * self.rng.uniform(0, 0.6) if name in SONORANTS else 0.0
        late = min(late, 0.25 * (note.offset_s - note.onset_s))
        end = note.onset_s + late
        begin = max(start, end - seconds)
        span = slice(self._frame(begin), self._frame(end))
        if span.stop <= span.start:
            return
        onset = self._frame(note.onset_s)
        loud = float(self.level[onset + 4 : onset + 30].max(initial=0))
        hertz = np.array([*consonant.formants, 3500, 4500]) * self.singer.tract / self.man
        self.formants[span] = np.log(hertz)
        self.effort[span] = self.effort[min(onset, len(self.effort) - 1)]
        if consonant.zero:
            self._close(span, consonant.zero)
        dip = consonant.voice * self.rng.uniform(0.6, 1.3)
        # a slow attack follows a soft consonant
        soon = float(self.level[onset + 4 : onset + 12].max(initial=0))
        self.voice[span.start : onset] = soon * dip
        self.voice[onset : span.stop] *= np.sqrt(dip)
        if consonant.noise:
            begin += consonant.closure * (end - begin)
            self._hiss(begin, end, consonant, loud * consonant.noise * self.singer.diction)

    def _hiss(self, begin: float, end: float, consonant: Consonant, level: float) -> None:
        """Add the noise of a consonant, which ends within 15 ms after the vowel begins."""
        start, size = int(begin * RATE), int((end - begin + 0.015) * RATE)
        size = min(size, self.length - start)
        if size < 32:
            return
        rise = 0.001 if consonant.closure else min(0.03, (end - begin) / 2)
        fall = 0.015 if not consonant.closure else min(0.02, (end - begin) / 2)
        time = np.arange(size) / RATE
        shape = np.clip(time / rise, 0, 1) * np.clip((size / RATE - time) / fall, 0, 1)
        centre = consonant.burst * (self.singer.tract / self.man) ** 0.5
        self.noise[start : start + size] += (
            level * LOUD * shape * self._coloured(size, [(float(centre), consonant.width, 1.0)])
        )

    def _coloured(self, size: int, bands: list[tuple[float, float, float]]) -> Curve:
        """Return noise of unit level in bands: centre (Hz), deviation in octaves, gain."""
        spectrum = np.fft.rfft(self.rng.standard_normal(size))
        octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20))
        gain = np.zeros(len(octaves))
        for centre, width, loud in bands:
            gain += loud * np.exp(-(((octaves - np.log2(centre)) / width) ** 2) / 2)
        made = np.fft.irfft(spectrum * (gain + 0.003), size)
        return made / (made.std() + 1e-9)

    def _end_in_creak(self, note: SungNote) -> None:
        stop = self._frame(note.offset_s)
        start = max(self._frame(note.onset_s + 0.1), stop - int(self.rng.integers(12, 40)))
        if stop > start:
            self.creak[start:stop] = np.linspace(0, self.rng.uniform(0.5, 1), stop - start)

    def _inhale(self, start: float, end: float) -> None:
        """Breathe in, or now and then out, in a rest: noise through an open mouth."""
        seconds = min(float(self.rng.uniform(0.2, 0.7)), end - start - 0.1)
        out = self.rng.random() < 0.2
        begin = start + 0.03 if out else end - seconds - self.rng.uniform(0.03, 0.1)
        first, size = int(begin * RATE), int(seconds * RATE)
        size = min(size, self.length - first)
        ramp = np.arange(size) / max(size, 1)
        shape = np.sin(np.pi * (1 - ramp if out else ramp) ** self.rng.uniform(0.6, 1.6)) ** 1.3
        scale = self.singer.tract / self.man
        bands = [
            (float(self.rng.uniform(*edges) * scale), float(self.rng.uniform(0.15, 0.5)), gain)
            for edges, gain in (((900, 1700), 1.0), ((1900, 2900), 0.8), ((4000, 6500), 0.4))
        ]
        self.noise[first : first + size] += (
            self.singer.inhale * LOUD * shape * self._coloured(size, bands)
        )

    def _sound(self) -> Wave:
        hertz, phase = frequency_and_phase(self.pitch, self.length)
        shimmer = 1 + self.singer.shimmer * self.rng.standard_normal(len(self.voice))
        voice = sampled(np.append(self.voice * shimmer, 0), self.length)
        source = voice * pulses(hertz, phase)
        if self.creak.any():
            # every second pulse weakens: an octave below
            source *= 1 + sampled(np.append(self.creak, 0), self.length) * np.cos(phase / 2)
        flow = 0.35 + 0.65 * (0.5 + 0.5 * np.cos(phase + 1)) ** 2
        breath = (1 + 3 * self.falsetto) * self.breath
        # from soft to loud the noise rises less than the voice
        airy = sampled(np.append(breath * self.voice**0.7, 0), self.length)
        aspiration = airy * flow * self.rng.standard_normal(self.length)
        return (self._filtered(source, aspiration) + self.noise).astype(np.float32)

    def _filtered(self, source: Curve, aspiration: Curve) -> Curve:
        """Send source and noise through the vocal tract, in overlapping frames."""
        count = self.length // HOP + 2
        clock = np.minimum(np.arange(count) * HOP / RATE / STEP, len(self.pitch) - 1)
        glottis, tract = self._responses(clock)
        window = np.hanning(2 * HOP + 1)[:-1].astype(np.float32)
        spectra = []
        for signal in (source, aspiration):
            padded = np.zeros((count + 1) * HOP, np.float32)
            padded[HOP : HOP + self.length] = signal
            framed = np.lib.stride_tricks.sliding_window_view(padded, 2 * HOP)[::HOP]
            spectra.append(np.fft.rfft(framed * window, SIZE, axis=1))
        frames = np.fft.irfft((spectra[0] * glottis + spectra[1]) * tract, SIZE, axis=1)
        out = np.zeros((count + 1) * HOP + SIZE)
        for index, frame in enumerate(np.roll(frames, AHEAD_OF_FRAME, axis=1)):
            out[index * HOP : index * HOP + SIZE] += frame
        begin = HOP + AHEAD_OF_FRAME
        return out[begin : begin + self.length]

    def _responses(self, clock: Curve) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
        """Return the glottal response and that of the tract, (frame, frequency).

        The voice gets the level `LOUD`; formants reduce or raise it a little, as vowels do.
        """
        blur = self.singer.glide / STEP

        def at(curve: Curve, smooth: float = blur) -> Curve:
            smoothed = gaussian_filter1d(curve, smooth, mode="nearest")
            return np.interp(clock, np.arange(len(curve)), smoothed)

        pitch_hertz = 440 * 2 ** ((at(self.pitch, 1.0) - 69) / 12)
        formants = np.exp(np.stack([at(filled(row)) for row in self.formants.T], axis=1))
        # singers open the mouth so that the first formant does not lie below the pitch
        formants[:, 0] = np.maximum(formants[:, 0], 1.03 * pitch_hertz)
        for index in range(1, 5):
            formants[:, index] = np.maximum(formants[:, index], formants[:, index - 1] + 180)
        tract = cascade(formants, self.singer.damping) * self._upper()
        if self.nasal.any():
            tract = tract * antiformant(np.exp(at(filled(self.zero))), at(self.nasal))
        glottis = self._glottis(pitch_hertz, at(self.effort, 6.0), at(self.falsetto, 4.0))
        number = np.arange(1, 13)
        bins = np.rint(pitch_hertz[:, None] * number * SIZE / RATE).astype(int)
        rows = np.arange(len(bins))[:, None]
        bins = np.minimum(bins, SIZE // 2)
        size = np.abs(tract[rows, bins]) * glottis[rows, bins]
        power = (size**2 * (pitch_hertz[:, None] * number < TOP)).sum(axis=1) / 2
        usual = np.exp(np.mean(np.log(power + 1e-12)))
        gain = LOUD / np.sqrt(power**0.75 * usual**0.25)
        # noise of the level 1 is as loud as the voice: both have the tract's gain
        noise = LOUD / np.sqrt(np.mean(np.abs(tract) ** 2, axis=1) + 1e-12)
        glottis *= (gain / noise)[:, None]
        return glottis.astype(np.float32), (tract * noise[:, None]).astype(np.complex64)

    def _upper(self) -> NDArray[np.complex128]:
        """Return the response of the formants above the fifth, those of a uniform tube."""
        scale = self.singer.tract / self.man
        fifth = np.mean([formants[4] for formants in self.singer.vowels().values()])
        lowest = fifth * self.singer.tract + 700 * scale
        hertz = np.arange(lowest, 10400.0, 1000.0 * scale)[None]
        return cascade(hertz, 1.5 * self.singer.damping)

    def _glottis(self, hertz: Curve, effort: Curve, falsetto: Curve) -> Curve:
        """Return the magnitude spectrum of the flow's derivative, (frame, frequency)."""
        quotient = np.clip(self.singer.open_quotient - 0.3 * (effort - 0.5), 0.4, 0.9)
        quotient += falsetto * (0.9 - quotient)
        formant = (0.75 / quotient * hertz)[:, None]
        tilt = self.singer.tilt * 2 ** (4 * (effort - 0.5) - 1.5 * falsetto)
        tilt = np.maximum(tilt, 0.6 * hertz)[:, None]
        frequency = np.maximum(np.fft.rfftfreq(SIZE, 1 / RATE), 10)[None].astype(np.float32)
        ratio = (frequency / formant.astype(np.float32)) ** 2
        resonance = np.sqrt(ratio / ((1 - ratio) ** 2 + ratio))
        return resonance / np.sqrt(1 + (frequency / tilt.astype(np.float32)) ** 2)
