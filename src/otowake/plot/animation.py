"""The learning as a moving picture: snapshots taken while it runs, drawn afterwards."""

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
from otowake.text import labels
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
from otowake.text import Language, Text
from otowake.types import Analysis, Factors, Floats, Pitch, Progress

SIZE = (9.0, 6.0)
MOST_FRAMES = 1200
HOLD = 2.0
FPS = Constraint(float, text.HELP_FPS, above=0, high=50)

Order = NDArray[np.integer[Any]]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The factors after `iteration` updates, in float32; long recordings are kept in fewer, longer frames."""

    iteration: int
    factors: Factors


@dataclass(eq=False)
class Snapshots:
    """A watcher that keeps snapshots of a fit, about evenly spaced in the logarithm of the iteration.

    Parameters
    ----------
    most
        How many are kept at most, at least 2.

    Attributes
    ----------
    frames
        The snapshots, in the order they were taken.
    iterations, losses
        Shape (look,): the losses measured up to the last call, and after how many updates each.

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
        """Take a snapshot if it is time for one."""
        self.iterations, self.losses = progress.iterations, progress.losses
        ratio = progress.max_iter ** (1 / (self.most - 1))
        if not self.frames or progress.iteration >= max(1, self.frames[-1].iteration) * ratio:
            self.add(progress.iteration, progress.factors())

    def add(self, iteration: int, factors: Factors) -> None:
        """Keep these factors; of more than 1,200 frames neighbours are averaged, as in W·H they would be."""
        W = np.array(factors.W, np.float32)
        self.frames.append(Snapshot(iteration, Factors(W, _averaged(np.asarray(factors.H)))))


def _averaged(H: Floats) -> Floats:
    n_frames = H.shape[1]
    starts = np.arange(0, n_frames, -(-n_frames // MOST_FRAMES))
    lengths = np.diff(starts, append=n_frames)
    return (np.add.reduceat(H, starts, axis=1) / lengths).astype(np.float32)


def matching_order(W: Floats, target: Floats) -> Order:
    """Which column of `W` is most like each column of `target`, none being taken twice.

    Parameters
    ----------
    W, target
        Shape (frequency, component); the number of components may differ.

    Returns
    -------
    Order
        Shape (component of `target`,); beyond the columns of `W` where there are too few.

    Examples
    --------
    >>> matching_order(np.eye(3), np.eye(3)[:, [2, 0]]).tolist()
    [2, 0]
    """
    from scipy.optimize import linear_sum_assignment

    mine, theirs = (M / np.maximum(np.linalg.norm(M, axis=0), 1e-30) for M in (W, target))
    places, columns = linear_sum_assignment(-(theirs.T @ mine))
    order = np.full(target.shape[1], W.shape[1])
    order[places] = columns
    return order


def animate(
    snapshots: Snapshots,
    frequencies: Floats,
    times: Floats,
    path: str | Path,
    *,
    order: Order | None = None,
    pitches: Sequence[Pitch | None] | None = None,
    title: str | None = None,
    language: Language = "en",
    fps: float = 8,
) -> None:
    """Write the learning as an animated GIF or, with the extra `media`, as MP4.

    There is one picture for each snapshot, like :func:`~otowake.plot.learning_figure`; the last one stays for
    two seconds more.

    Parameters
    ----------
    snapshots
        At least one.
    frequencies, times
        Axes of the factors, in Hz (evenly spaced from 0) and seconds.
    path
        Ending in .gif or .mp4; what is there is replaced.
    order
        Shape (component,): which column of the snapshots' W each drawn component is. A component that a
        snapshot does not have is left dark in it.
    pitches
        Of the drawn components.
    title
        The recording's name.
    language
        Of all labels.
    fps
        Pictures in a second.

    Raises
    ------
    BadInput
        If there are no snapshots, the path ends in something else, or `fps` is not above 0 and at most 50.
    MissingExtra
        If PyAV, which writes MP4, is not installed.
    CannotWrite
        If the file could not be written; nothing half-written is left.
    """
    path, fps = Path(path), FPS.check("fps", fps)
    writers = {".gif": _write_gif, ".mp4": _write_mp4}
    if path.suffix.lower() not in writers:
        raise BadInput(text.NOT_AN_ANIMATION, path=path)
    if not snapshots.frames:
        raise BadInput(text.NO_SNAPSHOTS)
    if order is None:
        order = np.arange(snapshots.frames[-1].factors.n_components)
    with style():
        names = component_names(len(order), pitches, language)
        panels = make_panels(frequencies, times, names, language, SIZE)
        pictures = _pictures(panels, snapshots, order, title, language)
        with _beside(path) as part:
            writers[path.suffix.lower()](pictures, part, fps)


def animate_analysis(
    snapshots: Snapshots,
    analysis: Analysis,
    path: str | Path,
    *,
    language: Language = "en",
    fps: float = 8,
) -> None:
    """:func:`animate` from the random start to an analysis, in the order of its components and named by them.

    The snapshots are of the fit that the analysis was made with.
    """
    whole = whole_course(snapshots, analysis)
    animate(
        whole,
        analysis.frequencies,
        analysis.times,
        path,
        pitches=[component.pitch for component in analysis.components],
        title=analysis.audio.name if analysis.audio else None,
        language=language,
        fps=fps,
    )


def whole_course(snapshots: Snapshots | None, analysis: Analysis) -> Snapshots:
    """The course from the random start to an analysis, in the order of its components; between them `snapshots`.

    Examples
    --------
    >>> import otowake
    >>> snapshots = Snapshots()
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> found = otowake.analyse(audio, stages=["components"], n_components=2, max_iter=30, tol=0, watch=snapshots)
    >>> [snapshot.iteration for snapshot in whole_course(snapshots, found).frames]
    [0, 10, 20, 30]
    """
    fit = analysis.fitted()
    whole = Snapshots(iterations=fit.iterations, losses=fit.losses)
    whole.add(0, fit.initial)
    if snapshots and snapshots.frames:
        order = matching_order(snapshots.frames[-1].factors.W, fit.W)
        between = [s for s in snapshots.frames if 0 < s.iteration < fit.n_iter]
        whole.frames += [Snapshot(s.iteration, _ordered(s.factors, order)) for s in between]
    whole.add(fit.n_iter, fit.factors)
    return whole


def _ordered(factors: Factors, order: Order) -> Factors:
    there = order < factors.n_components
    chosen = factors.permuted(order[there])
    W = np.zeros((factors.W.shape[0], len(order)), np.float32)
    H = np.zeros((len(order), factors.H.shape[1]), np.float32)
    W[:, there], H[there] = chosen.W, chosen.H
    return Factors(W, H)


def _pictures(
    panels: Panels, snapshots: Snapshots, order: Order, title: str | None, language: Language
) -> Iterator[Picture]:
    """The pictures, shape (height, width, 3); what stays the same is drawn once."""
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
        subtitle.set_text(labels.moment(len(order), snapshot.iteration, language))
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
    durations[-1] += round(1000 * HOLD)
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)


def _palette() -> Image.Image:
    """An image with 256 colours: those of the panels, and the curve's and the writing's fading into white."""
    fading = LinearSegmentedColormap.from_list
    ramps = (
        (colormaps[COLOURS], 216),
        (fading("writing", [INK, "white"]), 24),
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
        for picture in _held(pictures, round(HOLD * fps)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _held(pictures: Iterator[Picture], times: int) -> Iterator[Picture]:
    """The pictures, the last one `times` times more."""
    last: list[Picture] = []
    for picture in pictures:
        last = [picture]
        yield picture
    yield from last * times


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` when all went well and is removed when not."""
    part = path.with_name(f".part-{path.name}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=error.strerror or error) from error
    finally:
        part.unlink(missing_ok=True)
