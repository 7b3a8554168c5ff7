"""What stands before the page: who may ask, by which name, from where; and what the browser is told to refuse."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from otowake import text
from otowake.options import ServeSpec
from otowake.text import LANGUAGES, Text
from otowake.web.door import Door

SESSION, KEY = "otowake-session", "otowake-key"
"""Names of the cookies: whose results, and that the password was known."""

CHANGING = ("POST", "PUT", "DELETE", "PATCH")

OPEN_PATHS = ("/login", "/page.css")
"""What is seen without the password."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)

REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; connect-src 'self' data: blob:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""Of the report, a page that carries everything in itself."""

LOOPBACK_ANCESTORS = "'self' http://localhost:* http://127.0.0.1:*"
"""A notebook on the same computer may show the page in a frame."""


class Guard:
    """An ASGI application around another one: checks, then headers."""

    def __init__(
        self, app: ASGIApp, *, spec: ServeSpec, sessions: Sessions, door: Door | None = None
    ) -> None:
        self.app, self.spec, self.sessions, self.door = app, spec, sessions, door
        ancestors = LOOPBACK_ANCESTORS if is_loopback(spec.host) else "'self'"
        self.policy = POLICY.format(ancestors=ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        cookies = _cookies(headers)
        scope["session"] = self.sessions.known(cookies.get(SESSION))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                out.setdefault("Content-Security-Policy", self.policy)
                out.setdefault("Cache-Control", "no-store")
                out["X-Content-Type-Options"] = "nosniff"
                out["Referrer-Policy"] = "no-referrer"
                out["Cross-Origin-Opener-Policy"] = "same-origin"
                out["Cross-Origin-Resource-Policy"] = "same-origin"
                out["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(self)"
            await send(message)

        answer: ASGIApp = self.app
        if not known_host(headers.get("host", ""), self.spec.known_names):
            answer = _refusal(421, text.WEB_UNKNOWN_HOST)
        elif scope["method"] in CHANGING and not same_origin(headers):
            answer = _refusal(403, text.WEB_OTHER_ORIGIN)
        elif self.door and path not in OPEN_PATHS and not self.door.opened_by(cookies.get(KEY)):
            answer = (
                RedirectResponse("/login", 303) if path == "/" else _refusal(401, text.WEB_NOT_IN)
            )
        await answer(scope, receive, with_headers)


class Sessions:
    """Sessions of this run of the server: random names, each with a seal that only it can make."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def new(self) -> str:
        """A session that nobody can guess."""
        name = secrets.token_urlsafe(32)
        return f"{name}.{self._seal(name)}"

    def known(self, cookie: str | None) -> str | None:
        """The session of a cookie if it was made here, or else None."""
        if not cookie or not re.fullmatch(r"[\w-]{43}\.[\w-]{43}", cookie, re.ASCII):
            return None
        name, seal = cookie.split(".")
        return cookie if hmac.compare_digest(seal, self._seal(name)) else None

    def _seal(self, name: str) -> str:
        seal = hmac.digest(self._key, name.encode(), "sha256")
        return base64.urlsafe_b64encode(seal).decode().rstrip("=")


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this computer alone.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def known_host(host: str, names: tuple[str, ...]) -> bool:
    """Whether a Host header is one of ours: localhost, a name that was given, or an address.

    A page of somebody else's whose name was made to lead here (DNS rebinding) comes with its own name.

    Examples
    --------
    >>> [known_host(host, ("music.example.org",)) for host in ("localhost:7860", "[::1]:80", "music.example.org")]
    [True, True, True]
    >>> known_host("evil.example", ()), known_host("", ())
    (False, False)
    """
    name = re.sub(r":\d+$", "", host).lower()
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def same_origin(headers: Headers) -> bool:
    """Whether a request that changes something comes from our own page."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {
            name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()
        }
    except CookieError:
        return {}


def _refusal(status: int, sentence: Text) -> JSONResponse:
    return JSONResponse({"message": {each: sentence.format(each) for each in LANGUAGES}}, status)
