"""Run the manual's NMF program, the reference for otowake.

The lecture notes factorise V ≈ exp(lw) · exp(lh) with Adam on the *logarithms* of both factors, and
compute the I-divergence by a log-sum-exp over a (frame, component, bin) tensor. This file runs the
program unchanged, eagerly, on V of shape (frame, bin), apart from two details without effect on the
numbers: ``opt.minimize(loss, var_list)`` with a callable no longer exists in Keras 3, so a
``tf.GradientTape`` and ``apply_gradients`` replace it; and the loop neither prints nor prepares
arrays for the figure. Shapes are the manual's, the transpose of otowake's: lw (frame, component),
lh (component, bin).

    python benchmarks/manual_tensorflow.py record           # writes tests/goldens/manual_adam.npz
    python benchmarks/manual_tensorflow.py time music.mp3   # mean milliseconds per step

Needs ``tensorflow-cpu`` and ``librosa``, which otowake itself does not depend on.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Literal

import keras
import librosa
import numpy as np
import numpy.typing as npt
import tensorflow as tf

ROOT = Path(__file__).resolve().parents[1]
N_BASIS = 20
RATE = 22_050

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Loss = Literal["kl", "euclidean"]


def spectrogram(path: Path, seconds: float | None = None) -> Float32:
    """Compute the manual's magnitude spectrogram of a file: (frame, bin), mean 1, plus 1e-10."""
    y, _ = librosa.load(path, sr=RATE, mono=True, duration=seconds)
    v = abs(librosa.stft(y).T)
    v /= v.mean()
    return (v + 1e-10).astype(np.float32)


def start(n_frames: int, n_bins: int, seed: int = 0) -> tuple[Float32, Float32]:
    """Draw standard normal logarithms of both factors, (frame, component), (component, bin)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    lw = rng.standard_normal((n_frames, N_BASIS), dtype=np.float32)
    return lw, rng.standard_normal((N_BASIS, n_bins), dtype=np.float32)


def run(x: Float32, lw0: Float32, lh0: Float32, loss: Loss, n_iter: int) -> tuple[Float64, Float64]:
    """Run the manual's loop; return the loss and the seconds of each iteration."""
    x = tf.constant(x)
    lx = tf.math.log(x)
    lw, lh = tf.Variable(lw0), tf.Variable(lh0)

    def loss_euc() -> tf.Tensor:
        wh = tf.matmul(tf.exp(lw), tf.exp(lh))
        return tf.reduce_sum((x - wh) ** 2)

    def loss_idiv() -> tf.Tensor:
        lwh = tf.reduce_logsumexp(lw[:, :, None] + lh[None, :, :], axis=1)
        return tf.reduce_sum(x * (lx - lwh - 1) + tf.exp(lwh))

    objective = {"kl": loss_idiv, "euclidean": loss_euc}[loss]
    opt = tf.keras.optimizers.Adam(learning_rate=0.1)
    losses, seconds = np.empty(n_iter), np.empty(n_iter)
    for i in range(n_iter):
        began = time.perf_counter()
        with tf.GradientTape() as tape:
            value = objective()
        opt.apply_gradients(zip(tape.gradient(value, [lw, lh]), [lw, lh], strict=True))
        losses[i] = objective().numpy()
        seconds[i] = time.perf_counter() - began
    return losses, seconds


def record(clip: Path, out: Path, n_iter: int) -> None:
    """Write the losses of both objectives from one start, and that start, as a golden."""
    x = spectrogram(clip)
    lw0, lh0 = start(*x.shape)
    losses = {f"losses_{loss}": run(x, lw0, lh0, loss, n_iter)[0] for loss in ("kl", "euclidean")}
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out,
        lw0=lw0,
        lh0=lh0,
        frames=np.int64(len(x)),
        tensorflow=np.str_(tf.__version__),
        keras=np.str_(keras.__version__),
        librosa=np.str_(librosa.__version__),
        **losses,
    )
    print(f"{out}: {len(x)} frames, {n_iter} iterations, {out.stat().st_size / 1000:.0f} kB")


def timing(file: Path, n_iter: int) -> None:
    """Print the mean milliseconds per step on the first 30 s of a file, after a warm-up step."""
    x = spectrogram(file, seconds=30)
    seconds = run(x, *start(*x.shape), "kl", n_iter + 1)[1][1:]
    print(f"{file.name}: V {x.shape}, {1000 * seconds.mean():.1f} ms per step (mean of {n_iter})")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Run the manual's TensorFlow NMF.")
    commands = parser.add_subparsers(dest="command", required=True)
    rec = commands.add_parser("record", help="write the golden losses")
    rec.add_argument("--clip", type=Path, default=ROOT / "src/otowake/data/demo.ogg")
    rec.add_argument("--out", type=Path, default=ROOT / "tests/goldens/manual_adam.npz")
    rec.add_argument("--iterations", type=int, default=300)
    tim = commands.add_parser("time", help="print mean milliseconds per step")
    tim.add_argument("file", type=Path)
    tim.add_argument("--iterations", type=int, default=30)
    args = parser.parse_args()
    if args.command == "record":
        record(args.clip, args.out, args.iterations)
    else:
        timing(args.file, args.iterations)


if __name__ == "__main__":
    main()
