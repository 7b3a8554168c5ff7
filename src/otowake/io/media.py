"""Reading what soundfile can't: M4A/AAC, WMA, and the sound of MP4, WebM and Matroska, with PyAV.

A transform codec starts late: its first block has nothing to overlap with, so that a decoder gives out a block of
priming before the music. Most files say how much of it to drop, and FFmpeg drops it. Where a file is silent (ADTS,
MPEG-TS, AVI) the codec's own delay is dropped here. With WMA, FFmpeg always drops two frames although one of them
is music; its dropping is turned off and one frame dropped here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import av.container
import numpy as np
from av.error import FFmpegError

from otowake import text
from otowake.errors import BadInput
from otowake.io.decoder import Decoder
from otowake.options import LoadSpec
from otowake.types import Floats

SKIP_MANUAL = 1 << 29
"""FFmpeg's AV_CODEC_FLAG2_SKIP_MANUAL."""

FORMATS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,webm,mov,mp4,mp3,mpeg,mpegts,ogg,tta,w64,wav,wv"
"""What is opened: no playlist or the like, which would have FFmpeg open other files."""

GUESSED_LENGTH = {"aac", "ac3", "eac3", "mp3", "mpegts", "flv"}
"""Formats that don't say how long they are; FFmpeg estimates it from the bit rate."""

WMA = ("wmav1", "wmav2")

UNSIGNALLED_DELAY = {"ac3": 256, "eac3": 256, "mp2": 481, "mp2float": 481, "mp3": 1105, "mp3float": 1105}
"""Delay of encoder and decoder together in samples, by codec, where the file does not tell; AAC's is a frame."""


def open_media(path: Path, spec: LoadSpec) -> Decoder:
    """Open any file that FFmpeg knows and begin at ``spec.start``; its first sound track is read."""
    try:
        container = av.open(
            str(path),
            options={"format_whitelist": FORMATS, "protocol_whitelist": "file"},
            metadata_errors="ignore",
        )
    except (FFmpegError, ValueError) as error:
        raise BadInput(text.NOT_AUDIO, path=path, why=_reason(error)) from error
    if not container.streams.audio:
        container.close()
        raise BadInput(text.NOT_AUDIO, path=path, why="there is no sound track in it")
    stream = container.streams.audio[0]
    if stream.codec_context is None or not stream.codec_context.sample_rate:
        container.close()
        raise BadInput(text.NOT_AUDIO, path=path, why="it is coded in no way that is known")
    rate = stream.codec_context.sample_rate
    first = round(spec.start * rate)
    blocks = _from(first, _music(path, container, stream))
    start = next(blocks, None)
    if start is None:
        if not first:
            raise BadInput(text.NOT_AUDIO, path=path, why="there is no sound in it")
        raise BadInput(text.AFTER_END, path=path, start=f"{spec.start:g}", length=f"{_length(stream):g}")
    promised = round(_length(stream) * rate) - first
    sure = promised > 0 and not GUESSED_LENGTH & set(container.format.name.split(","))
    return Decoder(rate, start.shape[1], promised if sure else None, None, chain([start], blocks))


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _length(stream: av.AudioStream) -> float:
    """What the file says of its length, in seconds; 0 if nothing."""
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0


def _from(first: int, blocks: Iterator[Floats]) -> Iterator[Floats]:
    """The blocks less their first samples. Decoding what is thrown away is exact in every container."""
    for block in blocks:
        if first < len(block):
            yield block[first:]
        first = max(0, first - len(block))


def _music(path: Path, container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[Floats]:
    """All of a track as (sample, channel), without the priming at its start and MP4's padding at its end."""
    codec = stream.codec_context
    if codec.codec.name in WMA:
        codec.flags2 |= SKIP_MANUAL
    left = None
    if "mp4" in container.format.name.split(",") and stream.duration:
        left = round(_length(stream) * codec.sample_rate)
    skip: int | None = None
    shape: tuple[int, int] | None = None
    with container:
        for frame, signalled in _frames(path, container, stream):
            if skip is None:
                skip = _delay(codec, frame, signalled)
            samples = _samples(frame)
            shape = shape or (frame.sample_rate, samples.shape[1])
            if (frame.sample_rate, samples.shape[1]) != shape:
                raise BadInput(text.NOT_AUDIO, path=path, why="its sampling rate or channels change half-way")
            samples = samples[skip:]
            skip = max(0, skip - frame.samples)
            if left is not None:
                samples = samples[:left]
                left -= len(samples)
            if len(samples):
                yield samples
            if left == 0:
                return


def _frames(
    path: Path, container: av.container.InputContainer, stream: av.AudioStream
) -> Iterator[tuple[av.AudioFrame, bool]]:
    """Decoded frames, each with whether the file says how much priming there is; a damaged rest is left out."""
    signalled: bool | None = None
    any_frame = False
    try:
        for packet in container.demux(stream):
            if signalled is None:
                signalled = packet.has_sidedata("skip_samples") or stream.codec_context.delay > 0
            for frame in packet.decode():
                any_frame = True
                yield frame, signalled
    except FFmpegError as error:
        if not any_frame:
            raise BadInput(text.NOT_AUDIO, path=path, why=_reason(error)) from error


def _delay(codec: av.AudioCodecContext, first_frame: av.AudioFrame, signalled: bool) -> int:
    """Samples of priming that FFmpeg has left at the start."""
    if codec.codec.name in WMA:
        return codec.delay // 2
    if signalled:
        return 0
    if codec.codec.name == "aac":
        return first_frame.samples
    return UNSIGNALLED_DELAY.get(codec.codec.name, 0)


def _samples(frame: av.AudioFrame) -> Floats:
    """A decoded frame as (sample, channel), full scale ±1."""
    x = frame.to_ndarray()
    x = x.T if frame.format.is_planar else x.reshape(-1, len(frame.layout.channels))
    if x.dtype == np.uint8:
        return (x.astype(np.float32) - 128) / 128
    scale = 2.0 ** (8 * x.dtype.itemsize - 1) if x.dtype.kind == "i" else 1.0
    return (x / scale).astype(np.float32)
