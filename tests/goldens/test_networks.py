"""The outputs of the pretrained networks on a seeded recording are the recorded ones."""

import probes
import pytest


@pytest.mark.parametrize("name", probes.FILES)
def test_outputs_of_the_networks_are_the_recorded_ones(name):
    assert not probes.differences(name, probes.contents()[name])


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("transcriber.npz", "time4"),
        ("recognizer.npz", "names.bias"),
        ("drums.npz", "3"),
        ("song.npz", "same2"),
    ],
)
def test_a_doubled_array_is_noticed(name, key):
    changed = dict(probes.doubled(probes.contents()[name]))[key]
    assert probes.differences(name, changed)
