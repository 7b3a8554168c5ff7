"""Connections: how long each part of a request may take, and how many an address may have."""

import asyncio
import time
from types import SimpleNamespace

import pytest
import uvicorn
from uvicorn.server import ServerState

from otowake.options import ServeSpec
from otowake.web import serve
from otowake.web.connection import Connection, Limits, connection

QUICK = Limits(header_seconds=0.3, body_seconds=0.3, look_seconds=0.05)


class Transport(asyncio.Transport):
    """A transport that buffers writes until the test releases them."""

    waiting, aborted = 0, False

    def get_extra_info(self, name, default=None):
        return ("192.0.2.1", 80) if name == "peername" else default

    def get_write_buffer_size(self):
        return self.waiting

    def is_closing(self):
        return self.aborted

    def abort(self):
        self.aborted = True

    def write(self, data):
        pass


@pytest.fixture
def looked(monkeypatch):
    """Make a connection without a network, and a manual clock."""
    loop, clock = asyncio.new_event_loop(), SimpleNamespace(now=0.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)

    async def app(scope, receive, send):
        await asyncio.Event().wait()

    config = uvicorn.Config(app, proxy_headers=False, log_level="error")
    limits = Limits(header_seconds=10, body_seconds=10, body_bytes=100, answer_seconds=30)
    made = connection(None, limits)(config, ServerState(), {}, loop)
    made.connection_made(Transport())

    def holds(seconds):
        """Whether the connection is still there after so long, of which it looks at each."""
        for _ in range(seconds):
            clock.now += 1
            made._next_look.cancel()
            if not made.transport.aborted:
                made._look()
        return not made.transport.aborted

    made.holds = holds
    yield made

    async def end():
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)

    loop.run_until_complete(end())
    loop.close()


HEAD = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n"


def test_slow_headers_time_out(looked):
    assert looked.holds(5)
    for letter in HEAD[:5]:
        looked.data_received(bytes([letter]))
        looked.holds(1)
    assert not looked.holds(1)


def test_slow_bodies_time_out(looked):
    looked.data_received(HEAD + b"\r\n")
    for _ in range(5):
        assert looked.holds(9)
        looked.data_received(b"x" * 100)
    looked.data_received(b"x" * 99)
    assert looked.holds(9) and not looked.holds(3)


def test_unread_answers_time_out(looked):
    looked.data_received(HEAD.replace(b"10000", b"0") + b"\r\n")
    looked.transport.waiting = 50_000
    for _ in range(5):
        assert looked.holds(29)
        looked.resume_writing()
    assert looked.holds(29) and not looked.holds(3)


def test_running_work_does_not_time_out(looked):
    looked.data_received(HEAD.replace(b"10000", b"0") + b"\r\n")
    assert looked.holds(1000)


def test_idle_connections_and_drips_are_closed_and_others_served(live):
    dial = live(QUICK).dial
    silent, header, body = dial(), dial(), dial()
    body.ask("POST", "/login", "x", length=1000)
    assert silent.is_closed() and header.is_closed(b"x") and body.is_closed(b"x")
    other = dial()
    other.ask("GET", "/")
    assert other.status() == 200


@pytest.mark.parametrize("limits", [Limits(of_address=3), Limits(of_all=3)])
def test_one_connection_too_many_closes_the_longest_idle(live, limits):
    dial = live(limits).dial
    idle = [dial() for _ in range(3)]
    late = dial()
    late.ask("GET", "/")
    assert late.status() == 200 and idle[0].is_closed()
    idle[2].ask("GET", "/")
    assert idle[2].status() == 200


def test_connections_of_another_address_are_not_touched(live):
    dial = live(Limits(of_address=2)).dial
    mine = dial("127.0.0.2")
    for _ in range(5):
        dial()
    mine.ask("GET", "/")
    assert mine.status() == 200


def test_a_working_connection_is_not_closed(live):
    dial = live(Limits(of_address=1), password="sesame").dial
    busy = dial()
    busy.ask("POST", "/login", "x", length=10, Expect="100-continue")
    assert busy.status() == 100
    late = dial()
    assert late.is_closed()
    busy.send("x" * 9)
    assert busy.status() == 401


def test_only_proxies_open_any_number_of_connections(live):
    dial = live(Limits(of_address=2), proxies="127.0.0.1").dial
    wires = [dial() for _ in range(6)]
    for wire in wires:
        wire.ask("GET", "/")
    assert [wire.status() for wire in wires] == [200] * 6


@pytest.mark.parametrize("proxies", [None, "127.0.0.1"])
def test_only_proxies_may_forward_addresses(live, proxies):
    state = live(proxies=proxies, password="sesame")
    wire = state.dial()
    body = "password=wrong"
    wire.ask("POST", "/login", body, X_Forwarded_For="2001:db8::7", X_Forwarded_Proto="https")
    assert wire.status() == 401
    assert list(state.password_check._wrong) == (["2001:db8::"] if proxies else ["127.0.0.1"])


def test_the_server_has_these_connections(monkeypatch):
    seen = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: seen.append(server.config))
    serve(ServeSpec(port=0))
    serve(ServeSpec(port=0, proxies="10.0.0.0/8"))
    for config in seen:
        config.load()
        assert issubclass(config.http_protocol_class, Connection)
        assert config.ws_protocol_class is None
    assert [config.proxy_headers for config in seen] == [False, True]
    assert "10.1.2.3" in seen[1].http_protocol_class.proxies
    assert "127.0.0.1" not in seen[1].http_protocol_class.proxies
