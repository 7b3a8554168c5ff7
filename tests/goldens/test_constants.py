"""Each room of `music` gives the recorded outputs on the seeded recording: its constants act.

A change that is meant records the goldens again:
``PYTHONPATH=. python tests/helpers/constants.py``.
"""

import constants
import pytest


@pytest.mark.parametrize("room", constants.ROOMS)
def test_outputs_of_the_room_are_the_recorded_ones(room):
    assert not constants.differences(room)
