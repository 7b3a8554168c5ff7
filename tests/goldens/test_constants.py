"""Each room of `music` gives the recorded outputs on the seeded recording: its constants act.

A change that is meant records the goldens again:
``PYTHONPATH=. python tests/helpers/constants.py``.
"""

import os
import subprocess
import sys

import constants
import pytest


@pytest.mark.parametrize("room", constants.ROOMS)
def test_outputs_of_the_room_are_the_recorded_ones(room):
    assert not constants.differences(room)


def test_a_doubled_constant_changes_an_output():
    command = [sys.executable, constants.__file__, "--double", "components.PITCH.compression"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert "components/f0" in printed
