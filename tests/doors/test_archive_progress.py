"""What the progress bars of an archive show."""

from dataclasses import replace

import pytest

from otowake.cli.archive import _learn_drawn, _run_drawn
from otowake.cluster.progress import Learning, Tally


@pytest.mark.parametrize(
    ("language", "words"), [("en", "reading 12 recordings"), ("ja", "録音 12 個")]
)
def test_reading_counts_the_recordings(language, words):
    assert words in _run_drawn(Tally(recordings=12, reading=True), language)["description"]
    assert words in _learn_drawn(Learning(recordings=12), language)["description"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_work_counts_what_is_done(language):
    run = _run_drawn(replace(Tally(recordings=12, done=5, failed=2), reading=False), language)
    assert (run["total"], run["completed"]) == (12, 7) and "5" in run["description"]
    learning = _learn_drawn(Learning(recordings=12, passes=3, most=9, loss=1.5), language)
    assert (learning["total"], learning["completed"]) == (9, 3)
