"""The server without a browser: limits, sessions, hostile files, queue, cancel, password, hosts."""

import asyncio
import io
import json
import os
import re
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from otowake.errors import BadInput
from otowake.io.names import safe_name
from otowake.options import GROUPS, ServeSpec, checked_stages, specs_with
from otowake.web import page as page_module
from otowake.web import serve
from otowake.web.jobs import Jobs
from otowake.web.worker import PICTURE_SECONDS

LONG = {"stages": ["components"], "options": {"solver": "adam", "tol": 0, "max_iter": 10_000_000}}


def gone(pid):
    """Whether a process has ended (what is left of it then is a zombie at most)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def running(served_to, job):
    """Wait until a job's process learns; gives the process's number."""
    served_to.until(job, lambda now: now["progress"].get("iteration", 0) > 0)
    return served_to.jobs.jobs[job].process.pid


def test_from_a_file_to_an_archive(served, mp3):
    visitor = served()
    job = visitor.order(mp3, "曲 <b>.mp3").json()
    done = visitor.ended(job["id"])
    assert done["state"] == "done", done
    assert all(stage["seconds"] > 0 for stage in done["stages"][:2])
    view = visitor.get(f"/jobs/{job['id']}/view.json").json()
    assert view["name"] == "曲 <b>.mp3" and len(view["components"]) == 2
    sound = visitor.get(f"/results/{job['id']}/{view['components'][0]['sound']}")
    assert sound.content.startswith(b"fLaC")
    picture = visitor.get(f"/jobs/{job['id']}/spectrogram.png")
    assert picture.content.startswith(b"\x89PNG")
    answer = visitor.get(f"/results/{job['id']}/archive.zip")
    assert (
        f"filename*=UTF-8''{quote(safe_name('曲 <b>'))}.zip"
        in answer.headers["content-disposition"]
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {Path(name).parts[0] for name in archive.namelist()} == {safe_name("曲 <b>")}
        assert not [name for name in archive.namelist() if "/." in name]
        facts = json.loads(archive.read(f"{safe_name('曲 <b>')}/analysis.json"))
    assert facts["input"]["name"] == facts["input"]["path"] == "曲 <b>.mp3"
    assert facts["options"]["fit"]["n_components"] == 2


def test_visitors_see_only_their_own_jobs(served, wav):
    one = served()
    other = one.another()
    job = one.order(wav).json()["id"]
    other.order(wav)
    assert one.cookies != other.cookies
    cookie = one.post(
        "/jobs", content=json.dumps({"demo": True, "name": "", **QUICK_COMPONENTS})
    ).headers.get("set-cookie")
    assert re.search(r"HttpOnly.*SameSite=strict", cookie, re.IGNORECASE)
    for path in (
        f"/jobs/{job}",
        f"/jobs/{job}/view.json",
        f"/results/{job}/archive.zip",
        f"/results/{job}/analysis.json",
    ):
        assert other.get(path).status_code == 404
    assert (
        other.delete(f"/jobs/{job}").status_code
        == other.post(f"/jobs/{job}/cancel").status_code
        == 404
    )
    assert job not in [item["id"] for item in other.get("/jobs").json()]
    assert job in [item["id"] for item in one.get("/jobs").json()]


QUICK_COMPONENTS = {"stages": ["components"], "options": {"n_components": 2, "max_iter": 5}}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"MZ" + os.urandom(5000), "evil.mp3: no sound could be read"),
        (b"", "evil.mp3: the file is empty"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "evil.mp3: no sound could be read"),
        (
            b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x01\0\0\0\x02\0\0\0"
            b"\x02\0\x10\0data\xff\xff\xff\x7f",
            "evil.mp3",
        ),
    ],
)
def test_files_without_sound_are_refused(served, content, sentence):
    visitor = served()
    job = visitor.order(content, "../../x/evil.mp3").json()["id"]
    ended = visitor.ended(job)
    assert ended["state"] == "failed" and ended["message"]["en"].startswith(sentence)
    assert str(visitor.jobs.root) not in json.dumps(ended)


def test_a_truncated_mp3_is_read_up_to_its_end(served, mp3):
    visitor = served()
    ended = visitor.ended(visitor.order(mp3[: len(mp3) * 2 // 3], "cut.mp3").json()["id"])
    assert ended["state"] == "done"
    assert ended["warnings"][0]["en"].startswith("cut.mp3: the file is damaged or cut short")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "a\0b\n.wav", "/", "x" * 5000, None, 7, {}]
)
def test_names_never_become_paths(served, wav, name):
    visitor = served(queue=2)
    before = {path.name for path in visitor.jobs.root.parent.iterdir()}
    shown = visitor.order(wav, name).json()
    assert not re.search(r"[/\\\0\n]", shown["name"]) and 0 < len(shown["name"]) <= 120
    assert [path.name for path in visitor.jobs.root.iterdir()] == [shown["id"]]
    assert {path.name for path in visitor.jobs.root.parent.iterdir()} == before


def test_files_outside_of_the_result_are_not_sent(served, wav):
    visitor = served()
    job = visitor.order(wav).json()["id"]
    visitor.ended(job)
    for path in (
        "..%2fsound",
        "../../../../../etc/passwd",
        "stems%2f..%2f..%2fsound",
        "%2e%2e/sound",
        "/etc/passwd",
        "components",
        "none",
    ):
        assert visitor.get(f"/results/{job}/{path}").status_code == 404
    # The client makes of this the address of another result, which is not there.
    moved = visitor.get(f"/results/{job}/../sound")
    assert moved.headers["location"].endswith("/results/sound/")
    assert visitor.get("/results/sound/").headers["location"] == "../../?gone"
    assert visitor.get(f"/jobs/{job}/sound").status_code in (404, 405)


def test_too_large_a_file_is_refused_when_asked_and_when_sent(served, wav):
    visitor = served(upload_mib=0.05)
    answer = visitor.order(wav)
    assert answer.status_code == 413 and "the limit is 0.05 MiB" in answer.json()["message"]["en"]
    taken = visitor.post(
        "/jobs", content=json.dumps({"name": "a.wav", "size": 10, **QUICK_COMPONENTS})
    ).json()["id"]
    answer = visitor.put(f"/jobs/{taken}/sound", content=wav)
    assert answer.status_code == 413
    assert list(visitor.jobs.root.iterdir()) == [] and visitor.get("/jobs").json() == []


def test_too_long_a_sound_is_refused_unless_a_part_is_asked_for(served, wav):
    visitor = served(sound_minutes=0.01)
    ended = visitor.ended(visitor.order(wav).json()["id"])
    assert ended["state"] == "failed" and "the limit is 0.01 minutes" in ended["message"]["en"]
    part = {"options": {**QUICK_COMPONENTS["options"], "start": 0.5, "duration": 0.6}}
    assert visitor.ended(visitor.order(wav, **part).json()["id"])["state"] == "done"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"options": {"n_components": 0}}, "n_components must be"),
        ({"options": {"colour": "red"}}, "there is no option called colour"),
        ({"stages": ["melody"]}, "stages must be one of"),
        ({"stages": [["a"]]}, "stages must be one of"),
        ({"options": []}, "invalid request"),
    ],
)
def test_bad_orders_are_one_sentence_and_take_no_place(served, wav, fields, sentence):
    visitor = served()
    answer = visitor.order(wav, **fields)
    assert answer.status_code in (400, 422)
    assert answer.json()["message"]["en"].startswith(sentence) and answer.json()["message"]["ja"]
    assert visitor.get("/jobs").json() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"x" * 2**19])
def test_malformed_orders_are_refused(served, body):
    assert served().post("/jobs", content=body).status_code in (400, 413)


def test_the_queue_is_limited_and_reports_positions(served, wav):
    first = served(queue=1, per_person=1)
    second, third = first.another(), first.another()
    job = first.order(wav, **LONG).json()["id"]
    pid = running(first, job)
    waits = second.order(wav).json()
    assert (waits["state"], waits["position"]) == ("waiting", 1)
    answer = third.order(wav)
    assert answer.status_code == 503 and "try again" in answer.json()["message"]["en"]
    assert int(answer.headers["retry-after"]) > 0
    answer = second.order(wav)
    assert answer.status_code == 429 and "1 of your recordings" in answer.json()["message"]["en"]
    first.post(f"/jobs/{job}/cancel")
    assert gone(pid)
    assert second.ended(waits["id"])["state"] == "done"
    assert third.ended(third.order(wav).json()["id"])["state"] == "done"


def test_cancel_ends_the_process_at_once_and_another_can_run(served, wav):
    visitor = served()
    job = visitor.order(wav, **LONG).json()["id"]
    pid = running(visitor, job)
    seen = visitor.get(f"/jobs/{job}").json()["progress"]
    assert (
        seen["max_iter"] == LONG["options"]["max_iter"]
        and seen["W"]["rows"] == 20
        and len(seen["losses"]) > 1
    )
    assert visitor.post(f"/jobs/{job}/cancel").json()["state"] == "cancelled"
    assert gone(pid) and PICTURE_SECONDS < 1
    assert visitor.ended(visitor.order(wav).json()["id"])["state"] == "done"


def test_a_job_has_a_time_limit(served, wav):
    visitor = served(job_minutes=0.05)
    ended = visitor.ended(visitor.order(wav, **LONG).json()["id"])
    assert ended["state"] == "failed" and "longer than 0.05 minutes" in ended["message"]["en"]


def test_a_job_has_a_memory_limit_and_the_server_survives(served, wav):
    visitor = served(job_gib=1)
    greedy = {"options": {"n_fft": 65536, "hop": 2, "n_components": 200, "sample_rate": 44100}}
    ended = visitor.ended(visitor.order(wav, **greedy).json()["id"])
    assert ended["state"] == "failed" and "memory" in ended["message"]["en"]
    assert visitor.get("/").status_code == 200


def test_results_expire_and_are_limited(served, wav):
    visitor = served(keep_most=1, keep_minutes=10)
    jobs = [visitor.order(wav).json()["id"] for _ in range(2)]
    for job in jobs:
        visitor.ended(job)
    visitor.portal.call(visitor.jobs.tidy)
    assert [item["id"] for item in visitor.get("/jobs").json()] == jobs[1:]
    assert [path.name for path in visitor.jobs.root.iterdir()] == jobs[1:]
    since = visitor.jobs.jobs[jobs[1]].since
    visitor.portal.call(visitor.jobs.tidy, lambda: since + 601)
    assert visitor.get("/jobs").json() == [] and list(visitor.jobs.root.iterdir()) == []


def test_foreign_pages_are_refused(served, wav):
    visitor = served()
    evil = visitor.another(origin="http://evil.example")
    assert evil.order(wav).status_code == 403
    del evil.headers["origin"]
    assert evil.order(wav).status_code == 403
    assert visitor.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert visitor.get("/", headers={"Host": "127.0.0.1:7860"}).status_code == 200


def test_answers_have_security_headers(served):
    answer = served().get("/")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert (
        policy.startswith("default-src 'none'")
        and "unsafe" not in policy
        and "http" not in policy.split("frame-ancestors")[0]
    )
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)


def test_only_the_password_opens_the_page(served, wav):
    visitor = served(password="ひらけごま")
    assert visitor.get("/").headers["location"] == "/login"
    assert visitor.order(wav).status_code == visitor.get("/page.js").status_code == 401
    wrong = visitor.post("/login", data={"password": "sesame"}, headers={"Accept-Language": "ja"})
    assert wrong.status_code == 401 and "パスワードが違います" in wrong.text
    right = visitor.post("/login", data={"password": "ひらけごま"})
    assert right.status_code == 303 and "httponly" in right.headers["set-cookie"].lower()
    assert visitor.get("/").status_code == 200
    assert visitor.ended(visitor.order(wav).json()["id"])["state"] == "done"
    assert visitor.another().get("/").status_code == 303


def test_a_public_server_needs_a_password(tmp_path, monkeypatch):
    monkeypatch.delenv("OTOWAKE_PASSWORD", raising=False)
    with pytest.raises(BadInput, match="give a password"):
        serve(ServeSpec(host="0.0.0.0", port=0))
    with pytest.raises(BadInput, match="could not be opened"):
        serve(ServeSpec(password_file=str(tmp_path / "none")))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_has_every_option_with_its_help(served, language):
    page = served().get("/", headers={"Accept-Language": f"{language}-XX,en;q=0.5"}).text
    assert f'<html lang="{language}">' in page
    facts = json.loads(re.search(r'id="page-facts">(.*?)</script>', page)[1])
    shown = {
        option["name"]: option["help"] for group in facts["groups"] for option in group["options"]
    }
    wanted = {
        name: constraint.help.format(language)
        for _, group in GROUPS
        if group not in page_module.HIDDEN
        for name, constraint in group.constraints().items()
    }
    assert {name: words[language] for name, words in shown.items()} == wanted
    assert not re.search(r'data-t="\w+"[^<>]*></', page)


def test_ids_are_unique_and_the_scripts_use_existing_ones(served):
    assets = Path(page_module.__file__).parent / "assets"
    report = Path(page_module.__file__).parents[1] / "report" / "assets" / "report.html"
    pages = [served().get("/").text, report.read_text() + (assets / "result.html").read_text()]
    known = set()
    for page in pages:
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        known |= set(ids)
    scripts = "".join(path.read_text() for path in assets.glob("*.js"))
    requested = set(re.findall(r'(?<![\w$])\$\("([\w-]+)"\)', scripts))
    assert len(requested) > 50 and requested <= known


def test_presets_use_existing_options():
    for preset in page_module.PRESETS.values():
        specs_with(preset.options)
        assert checked_stages(preset.stages) == preset.stages


def test_words_cannot_end_the_script_element(monkeypatch):
    assert "</script" not in page_module._in_script({"a": "</script><b>"})
    assert json.loads(page_module._in_script({"a": "</script>"})) == {"a": "</script>"}


def test_a_starting_process_ends_with_the_server(monkeypatch, tmp_path):
    begin, made = asyncio.create_subprocess_exec, []

    async def slow(*args, **options):
        made.append(await begin(*args, **options))
        await asyncio.sleep(0.3)
        return made[0]

    async def serve():
        jobs = Jobs(ServeSpec(), tmp_path)
        async with jobs.running():
            waiting = asyncio.create_task(jobs._make_spare())
            while not made:
                await asyncio.sleep(0.01)
            waiting.cancel()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)
    asyncio.run(serve())
    assert len(made) == 1 and made[0].returncode is not None
