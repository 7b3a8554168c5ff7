"""The bar of a running job: shares of the time, as measured."""

from __future__ import annotations

import pytest

from otowake.options import STAGES
from otowake.web.progress import PACE, fraction_of

ALL = ("reading", *STAGES, "writing")


def test_every_stage_has_a_pace():
    assert set(PACE) == set(ALL)


@pytest.mark.parametrize("length", [5.0, 600.0])
@pytest.mark.parametrize("speed", [0.2, 1.0, 5.0])
def test_the_bar_only_rises_on_slow_and_fast_machines(length, speed):
    done, seen = {}, [0.0]
    for stage in ALL:
        takes = speed * (PACE[stage][0] + PACE[stage][1] * length)
        for part in (0.0, 0.3, 0.7, 1.0):
            now = fraction_of(ALL, done, stage, part * takes, length=length)
            assert seen[-1] <= now < 1
            seen.append(now)
        done[stage] = takes


def test_the_bar_is_half_full_at_half_the_time_of_a_clip():
    times = [fixed + 30 * pace for fixed, pace in (PACE[stage] for stage in ALL)]
    half, done, passed = sum(times) / 2, {}, 0.0
    for stage, takes in zip(ALL, times, strict=True):
        if passed + takes > half:
            break
        done[stage] = takes
        passed += takes
    assert fraction_of(ALL, done, stage, half - passed) == pytest.approx(0.5, abs=0.1)


def test_known_iterations_decide_within_a_stage():
    few, many = (fraction_of(ALL, {"reading": 1}, "components", 0, inner=x) for x in (0.1, 0.9))
    assert many > few + 0.02
