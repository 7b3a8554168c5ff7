"""Connections with limits: the time of each part of a request, and the number from one address.

uvicorn limits the pause between two requests and the size of the headers, but neither the time that
headers take nor the pace of a body or of an answer. Each connection here checks itself at regular
intervals until it is lost.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple, cast

import h11
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from otowake.web.address import address_of


class Limits(NamedTuple):
    """The bounds of connections.

    Attributes
    ----------
    header_seconds
        From the end of an answer, or the start of the connection, until the next request has all
        its headers.
    body_bytes, body_seconds
        At least so much of a body arrives in so many seconds.
    answer_seconds
        After so long without taking any of the 48 KiB that wait for it, a client is gone.
    of_address, of_all
        How many connections there may be. One more closes the one that has been idle longest.
    look_seconds
        How often a connection looks at itself.
    """

    header_seconds: float = 15.0
    body_bytes: int = 20 * 2**10
    body_seconds: float = 20.0
    answer_seconds: float = 120.0
    of_address: int = 64
    of_all: int = 512
    look_seconds: float = 1.0


LIMITS = Limits()


class Connection(H11Protocol):
    """uvicorn's connection, within :class:`Limits`."""

    limits = LIMITS
    proxies: Any = ()
    """The addresses of which there may be any number of connections: those of proxies."""

    address = ""
    _received = 0
    _taken = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        host = self.client[0] if self.client else None
        self.address = "" if host in self.proxies else address_of(host)
        self._mark()
        self._make_room()
        self._next_look = self.loop.call_later(self.limits.look_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._next_look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)

    def resume_writing(self) -> None:
        self._taken += 1
        super().resume_writing()

    @property
    def _phase(self) -> tuple[str, Any]:
        """What is waited for, and at which request."""
        cycle = self.cycle
        if self.transport.get_write_buffer_size():
            return "answer", self._taken
        if cycle is None or cycle.response_complete:
            return "header", cycle
        if self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused:
            return "body", cycle
        return "work", cycle

    def _mark(self) -> None:
        self._marked, self._since, self._before = self._phase, time.monotonic(), self._received

    def _look(self) -> None:
        kind, _ = self._marked
        age = time.monotonic() - self._since
        got_on = kind == "body" and self._received - self._before >= self.limits.body_bytes
        if self._phase != self._marked or got_on:
            self._mark()
        elif kind != "work" and age > getattr(self.limits, f"{kind}_seconds"):
            self.transport.abort()
            return
        self._next_look = self.loop.call_later(self.limits.look_seconds, self._look)

    def _make_room(self) -> None:
        """Close the connection that has been idle longest where there are too many."""
        others = self.connections - {self}
        others = [each for each in others if isinstance(each, Connection)]
        mine = [other for other in others if other.address == self.address != ""]
        for rivals, most in ((mine, self.limits.of_address), (others, self.limits.of_all)):
            if len(rivals) >= most:
                idle = [each for each in rivals if each.is_idle]
                min(idle, key=lambda each: each._since, default=self).transport.abort()
                return

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a request."""
        return self._phase[0] == "header" and not self.transport.is_closing()


def connection(proxies: str | None, limits: Limits = LIMITS) -> type[Connection]:
    """The class of a server's connections.

    Parameters
    ----------
    proxies
        Addresses and networks of proxies, separated by commas.
    limits
        The bounds.
    """
    nothing = cast(Any, None)
    trusted = ProxyHeadersMiddleware(nothing, proxies).trusted_hosts if proxies else ()
    return type("Connection", (Connection,), {"limits": limits, "proxies": trusted})
