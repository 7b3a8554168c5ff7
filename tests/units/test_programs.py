"""Examples of the program caches: bounded in memory and on disk."""

import os
import subprocess
import sys

from otowake.runtime import sweep

MANY_SHAPES = """
import jax, numpy as np, otowake
from otowake import programs
programs.MAX_PROGRAMS = 6
alive = lambda: len(jax.devices()[0].client.live_executables())
V = np.random.default_rng(0).uniform(1, 2, (20, 900)).astype(np.float32)
counts = []
for K in range(2, 8):
    otowake.factorize(V[:, : 120 * K], n_components=K, max_iter=10, tol=0)
    otowake.Activator(V[:, :K], max_iter=10)(V[:, : 2**K])
    counts.append(alive())
print(*counts)
"""


def test_the_number_of_live_programs_is_bounded():
    done = subprocess.run(
        [sys.executable, "-c", MANY_SHAPES], capture_output=True, text=True, check=True
    )
    counts = [int(word) for word in done.stdout.split()]
    assert counts[0] >= 4
    assert max(counts) <= 6 + 4  # the cache, and a few programs of JAX
    assert counts[-1] == counts[-2] == counts[-3]


def test_the_least_recently_used_files_are_removed(tmp_path):
    for age, name in enumerate(("newest", "read", "older", "oldest")):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    os.utime(tmp_path / "older", (2e9, 1e9 - 2))  # written long ago, read recently
    sweep(tmp_path, 400)
    assert len([*tmp_path.iterdir()]) == 4
    sweep(tmp_path, 250)
    assert {path.name for path in tmp_path.iterdir()} == {"newest", "older"}


def test_the_cache_on_disk_is_bounded(tmp_path):
    """A new process trims the cache folder and adds its own programs."""
    code = (
        "import otowake.runtime as m; m.CACHE_BYTES = 1000; m.keep_compiled_programs();"
        "import jax, jax.numpy as jnp; jax.jit(lambda x: jnp.sin(x) + 1)(1.0)"
    )
    home = tmp_path / "otowake"
    home.mkdir()
    for i in range(5):
        (home / f"old{i}").write_bytes(bytes(500))
        os.utime(home / f"old{i}", (1e9 + i, 1e9 + i))
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    names = {path.name for path in home.iterdir()}
    assert {"old3", "old4"} == {name for name in names if name.startswith("old")}
    assert names - {"old3", "old4"}
