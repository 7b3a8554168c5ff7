"""The queue in trouble: cancelled uploads, orders without a sound, processes that don't start."""

import asyncio
import os
from types import SimpleNamespace

import pytest
from starlette.requests import ClientDisconnect

from otowake import text
from otowake.options import ServeSpec
from otowake.web import jobs as module
from otowake.web.job import Refused
from otowake.web.jobs import Jobs

TELL = "import sys, time; sys.stdin.readline(); print('{%s}', flush=True)"
DOES = TELL % '"done": true'
LINGERS = DOES + "; time.sleep(600)"
WORKS = TELL % '"begun": "reading"' + "; time.sleep(600)"
DIES = "pass"


class House:
    """A server's jobs, whose processes are these programs."""

    def __init__(self, folder, programs, **spec):
        self.jobs = Jobs(ServeSpec(**spec), folder)
        self.programs, self.made = programs, programs.made
        self.jobs.processes.start = programs.start

    def order(self, owner="me", address="here"):
        return self.jobs.reserve(owner, address, "a.wav", {"stages": []})

    async def sent(self, **who):
        job = self.order(**who)
        await self.jobs.receive(job, chunks(b"sound"))
        return job

    async def until(self, holds):
        for _ in range(3000):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nothing came of it")


async def chunks(*given, then=None):
    for chunk in given:
        yield chunk
    if then:
        await then()


async def never():
    await asyncio.Event().wait()


async def hung_up():
    raise ClientDisconnect


@pytest.fixture
def house(tmp_path, programs):
    """Run a test with a server and check that none of its processes is left."""

    def run(test, *these, **spec):
        async def live():
            made = House(tmp_path, programs(*these or (DOES,)), **spec)
            try:
                async with made.jobs.running():
                    await test(made)
            finally:
                await made.programs.end()

        asyncio.run(live())

    return run


async def refused(work):
    with pytest.raises(Refused) as caught:
        await work
    return caught.value.status, caught.value.sentence


@pytest.mark.parametrize("end", ["cancel", "remove"])
def test_a_job_cancelled_during_the_upload_never_runs(house, end):
    async def test(made):
        job = made.order()
        sending = asyncio.create_task(made.jobs.receive(job, chunks(b"a", then=never)))
        await made.until(lambda: (job.folder / "sound").exists() and job.upload)
        await getattr(made.jobs, end)(job)
        assert await refused(sending) == (409, text.WEB_CANCELLED)
        assert job.state == "cancelled" and not (job.folder / "sound").exists() and made.made == []
        assert job.folder.exists() == (end == "cancel") == (job in made.jobs.of("me"))
        assert (await made.sent()).state == "waiting"

    house(test)


def test_a_job_cancelled_at_the_last_byte_never_runs(house):
    async def test(made):
        job = made.order()
        await refused(made.jobs.receive(job, chunks(b"a", then=lambda: made.jobs.cancel(job))))
        assert job.state == "cancelled" and made.made == []

    house(test)


def test_a_sound_that_stops_arriving_frees_its_place(house):
    async def test(made):
        job = made.order()
        with pytest.raises(ClientDisconnect):
            await made.jobs.receive(job, chunks(b"a", then=hung_up))
        assert job.state == "cancelled" and not (job.folder / "sound").exists()
        await made.jobs.cancel(job)
        assert (await made.sent()).state == "waiting"

    house(test, per_person=1)


def test_a_second_sound_for_the_same_job_is_refused_and_the_first_goes_on(house):
    async def test(made):
        job, rest = made.order(), asyncio.Event()
        sending = asyncio.create_task(made.jobs.receive(job, chunks(b"a", then=rest.wait)))
        await made.until(lambda: job.upload)
        assert (await refused(made.jobs.receive(job, chunks(b"b"))))[0] == 409
        rest.set()
        await sending
        await made.until(lambda: job.state == "done")
        assert (job.folder / "sound").read_bytes() == b"a"

    house(test)


def test_orders_without_a_cookie_do_not_fill_the_queue(house):
    async def test(made):
        for n in range(3):
            made.order(f"nobody {n}")
        with pytest.raises(Refused) as caught:
            made.order("nobody 3")
        assert (caught.value.status, caught.value.sentence) == (429, text.WEB_ADDRESS_FIRST)
        assert (await made.sent(owner="other", address="there")).state == "waiting"

    house(test, per_address=3, queue=4)


def test_an_order_that_never_sends_its_sound_expires_and_one_that_sends_it_does_not(house):
    async def test(made):
        silent, sends = made.order("a"), made.order("b")
        sending = asyncio.create_task(made.jobs.receive(sends, chunks(b"a", then=never)))
        await made.until(lambda: sends.upload)
        silent.since = sends.since = since = 1000.0  # differences are exact
        await made.jobs.tidy(lambda: since + module.START_SECONDS)
        assert set(made.jobs.jobs.values()) == {silent, sends}
        await made.jobs.tidy(lambda: since + module.START_SECONDS + 1)
        assert list(made.jobs.jobs.values()) == [sends] and not silent.folder.exists()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    house(test)


def test_two_jobs_of_one_person_run_at_once_and_a_third_is_refused(house):
    async def test(made):
        both = [await made.sent() for _ in range(2)]
        await made.until(lambda: all(job.stage == "reading" for job in both))
        with pytest.raises(Refused) as caught:
            made.order()
        assert (caught.value.status, caught.value.sentence) == (429, text.WEB_YOURS_FIRST)
        await made.jobs.cancel(both[0])
        assert made.made[0].returncode is not None and both[1].state == "running"

    house(test, WORKS, at_once=2, per_person=2)


def test_a_full_disk_gives_an_error(house, monkeypatch):
    async def test(made):
        made.jobs.root = made.jobs.root / "gone"
        with pytest.raises(Refused) as caught:
            made.order()
        assert caught.value.status == 507 and not made.jobs.jobs

    house(test)


FORK = BlockingIOError(11, "Resource temporarily unavailable")


def test_a_result_survives_a_failed_spare_process(house, monkeypatch):
    monkeypatch.setattr(module, "RETRIES", ())

    async def test(made):
        job = await made.sent()
        await made.until(lambda: len(made.programs.left) == 1)
        assert (job.state, job.message) == ("done", None)
        await made.until(lambda: made.jobs._spare is None)
        late = await made.sent()
        await made.until(lambda: late.state == "done")

    house(test, DOES, FORK, DOES)


def test_a_failed_process_start_is_repeated(house, monkeypatch):
    monkeypatch.setattr(module, "RETRIES", (0, 0))

    async def test(made):
        one = await made.sent()
        await made.until(lambda: one.state == "done")

    house(test, FORK, FORK, DOES)


def test_a_job_without_a_process_fails_and_the_next_one_runs(house, monkeypatch):
    monkeypatch.setattr(module, "RETRIES", (0,))

    async def test(made):
        lost = await made.sent()
        await made.until(lambda: lost.state == "failed")
        assert lost.message["en"] == text.WEB_NO_PROCESS.format("en")
        late = await made.sent()
        await made.until(lambda: late.state == "done")

    house(test, FORK, FORK, FORK, DOES)


def test_a_dead_spare_process_is_replaced(house):
    async def test(made):
        made.jobs._spare = await made.programs.start()
        job = await made.sent()
        await made.until(lambda: job.state == "done")
        assert len(made.made) >= 2

    house(test, DIES, DOES)


def test_a_silently_dead_process_fails_its_job(house):
    async def test(made):
        job = await made.sent()
        await made.until(lambda: job.state == "failed")
        assert "The analysis crashed" in job.message["en"]

    house(test, DIES)


def test_an_ending_process_does_not_affect_the_next_run(house):
    async def test(made):
        job = await made.sent()
        await made.until(lambda: job.state == "done")
        await made.jobs.correct(job, [])
        await made.until(lambda: job.stage == "reading")
        first, second = made.made[:2]
        os.kill(first.pid, 9)
        await first.wait()
        await asyncio.sleep(0.1)  # for the first runner to come to its end
        assert job.state == "running" and job.process is second
        await made.jobs.cancel(job)
        assert second.returncode is not None and job.state == "done"

    house(test, LINGERS, WORKS, at_once=2)


def test_the_address_with_most_results_loses_the_first(house):
    async def test(made):
        kept = []
        for address in ("there", "here", "here", "here"):
            job = await made.sent(address=address, owner=address)
            await made.until(lambda job=job: job.state == "done")
            kept.append(job)
        await made.jobs.tidy()
        assert list(made.jobs.jobs.values()) == [kept[0], kept[3]]

    house(test, keep_most=2, keep_minutes=100)


def test_processes_do_not_get_the_password(monkeypatch, tmp_path):
    seen = SimpleNamespace(options={})

    async def exec_(*_, **options):
        seen.options = options
        raise FORK

    monkeypatch.setenv("OTOWAKE_PASSWORD", "sesame")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", exec_)
    with pytest.raises(BlockingIOError):
        asyncio.run(Jobs(ServeSpec(), tmp_path)._start())
    assert "OTOWAKE_PASSWORD" not in seen.options["env"] and seen.options["cwd"] == tmp_path


def test_a_visitor_sees_the_positions_of_their_jobs(house):
    async def test(made):
        jobs = [await made.sent() for _ in range(3)]
        await made.until(lambda: jobs[0].stage == "reading")
        assert [made.jobs.find("me", job.id) for job in jobs] == jobs
        assert [module.facts_of(made.jobs, job, ())["position"] for job in jobs] == [0, 1, 2]

    house(test, WORKS, at_once=1, per_person=3)


def test_warnings_of_a_job_are_shown(house):
    async def test(made):
        job = await made.sent()
        await made.until(lambda: job.state == "done")
        assert module.facts_of(made.jobs, job, ())["warnings"] == [{"en": "cut short"}]

    warns = """import sys; sys.stdin.readline()
print('{"warning": {"en": "cut short"}}\\n{"done": true}')"""
    house(test, warns)
