"""The password and its attempt limits, sessions, and names that no file can have."""

import asyncio
import json

import pytest

from otowake.web import password
from otowake.web.guard import SESSION, Sessions
from otowake.web.password import AttemptLimits, PasswordCheck
from otowake.web.visitors import address_of

ONE, OTHER = "192.0.2.1", "192.0.2.2"


def test_nothing_is_compared_while_the_queue_is_full():
    async def tried():
        check = PasswordCheck("sesame", AttemptLimits(waiting=2, pause=0))
        await check._one_by_one.acquire()
        waiting = [
            asyncio.create_task(check.try_password("wrong", f"10.0.0.{n}")) for n in range(2)
        ]
        await asyncio.sleep(0)
        refused = await check.try_password("sesame", OTHER)
        check._one_by_one.release()
        return refused, await asyncio.gather(*waiting), await check.try_password("sesame", OTHER)

    assert asyncio.run(tried()) == (None, [False, False], True)


def test_guesses_block_only_their_own_address(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(password.time, "monotonic", lambda: clock[0])

    async def tried():
        check = PasswordCheck(
            "sesame", AttemptLimits(wrong_of_address=3, waiting_of_address=2, seconds=60, pause=0)
        )
        at_once = await asyncio.gather(*(check.try_password(f"{n}", ONE) for n in range(4)))
        later = [await check.try_password(guess, ONE) for guess in ("x", "sesame")]
        other = await check.try_password("sesame", OTHER)
        clock[0] += 61
        return at_once, later, other, await check.try_password("sesame", ONE)

    at_once, later, other, after = asyncio.run(tried())
    assert sorted(at_once, key=str) == [False, False, None, None]
    assert later == [False, None] and other is True and after is True


def test_the_password_is_kept_as_a_slow_hash_with_a_salt():
    one, other = PasswordCheck("sesame"), PasswordCheck("sesame")
    assert len(one._hash) == 64 and one._hash != other._hash
    assert one.is_key(one.key) and not one.is_key(other.key) and not one.is_key(None)


def test_many_guesses_give_one_sentence(served):
    visitor = served(password="sesame")
    visitor.app.state.password_check.limits = AttemptLimits(wrong_of_address=1, pause=0)
    guess = {"password": "x"}
    assert visitor.post("/login", data=guess).status_code == 401
    answer = visitor.post("/login", data={"password": "sesame"})
    assert answer.status_code == 429 and "Too many attempts" in answer.text
    other = visitor.another(address="2001:db8::1")
    assert other.post("/login", data=guess).status_code == 401
    neighbour = visitor.another(address="2001:db8::2")
    assert neighbour.post("/login", data=guess).status_code == 429
    stranger = visitor.another(address="2001:db8:0:1::1")
    assert stranger.post("/login", data={"password": "sesame"}).status_code == 303


def test_addresses_are_grouped():
    assert address_of("fe80::1%eth0") == "fe80::"
    assert address_of(None) == "" and len(address_of("x" * 999)) == 64


FORGED = ["A" * 43, "A" * 43 + "." + "B" * 43, Sessions().new(), "%s.x", "é" * 43]


@pytest.mark.parametrize(
    "forged", FORGED, ids=["short", "unsigned", "foreign", "format", "letters"]
)
def test_a_foreign_session_is_replaced(served, forged):
    visitor = served()
    headers = {"Cookie": f"{SESSION}={forged}".encode()}
    order = json.dumps({"name": "a.wav", "size": 1})
    answer = visitor.post("/jobs", content=order, headers=headers)
    mine = visitor.cookies[SESSION]
    assert answer.status_code == 201 and mine != forged
    assert visitor.jobs.jobs[answer.json()["id"]].owner == mine
    assert visitor.another().get("/jobs", headers=headers).json() == []
    assert len(visitor.get("/jobs").json()) == 1
    visitor.post("/jobs", content=order)
    assert visitor.cookies[SESSION] == mine


@pytest.mark.parametrize(
    "name", ["%00", "a%00b", "x" * 300, "x/" * 3000, "%ff%fe", "a/../%00", "~" * 256 + "/y"]
)
def test_names_that_no_file_can_have_are_not_found(served, name):
    visitor = served()
    job = visitor.post("/jobs", content=b'{"name": "a.wav"}').json()["id"]
    visitor.jobs.jobs[job].result.mkdir()
    for path in (f"/results/{job}/{name}", f"/jobs/{job}/{name}", f"/jobs/{name}", f"/{name}"):
        assert visitor.get(path).status_code == 404, path
    assert visitor.delete(f"/jobs/{name}").status_code in (404, 405)


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "null", "http://localhost:x]"])
def test_a_missing_origin_is_refused(served, origin):
    assert served().another(origin=origin).post("/jobs", content=b"{}").status_code == 403
