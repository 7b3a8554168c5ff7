"""Access checks before each request, and security headers of each answer."""

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
from otowake.web.password import PasswordCheck

SESSION, KEY = "otowake-session", "otowake-key"
"""Cookies of the session and of the password's key."""

CHANGING = ("POST", "PUT", "DELETE", "PATCH")

OPEN_PATHS = ("/login", "/page.css")
"""Paths that need no password."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors {ancestors}"
)

REPORT_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' data: 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self' data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The policy of the report, a self-contained page."""

LOOPBACK_ANCESTORS = "'self' http://localhost:* http://127.0.0.1:*"
"""Notebooks on the same computer, which may show the page in a frame."""


class Guard:
    """An ASGI application that checks requests to another one and adds headers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        spec: ServeSpec,
        sessions: Sessions,
        password_check: PasswordCheck | None = None,
    ) -> None:
        self.app, self.spec, self.sessions, self.password_check = (
            app,
            spec,
            sessions,
            password_check,
        )
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
        elif (
            self.password_check
            and path not in OPEN_PATHS
            and not self.password_check.is_key(cookies.get(KEY))
        ):
            answer = (
                RedirectResponse("/login", 303) if path == "/" else _refusal(401, text.WEB_NOT_IN)
            )
        await answer(scope, receive, with_headers)


class Sessions:
    """Sessions: random names, each signed with the server's key of this run."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def new(self) -> str:
        """Make a session that cannot be guessed."""
        name = secrets.token_urlsafe(32)
        return f"{name}.{self._sign(name)}"

    def known(self, cookie: str | None) -> str | None:
        """Return the session of a cookie if its signature is valid, or else None."""
        if not cookie or not re.fullmatch(r"[\w-]{43}\.[\w-]{43}", cookie, re.ASCII):
            return None
        name, signature = cookie.split(".")
        return cookie if hmac.compare_digest(signature, self._sign(name)) else None

    def _sign(self, name: str) -> str:
        signature = hmac.digest(self._key, name.encode(), "sha256")
        return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def is_loopback(host: str) -> bool:
    """Tell whether an address is reachable only from this computer.

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
    """Tell whether a Host header is localhost, a configured name, or an address.

    A foreign page that reaches this server by DNS rebinding sends its own name.

    Examples
    --------
    >>> hosts = "localhost:7860", "[::1]:80", "music.example.org"
    >>> [known_host(host, ("music.example.org",)) for host in hosts]
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
    """Tell whether a changing request comes from the server's own page."""
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
    message = {language: sentence.format(language) for language in LANGUAGES}
    return JSONResponse({"message": message}, status)
