"""Read M4A/AAC, WMA, and the sound of MP4, WebM and Matroska with PyAV.

The first block of a transform codec overlaps with no other, so a decoder outputs a block of priming
before the music. Most files state the priming, and FFmpeg drops it. For files that do not (ADTS,
MPEG-TS, AVI), this module drops the delay of the codec. In WMA, FFmpeg always drops two frames
although one of them is music; this module disables that and drops one frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import av
import av.container
import numpy as np
from av.error import FFmpegError

from otowake import text
from otowake.errors import BadInput
from otowake.io.decoder import Decoder, conformed, skipped
from otowake.options import LoadSpec
from otowake.text import Text
from otowake.text.reason import MEDIA
from otowake.types import Floats

SKIP_MANUAL = 1 << 29
"""FFmpeg's AV_CODEC_FLAG2_SKIP_MANUAL."""

FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,webm,mov,mp4,mp3,mpeg,mpegts,ogg,"
    "tta,w64,wav,wv"
)
"""Formats to open; playlists are excluded because FFmpeg would open other files for them."""

GUESSED_LENGTH = {"aac", "ac3", "eac3", "mp3", "mpegts", "flv"}
"""Formats without a stated length; FFmpeg estimates it from the bit rate."""

REFUSES_TAGS = tuple(map(int, av.__version__.split(".")[:1])) < (19,)
METADATA: dict[str, Any] = {"metadata_errors": "ignore"} if REFUSES_TAGS else {}
"""How tags that are no UTF-8 are read; from version 19 on, PyAV never refuses them."""

RatedSamples = tuple[int, Floats]
"""A sampling rate and samples."""

MOST_PLANES = 8
"""Planes for which a frame itself has room (AV_NUM_DATA_POINTERS)."""

MOST_PADDING = 4096
"""Maximum number of padding samples at the end."""

WMA = ("wmav1", "wmav2")

UNSIGNALLED_DELAY = {
    "ac3": 256,
    "eac3": 256,
    "mp2": 481,
    "mp2float": 481,
    "mp3": 1105,
    "mp3float": 1105,
}
"""Samples, delay of encoder and decoder by codec for files that state none; one frame for AAC."""


def open_media(path: Path, spec: LoadSpec) -> Decoder:
    """Open the first audio track of any file that FFmpeg reads, from ``spec.start`` on."""
    try:
        container = av.open(
            str(path),
            options={"format_whitelist": FORMATS, "protocol_whitelist": "file"},
            **METADATA,
        )
    except (FFmpegError, ValueError) as error:
        raise BadInput(text.NOT_AUDIO, path=path, why=text.reason_of(error)) from error
    if not container.streams.audio:
        container.close()
        raise BadInput(text.NOT_AUDIO, path=path, why=text.NO_SOUND)
    stream = container.streams.audio[0]
    if stream.codec_context is None or not stream.codec_context.sample_rate:
        container.close()
        raise BadInput(text.NOT_AUDIO, path=path, why=MEDIA["DecoderNotFoundError"])
    rate = stream.codec_context.sample_rate
    first = round(spec.start * rate)
    promised = round(_length(stream) * rate) - first
    sure = promised > 0 and not GUESSED_LENGTH & set(container.format.name.split(","))
    damage: list[Text] = []
    blocks = skipped(path, _music(container, stream, damage), first, rate)
    start = next(blocks, None)
    if start is None:
        raise BadInput(
            text.NOT_AUDIO, path=path, why=text.joined(damage) if damage else text.NO_SOUND
        )
    return Decoder(
        rate, start.shape[1], promised if sure else None, None, chain([start], blocks), damage
    )


def _length(stream: av.AudioStream) -> float:
    """Return the length in seconds according to the header; 0 without one."""
    return (
        float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    )


def _music(
    container: av.container.InputContainer, stream: av.AudioStream, damage: list[Text]
) -> Iterator[Floats]:
    """Yield a whole track as (sample, channel), in its first format."""
    with container:
        form: tuple[int, int] | None = None
        sound = _unpadded(container, stream, _unprimed(stream, _frames(container, stream, damage)))
        for (rate, n_channels), pieces in groupby(
            sound, lambda piece: (piece[0], piece[1].shape[1])
        ):
            form = form or (rate, n_channels)
            yield from conformed((samples for _, samples in pieces), rate, *form)


def _unpadded(
    container: av.container.InputContainer, stream: av.AudioStream, sound: Iterator[RatedSamples]
) -> Iterator[RatedSamples]:
    """Yield the sound without the padding at the end of an MP4, which the duration excludes.

    If more samples follow than padding can have, the duration is wrong and all of them are kept.
    """
    if "mp4" not in container.format.name.split(",") or not stream.duration:
        yield from sound
        return
    left = round(_length(stream) * stream.codec_context.sample_rate)
    beyond: list[RatedSamples] = []
    for rate, samples in sound:
        if left:
            yield rate, samples[:left]
        if len(samples) > left:
            beyond.append((rate, samples[left:]))
        left = max(0, left - len(samples))
        if sum(len(held) for _, held in beyond) > MOST_PADDING:
            yield from beyond
            yield from sound


def _unprimed(
    stream: av.AudioStream, frames: Iterator[tuple[av.AudioFrame, bool]]
) -> Iterator[RatedSamples]:
    """Yield the sound of frames without the priming at the start."""
    skip: int | None = None
    for frame, signalled in frames:
        if skip is None:
            skip = _delay(stream.codec_context, frame, signalled)
        if skip < frame.samples:
            yield frame.sample_rate, _samples(frame)[skip:]
        skip = max(0, skip - frame.samples)


def _frames(
    container: av.container.InputContainer, stream: av.AudioStream, damage: list[Text]
) -> Iterator[tuple[av.AudioFrame, bool]]:
    """Yield the intact decoded frames, each with whether the file states the priming."""
    if stream.codec_context.codec.name in WMA:
        stream.codec_context.flags2 |= SKIP_MANUAL
    signalled: bool | None = None
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            if signalled is None:
                signalled = packet.has_sidedata("skip_samples") or stream.codec_context.delay > 0
            for frame in packet.decode():
                yield _packed(frame), signalled
        except StopIteration:
            return
        except FFmpegError as error:
            if not damage:
                damage.append(text.reason_of(error))


def _delay(codec: av.AudioCodecContext, first_frame: av.AudioFrame, signalled: bool) -> int:
    """Return the samples of priming that FFmpeg leaves at the start."""
    if codec.codec.name in WMA:
        return codec.delay // 2
    if signalled:
        return 0
    if codec.codec.name == "aac":
        return first_frame.samples
    return UNSIGNALLED_DELAY.get(codec.codec.name, 0)


def _packed(frame: av.AudioFrame) -> av.AudioFrame:
    """Interleave the channels of a frame with more than :data:`MOST_PLANES` planes.

    PyAV 18 reads beyond the planes of such a frame.
    """
    if not frame.format.is_planar or frame.layout.nb_channels <= MOST_PLANES:
        return frame
    form, rate = frame.format.packed.name, frame.sample_rate
    (packed,) = av.AudioResampler(format=form, layout=frame.layout, rate=rate).resample(frame)
    return packed


def _samples(frame: av.AudioFrame) -> Floats:
    """Convert a decoded frame to (sample, channel), full scale ±1."""
    x = frame.to_ndarray()
    x = x.T if frame.format.is_planar else x.reshape(-1, len(frame.layout.channels))
    if x.dtype == np.uint8:
        return (x.astype(np.float32) - 128) / 128
    scale = 2.0 ** (8 * x.dtype.itemsize - 1) if x.dtype.kind == "i" else 1.0
    return (x / scale).astype(np.float32)
