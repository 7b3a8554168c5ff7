"""Measure the time per frame of live factorisation with fixed components.

    python benchmarks/live.py FILE [--components 20 88] [--frames 500] [--losses kl euclidean]

W is learnt from the file; then its frames pass one at a time through :class:`otowake.Activator`,
from a cold start or from the activations of the previous frame. The output is the median and the
99th percentile of the time per frame, and the loss relative to the loss after 5,000 updates (sums
over the frames).
"""

from __future__ import annotations

import argparse
import time
import warnings

import jax.numpy as jnp
import numpy as np

import otowake
from otowake.nmf.divergence import divergence
from otowake.options import FitSpec


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--components", type=int, nargs="+", default=[20, 88])
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--losses", nargs="+", default=["kl", "euclidean"])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    V = np.asarray(otowake.spectrogram(otowake.load(arguments.file)).values)
    new = V[:, : arguments.frames]
    for loss in arguments.losses:
        for K in arguments.components:
            W = otowake.factorize(V, n_components=K, loss=loss).W
            beta = FitSpec(loss=loss).beta
            reference_loss = None
            for label, warm, options in (
                ("5,000 updates, one block", False, {"max_iter": 5000, "tol": 0}),
                ("50 updates", False, {"max_iter": 50, "tol": 0}),
                ("100 updates", False, {"max_iter": 100, "tol": 0}),
                ("until convergence (default)", False, {}),
                ("50 updates, warm start", True, {"max_iter": 50, "tol": 0}),
                ("until convergence, warm start", True, {}),
            ):
                activations = otowake.Activator(W, loss=loss, **options)
                if reference_loss is None:
                    H, took = activations(new), [float("nan")]
                else:
                    H, took = frame_by_frame(activations, new, warm)
                final_loss = float(divergence(jnp.asarray(new), jnp.asarray(W @ H), beta))
                reference_loss = final_loss if reference_loss is None else reference_loss
                print(
                    f"{loss}, K = {K}, {label}: median {1e3 * np.median(took):.2f} ms a frame,"
                    f" 99 % within {1e3 * np.percentile(took, 99):.2f} ms;"
                    f" loss {final_loss / reference_loss - 1:+.2%}"
                )


def frame_by_frame(
    activations: otowake.Activator, V: np.ndarray, warm: bool
) -> tuple[np.ndarray, list[float]]:
    H = [activations(V[:, 0])]
    if warm:
        activations(V[:, 0], H[0])
    took = []
    for frame in V.T:
        begun = time.perf_counter()
        H.append(activations(frame, H[-1] if warm else None))
        took.append(time.perf_counter() - begun)
    return np.stack(H[1:], axis=1), took


if __name__ == "__main__":
    main()
