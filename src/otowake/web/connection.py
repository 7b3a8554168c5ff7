"""Connections with limits on the time of a request and on their number per address.

uvicorn limits the pause between two requests and the size of the headers, but neither the time of
the headers nor the rate of a body or an answer. Each connection here checks its limits at regular
intervals.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple, cast

import h11
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from otowake.web.visitors import address_of


class Limits(NamedTuple):
    """The bounds of connections.

    Attributes
    ----------
    header_seconds
        Seconds from the end of an answer, or the start of the connection, until the headers of the
        next request are complete.
    body_bytes, body_seconds
        The bytes of a body that must arrive within the seconds.
    answer_seconds
        Seconds after which a client that reads none of the 48 KiB buffered for it is disconnected.
    of_address, of_all
        The number of connections. One more closes the connection that has been idle longest.
    look_seconds
        Seconds between two checks of a connection.
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
    """A connection of uvicorn within :class:`Limits`."""

    limits = LIMITS
    proxies: Any = ()
    """Addresses of proxies, which may open any number of connections."""

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
        """The awaited event, and the request."""
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
        progressed = kind == "body" and self._received - self._before >= self.limits.body_bytes
        if self._phase != self._marked or progressed:
            self._mark()
        elif kind != "work" and age > getattr(self.limits, f"{kind}_seconds"):
            self.transport.abort()
            return
        self._next_look = self.loop.call_later(self.limits.look_seconds, self._look)

    def _make_room(self) -> None:
        """Close the connection that has been idle longest if there are too many."""
        others = self.connections - {self}
        others = [other for other in others if isinstance(other, Connection)]
        mine = [other for other in others if other.address == self.address != ""]
        for rivals, most in ((mine, self.limits.of_address), (others, self.limits.of_all)):
            if len(rivals) >= most:
                idle = [rival for rival in rivals if rival.is_idle]
                min(idle, key=lambda rival: rival._since, default=self).transport.abort()
                return

    @property
    def is_idle(self) -> bool:
        """Whether the connection waits for a request."""
        return self._phase[0] == "header" and not self.transport.is_closing()


def connection(proxies: str | None, limits: Limits = LIMITS) -> type[Connection]:
    """Make the class of a server's connections.

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
