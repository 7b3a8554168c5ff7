"""The application: answers requests for the page, jobs and their files."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from otowake import text
from otowake.errors import OtowakeError
from otowake.io.audio import demo_path
from otowake.io.names import safe_name
from otowake.options import STAGES, ServeSpec, checked_stages, specs_with
from otowake.results.files import REPORT
from otowake.text import LANGUAGES, Language
from otowake.untrusted import json_from
from otowake.web import page
from otowake.web.draft import PAGE, check_amount
from otowake.web.drafts import Drafts
from otowake.web.guard import KEY, REPORT_POLICY, SESSION, Guard, Sessions
from otowake.web.job import Job, Refused
from otowake.web.jobs import Jobs, facts_of
from otowake.web.password import PasswordCheck
from otowake.web.result_page import result_page
from otowake.web.visitors import address_of
from otowake.web.zip_stream import archive

MAX_ORDER_BYTES = 2**18
"""Bytes, the largest order of a job."""

MAX_EDITS_BYTES = 2**21
"""Bytes, the largest list of corrections."""

JSON_SECONDS = 60.0
"""Seconds, the longest transfer of an order or of corrections."""

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Media types of the static files, by suffix."""


def create_app(spec: ServeSpec, root: Path, password: str | None = None) -> Starlette:
    """Make the application.

    Parameters
    ----------
    spec
        The limits.
    root
        A folder for uploads and results.
    password
        The password for visitors, if any.
    """
    jobs, sessions = Jobs(spec, root), Sessions()
    password_check = PasswordCheck(password) if password else None

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with jobs.running():
            yield

    app = Starlette(
        routes=[
            Route("/", show_page),
            Route("/login", show_login, methods=["GET"]),
            Route("/login", log_in, methods=["POST"]),
            Route("/jobs", list_jobs, methods=["GET"]),
            Route("/jobs", order_job, methods=["POST"]),
            Route("/jobs/{job}", show_job, methods=["GET"]),
            Route("/jobs/{job}", end_job, methods=["DELETE"]),
            Route("/jobs/{job}/sound", receive_sound, methods=["PUT"]),
            Route("/jobs/{job}/cancel", cancel_job, methods=["POST"]),
            Route("/jobs/{job}/draft", draft_job, methods=["POST"]),
            Route("/jobs/{job}/edits", correct_job, methods=["POST"]),
            Route("/jobs/{job}/{name}", send_view),
            Route("/results/{job}/", show_result),
            Route("/results/{job}/archive.zip", send_archive),
            Route("/results/{job}/{path:path}", send_file),
            Route("/{name}", send_asset),
        ],
        middleware=[Middleware(Guard, spec=spec, sessions=sessions, password_check=password_check)],
        exception_handlers={OtowakeError: _explain, ClientDisconnect: _disconnected},
        lifespan=lifespan,
    )
    app.state.spec, app.state.jobs, app.state.sessions = spec, jobs, sessions
    app.state.password_check = password_check
    app.state.drafts = Drafts(jobs.processes)
    return app


ASSETS = tuple(name for name in page.asset_names() if Path(name).suffix in TYPES)


async def _explain(request: Request, error: Exception) -> Response:
    if not isinstance(error, OtowakeError):
        raise error
    status = error.status if isinstance(error, Refused) else 422
    headers = {"Retry-After": "30"} if status == 503 else {}
    return JSONResponse(
        {"message": {language: error.in_language(language) for language in LANGUAGES}},
        status,
        headers,
    )


async def _disconnected(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def show_page(request: Request) -> Response:
    return HTMLResponse(page.filled("page.html", _language(request), request.app.state.spec))


async def show_login(request: Request) -> Response:
    return HTMLResponse(page.filled("login.html", _language(request), request.app.state.spec))


async def log_in(request: Request) -> Response:
    password_check: PasswordCheck | None = request.app.state.password_check
    if password_check is None:
        return RedirectResponse("/", 303)
    given = parse_qs((await _body(request)).decode("utf-8", "replace")).get("password", [""])[0]
    known = await password_check.try_password(given, _address(request))
    if not known:
        language = _language(request)
        form = page.filled("login.html", language, request.app.state.spec)
        sentence = text.WEB_TOO_MANY_TRIES if known is None else text.WEB_WRONG_PASSWORD
        answer = form.replace('<p role="alert">', f'<p role="alert">{sentence.format(language)}')
        return HTMLResponse(answer, 429 if known is None else 401)
    answer = RedirectResponse("/", 303)
    _set_cookie(request, answer, KEY, password_check.key)
    return answer


async def list_jobs(request: Request) -> Response:
    jobs = _jobs(request)
    return JSONResponse([_shown(jobs, job) for job in jobs.of(request.scope["session"])])


async def order_job(request: Request) -> Response:
    """Check an order and reserve a place in the queue.

    The demo joins the queue at once, an upload when its audio has arrived.
    """
    jobs, spec = _jobs(request), request.app.state.spec
    order = await _json(request)
    options, stages = order.get("options", {}), order.get("stages", STAGES)
    demo, size = order.get("demo") is True, order.get("size", 0)
    if not (
        isinstance(options, dict) and isinstance(stages, (list, tuple)) and isinstance(size, int)
    ):
        raise Refused(400, text.WEB_BAD_REQUEST)
    stages = checked_stages(stages if all(isinstance(stage, str) for stage in stages) else [""])
    specs_with(options)
    if size > spec.upload_mib * 2**20:
        raise Refused(413, text.WEB_TOO_BIG, limit=f"{spec.upload_mib:g}")
    session = request.scope["session"] or request.app.state.sessions.new()
    name = demo_path().name if demo else clean_name(order.get("name"))
    task = {
        "options": options,
        "stages": stages,
        "language": _language(request, order.get("language")),
    }
    job = jobs.reserve(session, _address(request), name, task)
    if demo:
        await jobs.enqueue(job, demo_path())
    answer = JSONResponse(_shown(jobs, job), 201)
    _set_cookie(request, answer, SESSION, session)
    return answer


async def receive_sound(request: Request) -> Response:
    jobs, job = _job_of(request)
    await jobs.receive(job, request.stream())
    return JSONResponse(_shown(jobs, job))


async def correct_job(request: Request) -> Response:
    """Queue the correction of a result; the corrected result replaces it.

    The corrections of notes, parts and names are the complete list: a missing one is undone.
    Corrections of components apply to the current components.
    """
    jobs, job = _job_of(request)
    await jobs.correct(job, await _edits(request, job))
    return JSONResponse(_shown(jobs, job))


async def draft_job(request: Request) -> Response:
    """Answer with the notes and parts after corrections, or with the error in them."""
    _, job = _job_of(request)
    edits = await _edits(request, job)
    return Response(
        await _unless_disconnected(request, request.app.state.drafts.drafted(job, edits)),
        media_type="application/json",
    )


async def _edits(request: Request, job: Job) -> list[Any]:
    edits = (await _json(request, MAX_EDITS_BYTES)).get("edits")
    if job.state != "done" or not isinstance(edits, list):
        raise Refused(409, text.WEB_BAD_REQUEST)
    check_amount(edits)
    return edits


async def _unless_disconnected(request: Request, work: Coroutine[Any, Any, bytes]) -> bytes:
    """Wait for the work of this request; cancel it if the client disconnects."""
    working = asyncio.create_task(work)
    disconnected = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((working, disconnected), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        disconnected.cancel()
        await asyncio.gather(working, disconnected, return_exceptions=True)


async def show_job(request: Request) -> Response:
    return JSONResponse(_shown(*_job_of(request)))


async def cancel_job(request: Request) -> Response:
    jobs, job = _job_of(request)
    await jobs.cancel(job)
    return JSONResponse(_shown(jobs, job))


async def end_job(request: Request) -> Response:
    jobs, job = _job_of(request)
    await jobs.remove(job)
    return Response(status_code=204)


async def send_view(request: Request) -> Response:
    """Send the page's data of a result."""
    _, job = _job_of(request)
    name = request.path_params["name"]
    if name not in ("view.json", "spectrogram.png"):
        raise Refused(404, text.WEB_GONE)
    return _file(job.result / PAGE, name)


async def show_result(request: Request) -> Response:
    """Show a result; without one, the first page tells why."""
    try:
        _, job = _job_of(request)
        path = job.result / REPORT
        if job.state != "done" or not path.is_file():
            return RedirectResponse("../../", 303)
    except Refused:
        return RedirectResponse("../../?gone", 303)
    report = await asyncio.to_thread(path.read_text, encoding="utf-8")
    shown = result_page(report, _language(request), request.app.state.spec)
    return HTMLResponse(shown, headers={"Content-Security-Policy": REPORT_POLICY})


async def send_file(request: Request) -> Response:
    _, job = _job_of(request)
    answer = _file(job.result, request.path_params["path"])
    if answer.media_type == "text/html":
        answer.headers["Content-Security-Policy"] = REPORT_POLICY
    return answer


async def send_archive(request: Request) -> Response:
    _, job = _job_of(request)
    if job.state != "done":
        raise Refused(404, text.WEB_GONE)
    stem = safe_name(Path(job.name).stem, 200)
    disposition = f"attachment; filename*=UTF-8''{quote(stem, safe='')}.zip"
    return StreamingResponse(
        archive(job.result, stem),
        media_type="application/zip",
        headers={"Content-Disposition": disposition},
    )


async def send_asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS:
        raise Refused(404, text.WEB_GONE)
    kind = TYPES[Path(name).suffix]
    return Response(page.asset(name), media_type=kind, headers={"Cache-Control": "no-cache"})


def clean_name(name: Any) -> str:
    """Clean the name of an upload: no folders, no control characters, at most 120 characters.

    Examples
    --------
    >>> clean_name("../../etc/pass\\nwd"), clean_name("C:\\\\music\\\\歌.mp3"), clean_name(None)
    ('passwd', '歌.mp3', 'recording')
    """
    last = re.split(r"[/\\]", name if isinstance(name, str) else "")[-1]
    kept = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    return kept[-120:] or "recording"


def _file(folder: Path, name: str) -> FileResponse:
    """Send a file if it is in `folder`, links resolved."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError) as error:  # a name that no file can have
        raise Refused(404, text.WEB_GONE) from error
    if not inside:
        raise Refused(404, text.WEB_GONE)
    return FileResponse(path)


def _address(request: Request) -> str:
    return address_of(request.client and request.client.host)


def _jobs(request: Request) -> Jobs:
    return request.app.state.jobs


def _job_of(request: Request) -> tuple[Jobs, Job]:
    jobs = _jobs(request)
    return jobs, jobs.find(request.scope["session"], request.path_params["job"])


def _shown(jobs: Jobs, job: Job) -> dict[str, Any]:
    stages = [stage for stage in job.order["stages"] if stage != "report"]
    if "edits" in job.order:
        stages = ["components"]
    return facts_of(jobs, job, ("reading", *stages, "writing"))


def _language(request: Request, requested: Any = None) -> Language:
    """Return the requested language, or else the one that the browser prefers."""
    requested = requested or request.query_params.get("lang")
    if requested in LANGUAGES:
        return "ja" if requested == "ja" else "en"
    for part in request.headers.get("accept-language", "").split(","):
        name = part.strip()[:2].lower()
        if name in LANGUAGES:
            return "ja" if name == "ja" else "en"
    return "en"


def _set_cookie(request: Request, answer: Response, name: str, value: str) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, httponly=True, samesite="strict", secure=secure, path="/")


async def _body(request: Request, most: int = MAX_ORDER_BYTES) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(JSON_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise Refused(413, text.WEB_BAD_REQUEST)
    except TimeoutError as error:
        raise Refused(408, text.WEB_BAD_REQUEST) from error
    return body


async def _json(request: Request, most: int = MAX_ORDER_BYTES) -> dict[str, Any]:
    try:
        content = json_from(await _body(request, most))
    except ValueError as error:
        raise Refused(400, text.WEB_BAD_REQUEST) from error
    if not isinstance(content, dict):
        raise Refused(400, text.WEB_BAD_REQUEST)
    return content
