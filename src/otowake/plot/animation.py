"""Animations of the learning: snapshots during the fit, drawn afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray
from PIL import Image

from otowake import text
from otowake.errors import BadInput, CannotWrite, MissingExtra
from otowake.options import Constraint
from otowake.plot.fonts import FAINT, INK, style
from otowake.plot.panels import (
    COLOURS,
    CURVE,
    Panels,
    component_names,
    make_panels,
    set_curve,
    set_title,
)
from otowake.text import Language, figure_labels
from otowake.types import Analysis, Factors, Floats, Key, Pitch, Progress

SIZE = (9.0, 6.0)
MAX_FRAMES = 1200
"""Frames of a snapshot; neighbouring frames of longer recordings are averaged."""

HOLD_SECONDS = 2.0
"""Seconds that the last picture stays."""

MOST_FPS = 8.0
"""Frames per second of an animation, at most."""

LEAST_SECONDS = 5.0
"""Seconds that an animation of few pictures lasts."""

FPS = Constraint(float, text.HELP_FPS, above=0, high=50)

Order = NDArray[np.integer[Any]]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The factors after `iteration` updates, in float32, with at most 1,200 frames."""

    iteration: int
    factors: Factors


@dataclass(eq=False)
class Snapshots:
    """A watcher that keeps snapshots of a fit, evenly spaced in the logarithm of the iteration.

    Parameters
    ----------
    most
        The number of snapshots, at most; at least 2.

    Attributes
    ----------
    frames
        The snapshots in chronological order.
    iterations, losses
        Shape (look,): the losses measured until the last call, and their numbers of updates.

    Examples
    --------
    >>> factors = Factors(np.ones((5, 2)), np.ones((2, 7)))
    >>> snapshots = Snapshots(most=10)
    >>> for n in range(10, 1001, 10):
    ...     snapshots(Progress(np.arange(1, n + 1), 1000, np.ones(n), lambda: factors))
    >>> [snapshot.iteration for snapshot in snapshots.frames]
    [10, 30, 70, 160, 350, 760]
    """

    most: int = 60
    frames: list[Snapshot] = field(default_factory=list)
    iterations: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, int))
    losses: Floats = field(default_factory=lambda: np.zeros(0))

    def __call__(self, progress: Progress) -> None:
        """Take a snapshot if the iteration is due for one."""
        self.iterations, self.losses = progress.iterations, progress.losses
        ratio = progress.max_iter ** (1 / (self.most - 1))
        if not self.frames or progress.iteration >= max(1, self.frames[-1].iteration) * ratio:
            self.add(progress.iteration, progress.factors())

    def add(self, iteration: int, factors: Factors) -> None:
        """Keep the factors; average neighbouring frames beyond 1,200 of them."""
        W = np.array(factors.W, np.float32)
        self.frames.append(Snapshot(iteration, Factors(W, _averaged(np.asarray(factors.H)))))


def _averaged(H: Floats) -> Floats:
    n_frames = H.shape[1]
    starts = np.arange(0, n_frames, -(-n_frames // MAX_FRAMES))
    lengths = np.diff(starts, append=n_frames)
    return (np.add.reduceat(H, starts, axis=1) / lengths).astype(np.float32)


def matching_order(W: Floats, target: Floats) -> Order:
    """Match each column of `target` with the most similar column of `W`, one to one.

    Parameters
    ----------
    W, target
        Shape (frequency, component); the number of components may differ.

    Returns
    -------
    Order
        Shape (component of `target`,): the column of `W`, or an index beyond its columns if `W`
        has too few.

    Examples
    --------
    >>> matching_order(np.eye(3), np.eye(3)[:, [2, 0]]).tolist()
    [2, 0]
    """
    from scipy.optimize import linear_sum_assignment

    sources, targets = (M / np.maximum(np.linalg.norm(M, axis=0), 1e-30) for M in (W, target))
    rows, columns = linear_sum_assignment(-(targets.T @ sources))
    order = np.full(target.shape[1], W.shape[1])
    order[rows] = columns
    return order


def animate(
    snapshots: Snapshots,
    frequencies: Floats,
    times: Floats,
    path: str | Path,
    *,
    order: Order | None = None,
    pitches: Sequence[Pitch | None] | None = None,
    key: Key | None = None,
    title: str | None = None,
    language: Language = "en",
    fps: float | None = None,
) -> None:
    """Write the learning as an animated GIF or, with the extra `media`, as MP4.

    Each snapshot gives a picture like :func:`~otowake.plot.learning_figure`; the last one stays for
    two more seconds.

    Parameters
    ----------
    snapshots
        At least one.
    frequencies, times
        Axes of the factors, in Hz (evenly spaced from 0) and seconds.
    path
        Ends in .gif or .mp4; an existing file is replaced.
    order
        Shape (component,): the column of the snapshots' W for each drawn component. A component
        that a snapshot lacks stays dark.
    pitches
        Of the drawn components.
    key
        In which the pitches are named.
    title
        The recording's name.
    language
        Of all labels.
    fps
        Frames per second; without a number, 8, or as few as make the animation last 5 s.

    Raises
    ------
    BadInput
        If there are no snapshots, the suffix is unknown, or `fps` is not above 0 and at most 50.
    MissingExtra
        If PyAV, which writes MP4, is not installed.
    CannotWrite
        If the file could not be written; no incomplete file is left.
    """
    path = Path(path)
    slow = max(1, len(snapshots.frames)) / LEAST_SECONDS
    rate: float = min(MOST_FPS, slow) if fps is None else FPS.check("fps", fps)
    writers = {".gif": _write_gif, ".mp4": _write_mp4}
    if path.suffix.lower() not in writers:
        raise BadInput(text.NOT_AN_ANIMATION, path=path)
    if not snapshots.frames:
        raise BadInput(text.NO_SNAPSHOTS)
    if order is None:
        order = np.arange(snapshots.frames[-1].factors.n_components)
    with style():
        names = component_names(len(order), pitches, language, key)
        panels = make_panels(frequencies, times, names, language, SIZE)
        pictures = _pictures(panels, snapshots, order, title, language)
        with _replacing(path) as part:
            writers[path.suffix.lower()](pictures, part, rate)


def animate_analysis(
    snapshots: Snapshots,
    analysis: Analysis,
    path: str | Path,
    *,
    language: Language = "en",
    fps: float | None = None,
) -> None:
    """Animate the learning of an analysis, from the random start to its components.

    The components have the order and the names of the analysis, and the snapshots must be of its
    fit. See :func:`animate`.
    """
    course = whole_course(snapshots, analysis)
    animate(
        course,
        analysis.frequencies,
        analysis.times,
        path,
        pitches=[component.pitch for component in analysis.components],
        key=analysis.key,
        title=analysis.audio.name if analysis.audio else None,
        language=language,
        fps=fps,
    )


def whole_course(snapshots: Snapshots | None, analysis: Analysis) -> Snapshots:
    """Add the random start and the result of an analysis to the snapshots of its fit.

    The components get the order of the analysis.

    Examples
    --------
    >>> import otowake
    >>> snapshots = Snapshots()
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(
    ...     audio, stages=["components"], n_components=2, max_iter=30, tol=0, watch=snapshots
    ... )
    >>> [snapshot.iteration for snapshot in whole_course(snapshots, analysis).frames]
    [0, 10, 20, 30]
    """
    fit = analysis.fitted()
    course = Snapshots(iterations=fit.iterations, losses=fit.losses)
    course.add(0, fit.initial)
    if snapshots and snapshots.frames:
        order = matching_order(snapshots.frames[-1].factors.W, fit.W)
        between = [s for s in snapshots.frames if 0 < s.iteration < fit.n_iter]
        course.frames += [Snapshot(s.iteration, _ordered(s.factors, order)) for s in between]
    course.add(fit.n_iter, fit.factors)
    return course


def _ordered(factors: Factors, order: Order) -> Factors:
    present = order < factors.n_components
    permuted = factors.permuted(order[present])
    W = np.zeros((factors.W.shape[0], len(order)), np.float32)
    H = np.zeros((len(order), factors.H.shape[1]), np.float32)
    W[:, present], H[present] = permuted.W, permuted.H
    return Factors(W, H)


def _pictures(
    panels: Panels, snapshots: Snapshots, order: Order, title: str | None, language: Language
) -> Iterator[Picture]:
    """Draw the pictures, shape (height, width, 3); static parts are drawn once."""
    subtitle = set_title(panels, title, "")
    if len(snapshots.losses):
        set_curve(panels, snapshots.iterations, snapshots.losses)
        panels.loss.plot(*panels.line.get_data(), color=FAINT, linewidth=1, zorder=1)
    curve = np.array(panels.line.get_data())
    borders = [spine for image in panels.images for spine in image.axes.spines.values()]
    moving = [*panels.images, panels.line, subtitle, *borders]
    for artist in moving:
        artist.set_animated(True)
    canvas = FigureCanvasAgg(panels.figure)
    canvas.draw()
    background = canvas.copy_from_bbox(panels.figure.bbox)
    for snapshot in snapshots.frames:
        panels.show(_ordered(snapshot.factors, order))
        panels.line.set_data(curve[:, curve[0] <= snapshot.iteration])
        subtitle.set_text(figure_labels.moment(len(order), snapshot.iteration, language))
        canvas.restore_region(background)
        for artist in moving:
            panels.figure.draw_artist(artist)
        yield np.array(canvas.buffer_rgba())[..., :3]


def _write_gif(pictures: Iterator[Picture], path: Path, fps: float) -> None:
    palette = _palette()
    frames = [
        Image.fromarray(p).quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures
    ]
    durations = [round(1000 / fps)] * len(frames)
    durations[-1] += round(1000 * HOLD_SECONDS)
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)


def _palette() -> Image.Image:
    """Make an image with a palette of 256 colours for the panels, the curve and the text."""
    fading = LinearSegmentedColormap.from_list
    ramps = (
        (colormaps[COLOURS], 216),
        (fading("text", [INK, "white"]), 24),
        (fading("curve", [CURVE, "white"]), 16),
    )
    colours = np.vstack([ramp(np.linspace(0, 1, n))[:, :3] for ramp, n in ramps])
    image = Image.new("P", (1, 1))
    image.putpalette(np.rint(255 * colours).astype(np.uint8).tobytes())
    return image


def _write_mp4(pictures: Iterator[Picture], path: Path, fps: float) -> None:
    try:
        import av
    except ImportError:
        raise MissingExtra(text.NEEDS_VIDEO, path=path) from None
    with av.open(path, "w") as container:
        stream = container.add_stream("h264", rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = (
            int(100 * SIZE[0]),
            int(100 * SIZE[1]),
            "yuv420p",
        )
        for picture in _held(pictures, round(HOLD_SECONDS * fps)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _held(pictures: Iterator[Picture], times: int) -> Iterator[Picture]:
    """Yield the pictures, and the last one `times` more times."""
    last: list[Picture] = []
    for picture in pictures:
        last = [picture]
        yield picture
    yield from last * times


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` on success and is removed on failure."""
    part = path.with_name(f".part-{path.name}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=text.reason_of(error)) from error
    finally:
        part.unlink(missing_ok=True)
