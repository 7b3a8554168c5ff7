"""How long a frame takes when new sound is taken apart live, with the components kept.

    python benchmarks/live.py FILE [--components 20 88] [--frames 500] [--losses kl euclidean]

W is learnt from the file; then its frames come one at a time through :class:`otowake.Activator`, each begun anew or at
the activations of the frame before. Told are the median and the 99th percentile of the time for a frame, and how far its
loss lies above the least that 5,000 updates reach (mean over the frames, relative to the sum).
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
            least = None
            for label, warm, options in (
                ("5,000 updates, a block", False, {"max_iter": 5000, "tol": 0}),
                ("50 updates", False, {"max_iter": 50, "tol": 0}),
                ("100 updates", False, {"max_iter": 100, "tol": 0}),
                ("to rest (default)", False, {}),
                ("50 updates, from the frame before", True, {"max_iter": 50, "tol": 0}),
                ("to rest, from the frame before", True, {}),
            ):
                activations = otowake.Activator(W, loss=loss, **options)
                if least is None:
                    H, took = activations(new), [float("nan")]
                else:
                    H, took = one_by_one(activations, new, warm)
                reached = float(divergence(jnp.asarray(new), jnp.asarray(W @ H), beta))
                least = reached if least is None else least
                print(
                    f"{loss}, K = {K}, {label}: median {1e3 * np.median(took):.2f} ms a frame,"
                    f" 99 % within {1e3 * np.percentile(took, 99):.2f} ms; loss {reached / least - 1:+.2%}"
                )


def one_by_one(
    activations: otowake.Activator, V: np.ndarray, warm: bool
) -> tuple[np.ndarray, list[float]]:
    found = [activations(V[:, 0])]
    if warm:
        activations(V[:, 0], found[0])
    took = []
    for frame in V.T:
        begun = time.perf_counter()
        found.append(activations(frame, found[-1] if warm else None))
        took.append(time.perf_counter() - begun)
    return np.stack(found[1:], axis=1), took


if __name__ == "__main__":
    main()
