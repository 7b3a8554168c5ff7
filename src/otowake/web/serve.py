"""Start the server."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from otowake import text
from otowake.errors import BadInput, MissingExtra
from otowake.options import ServeSpec

GRACE_SECONDS = 2
"""Seconds for pending answers when the server stops."""


def serve(
    spec: ServeSpec | None = None,
    *,
    password: str | None = None,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Serve the web page until the process is interrupted.

    Parameters
    ----------
    spec
        Address, access and limits.
    password
        The password for visitors; by default from the password file or ``OTOWAKE_PASSWORD`` in the
        environment.
    ready
        Called with the page's address when the server is ready.

    Raises
    ------
    MissingExtra
        Without the extra ``web``.
    BadInput
        If the port is in use, or other machines can reach the address and there is no password.
    """
    spec = spec or ServeSpec()
    try:
        import uvicorn

        from otowake.web.app import create_app
        from otowake.web.connection import LIMITS, connection
        from otowake.web.guard import is_loopback
        from otowake.web.workplace import workplace
    except ImportError as error:
        raise MissingExtra(text.NEEDS_WEB) from error
    password = password or _password(spec)
    if not (password or spec.open or is_loopback(spec.host)):
        raise BadInput(text.WEB_NEEDS_PASSWORD, host=spec.host)
    listener = _listener(spec)
    with listener, workplace() as root:
        config = uvicorn.Config(
            create_app(spec, root, password),
            http=connection(spec.proxies),
            ws="none",
            proxy_headers=spec.proxies is not None,
            forwarded_allow_ips=spec.proxies,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=LIMITS.of_all,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if ready:  # after this a signal ends the server properly
                    ready(_address(spec, listener))

        Server(config).run(sockets=[listener])


def _password(spec: ServeSpec) -> str | None:
    if spec.password_file is None:
        return os.environ.get("OTOWAKE_PASSWORD") or None
    path = Path(spec.password_file)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error
    if not lines or not lines[0]:
        raise BadInput(text.EMPTY_FILE, path=path)
    return lines[0]


def _listener(spec: ServeSpec) -> socket.socket:
    family = socket.AF_INET6 if ":" in spec.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((spec.host, spec.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        facts = {"host": spec.host, "port": spec.port, "why": text.reason_of(error)}
        raise BadInput(text.WEB_NO_PORT, **facts) from error
    return listener


def _address(spec: ServeSpec, listener: socket.socket) -> str:
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(spec.host, spec.host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}/"
