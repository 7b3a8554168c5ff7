"""Signals: none is lost, wherever it arrives, and what a command has half-written goes with it."""

import gc
import os
import signal
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from archives import clip, environment

from otowake.cli.signals import ended_well, stopped_by_hand

DEAF = """
import os, signal, time
from otowake.cli import signals

signals.GRACE = 0.5
with signals.stopped_by_hand("en"):
    os.kill(os.getpid(), signal.SIGTERM)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            time.sleep(1)
        except SystemExit:
            pass
"""
HUNG_UP = """
import os, signal, time
from otowake.cli.signals import ended_well

with ended_well():
    os.kill(os.getpid(), signal.SIGHUP)
    time.sleep(0.5)
    print("went on")
"""
FIFTY = """
import os, random, signal, sys, threading
from pathlib import Path
from otowake.cli.signals import ended_well
from otowake.cli.split import split

os.chdir(sys.argv[1])
chance, codes = random.Random(0), []
given = {
    "n_components": 2, "max_iter": 40, "tol": 0, "checkpoint": 0.01,
    "sample_rate": 8000, "n_fft": 256, "hop": 64, "stages": "components", "overwrite": True,
    **dict.fromkeys(["animation", "score", "options", "lang"]),
}

def work():
    split("en", files=["a.wav"], output="out", **given)

work()
for i in range(50):
    number = signal.SIGHUP if i % 2 else signal.SIGTERM
    try:
        with ended_well():
            threading.Timer(chance.uniform(0, 0.3), os.kill, (os.getpid(), number)).start()
            for _ in range(1000):
                work()
    except SystemExit as error:
        codes.append(error.code)
    left = [path.name for path in Path("out").iterdir()]
    assert set(left) <= {"a", ".a.checkpoint"}, left
print("codes:", *codes)
"""

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ENDING = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])


def child(*command):
    """Run a process to its end."""
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=environment(),
    )


def while_collecting(act):
    """Call `act` in a callback of the garbage collector, which swallows what it raises."""

    def callback(phase, info):
        if phase == "start":
            act()

    gc.callbacks.append(callback)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(callback)


def while_computing(act):
    """Call `act` in a callback of a compiled program, which raises something else."""

    def callback(x):
        act()
        return x

    shape = jax.ShapeDtypeStruct((), jnp.float32)
    program = jax.jit(lambda x: jax.pure_callback(callback, shape, x))
    try:
        program(np.float32(1)).block_until_ready()
    except Exception as error:  # what JAX makes of it has no name of its own
        assert "callback" in str(error)


def while_collected(act):
    """Call `act` in a finalizer, which swallows what it raises."""

    class Kept:
        def __del__(self):
            act()

    Kept()


@ENDING
@pytest.mark.parametrize("swallows", [while_collecting, while_computing, while_collected])
def test_a_signal_whose_exception_is_swallowed_still_ends_the_command(swallows, number):
    steps = []

    def act():
        os.kill(os.getpid(), number)
        for _ in range(50):
            time.sleep(0.1)
        steps.append("the callback went on")

    def command():
        with stopped_by_hand("en"):
            swallows(act)
            steps.append("swallowed")
            for _ in range(50):
                time.sleep(0.1)

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 128 + number
    assert steps in ([], ["swallowed"])


@ENDING
@pytest.mark.parametrize("taken", [KeyboardInterrupt, SystemExit])
def test_cleanup_after_a_signal_is_not_interrupted_by_its_repetition(taken, number):
    """Nor by more signals of whoever is impatient."""
    tidied = []

    def command():
        with ended_well():
            try:
                os.kill(os.getpid(), number if taken is SystemExit else signal.SIGINT)
                time.sleep(5)
            finally:
                for _ in range(20):
                    time.sleep(0.02)
                    os.kill(os.getpid(), number)
                tidied.append(True)

    with pytest.raises(taken):
        command()
    assert tidied == [True]


def test_the_first_ctrl_c_sets_a_flag_and_the_second_ends_the_command(capfd):
    def command():
        with stopped_by_hand("en") as stopped:
            os.kill(os.getpid(), signal.SIGINT)
            while not stopped():
                time.sleep(0.01)
            flags.append(stopped())
            while_collecting(lambda: (os.kill(os.getpid(), signal.SIGINT), time.sleep(5)))
            time.sleep(5)

    flags = []
    with pytest.raises(KeyboardInterrupt):
        command()
    assert flags == [True]
    assert capfd.readouterr().err == "Stopping; press Ctrl-C again to quit at once.\n"


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


def test_a_late_signal_takes_effect_at_the_end_and_handlers_are_restored():
    before = handlers()

    def command():
        with stopped_by_hand("en"):
            while_collected(lambda: os.kill(os.getpid(), signal.SIGTERM))

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 128 + signal.SIGTERM
    assert handlers() == before


def test_a_command_that_ignores_signals_is_killed():
    done = child(sys.executable, "-c", DEAF)
    assert done.returncode == 128 + signal.SIGTERM


def test_nohup_still_ignores_hangups():
    done = child("nohup", sys.executable, "-c", HUNG_UP)
    assert done.stdout == "went on\n"


def test_fifty_signals_at_any_moment_end_an_analysis_and_leave_nothing_half_written(tmp_path):
    clip(tmp_path / "a.wav", 0)
    done = child(sys.executable, "-c", FIFTY, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.rpartition("codes:")[2].split() == ["143", "129"] * 25
