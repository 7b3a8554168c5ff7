"""Drafts of corrections: how many, how long, how much memory, and for whom."""

import asyncio
import json
import os

import pytest

from otowake import text
from otowake.errors import BadInput
from otowake.web import draft
from otowake.web.drafts import DraftLimits, Drafts
from otowake.web.job import Job, Refused
from otowake.web.processes import Processes

READY = "import os, sys, time; print('ready', flush=True)\n"
ANSWERS = READY + "for line in sys.stdin: print(200, '{}', flush=True)"
HANGS = READY + "sys.stdin.readline(); time.sleep(600)"
DIES = READY + "sys.stdin.readline()"
NEVER_READY = "pass"

FACTS = {
    "notes": [[n, n / 10, n / 10 + 0.5, 60] for n in range(10)],
    "owner": [[n, "piano"] for n in range(10)],
    "players": {"piano": "piano"},
    "names": ["", ""],
    "length": 9.0,
    "next_id": 10,
}


class Bench:
    """Drafts whose processes are these programs."""

    def __init__(self, folder, programs, **limits):
        processes = Processes(folder)
        processes.start = programs.start
        self.folder, self.made = folder, programs.made
        self.drafts = Drafts(processes, DraftLimits(**limits))

    def draft(self, owner="me", address="here"):
        job = Job("1", owner, address, "a.wav", self.folder, {}, state="done")
        return asyncio.create_task(self.drafts.drafted(job, []))

    async def refused(self):
        with pytest.raises(Refused) as caught:
            await self.draft()
        return caught.value.status, caught.value.sentence


@pytest.fixture
def bench(tmp_path, programs):
    """Run a test and check that none of its processes is left."""

    def run(test, *these, **limits):
        async def live():
            started = programs(*these)
            try:
                await test(Bench(tmp_path, started, **limits))
            finally:
                await started.end()

        asyncio.run(live())

    return run


def test_one_process_makes_draft_after_draft(bench):
    async def test(made):
        assert [(await made.draft()).strip() for _ in range(3)] == [b"{}"] * 3
        assert len(made.made) == 1

    bench(test, ANSWERS)


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        (HANGS, (422, text.WEB_DRAFT_TOO_MUCH)),
        (DIES, (500, text.WEB_UNEXPECTED)),
        (NEVER_READY, (503, text.WEB_NO_PROCESS)),
        (BlockingIOError(11, "Resource temporarily unavailable"), (503, text.WEB_NO_PROCESS)),
    ],
)
def test_a_failed_draft_is_refused_and_the_next_one_works(bench, program, answer):
    async def test(made):
        assert await made.refused() == answer
        assert all(process.returncode is not None for process in made.made)
        assert (await made.draft()).strip() == b"{}"

    bench(test, program, ANSWERS, seconds=0.5 if program == HANGS else 60, at_once=1)


def test_a_process_that_died_while_idle_is_replaced(bench):
    async def test(made):
        await made.draft()
        made.made[0].kill()
        await made.made[0].wait()
        assert (await made.draft()).strip() == b"{}"

    bench(test, ANSWERS)


def test_a_cancelled_draft_ends_its_process(bench):
    async def test(made):
        waiting = made.draft()
        while not made.made:
            await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert made.made[0].returncode is not None
        assert (await made.draft()).strip() == b"{}"

    bench(test, HANGS, ANSWERS, at_once=1)


@pytest.mark.parametrize("limit", ["most", "of_address", "of_person"])
def test_waiting_drafts_are_limited(bench, limit):
    who = {
        "most": [("a", "1"), ("b", "2")],
        "of_address": [("a", "1"), ("b", "1")],
        "of_person": [("a", "1"), ("a", "2")],
    }
    loose = {"most": 9, "of_address": 9, "of_person": 9}

    async def test(made):
        first, second = (made.draft(*visitor) for visitor in who[limit])
        with pytest.raises(Refused) as caught:
            await second
        assert (caught.value.status, caught.value.sentence) == (503, text.WEB_DRAFTS_BUSY)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await made.draft(*who[limit][1])).strip() == b"{}"

    bench(test, HANGS, ANSWERS, **loose | {limit: 1})


@pytest.fixture
def result(live):
    """Start a server with a result of a visitor; return a function for requests."""
    state = live()
    owner = state.sessions.new()
    job = state.jobs.reserve(owner, "127.0.0.1", "a.wav", {"stages": [], "sound": "none"})
    (job.result / draft.PAGE).mkdir(parents=True)
    (job.result / draft.PAGE / draft.FILE).write_text(json.dumps(FACTS))
    job.become("done")

    def ask(what, edits):
        wire = state.dial()
        body = json.dumps({"edits": edits})
        wire.ask("POST", f"/jobs/{job.id}/{what}", body, Cookie=f"otowake-session={owner}")
        return wire

    ask.state = state
    return ask


@pytest.mark.parametrize("what", ["draft", "edits"])
@pytest.mark.parametrize(
    "edits",
    [
        [{"do": "delete", "component": 1}] * 201,
        [{"do": "name", "component": 1, "name": ""}] * (draft.MAX_CORRECTIONS + 1),
    ],
)
def test_too_many_corrections_are_refused_wherever_they_are_sent(result, what, edits):
    assert result(what, edits).status() == 422
    assert [job.state for job in result.state.jobs.jobs.values()] == ["done"]


def test_a_disconnected_visitor_ends_the_draft(result):
    """The process is stopped, so that it never answers; it ends with the connection."""
    assert result("draft", []).status() == 200
    drafts = result.state.drafts
    (process,) = drafts._idle
    os.kill(process.pid, 19)
    wire = result("draft", [])
    for _ in range(600):
        if not drafts._idle:
            break
        wire.is_quiet()
    wire.socket.close()
    for _ in range(600):
        if process.returncode is not None:
            break
        result.state.dial().is_quiet()
    assert process.returncode == -9
    assert result("draft", []).status() == 200


def test_a_refusal_shows_no_path_of_the_server(result):
    """The error names the file as the visitor did."""
    job = next(iter(result.state.jobs.jobs.values()))
    error = BadInput(text.NOT_READABLE, path=job.folder / draft.FILE, why="it is gone")
    assert all("a.wav" in message for message in draft.in_both(error, job.name).values())
    assert str(job.folder) not in json.dumps(draft.in_both(error, job.name))


@pytest.mark.parametrize(
    ("key", "value"), [("owner", [[0, {}]]), ("owner", [[0, 1]]), ("names", [None])]
)
def test_a_damaged_draft_is_one_sentence(tmp_path, key, value):
    (tmp_path / draft.FILE).write_text(json.dumps({**FACTS, key: value}))
    with pytest.raises(BadInput, match="not a result folder"):
        draft.drafted(tmp_path, [])
