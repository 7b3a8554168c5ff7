"""The report: its content, and its behaviour in a browser."""

import base64
import contextlib
import html
import io
import json
import re
import shutil
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

import numpy as np
import pytest
import soundfile

import otowake
from otowake.plot import Snapshots
from otowake.report.content import content_of
from otowake.results import report as reports
from otowake.results.save import write_analysis
from otowake.signal.resampling import resample
from otowake.text.report import WORDS

HOSTILE = '</script><img src=x onerror="document.title=1">'
BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.fixture(scope="module")
def analysed():
    """Analyse the start of the demo under a name that contains HTML."""
    audio = replace(otowake.load(otowake.demo_path(), duration=4.5), name=HOSTILE)
    snapshots = Snapshots(most=8)
    return otowake.analyse(audio, n_components=8, max_iter=100, tol=0, watch=snapshots), snapshots


@pytest.fixture(scope="module")
def folder(analysed, tmp_path_factory):
    path = tmp_path_factory.mktemp("result")
    write_analysis(analysed[0], path, "en", analysed[1])
    return path


def content(path):
    text = path.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return text, json.loads(data[1])


def sound_in(text, number):
    """Decode a sound of the page: samples and rate."""
    match = re.search(rf'<script type="text/plain" id="sound-{number}">(.*?)</script>', text)
    return soundfile.read(io.BytesIO(base64.b64decode(match[1])), dtype="float32")


def test_the_page_makes_no_requests_and_escapes_names(folder):
    text, data = content(folder / "report.html")
    own = text[: text.index('id="sound-0"')] + text[text.rindex("<script>") :]
    assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import|url\(", own)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in html.unescape(policy)
    assert "unsafe" not in policy.replace("wasm-unsafe-eval", "")
    assert data["name"] == HOSTILE and "<img" not in text
    assert text.count("</script>") == len(re.findall(r"<script[ >]", text))


def test_the_page_has_all_results(analysed, folder):
    analysis, snapshots = analysed
    _, data = content(folder / "report.html")
    assert data["stages"] == ["components", "notes", "instruments", "stems", "report"]
    assert [note[2] for note in data["notes"]] == [note.midi for note in analysis.notes]
    assert data["fit"]["losses"] == [float(loss) for loss in analysis.fit.losses]
    course = data["pictures"]["course"]["iterations"]
    assert course[0] == 0 and course[-1] == analysis.fit.n_iter
    assert set(course[1:-1]) <= {snapshot.iteration for snapshot in snapshots.frames}
    kinds = [track["kind"] for track in data["tracks"]]
    assert kinds == [
        "mixture",
        "notes",
        *["part"] * len(analysis.parts),
        "other",
        *["component"] * 8,
    ]
    midi = next(file for file in data["files"] if file["name"] == "notes.mid")
    assert base64.b64decode(midi["data"]) == (folder / "notes.mid").read_bytes()


def test_no_instrument_is_listed_as_more_probable_than_that_of_the_part(analysed):
    analysis = analysed[0]
    probabilities = {"double-bass": 0.7, "trombone": 0.2, "cello": 0.05, "tuba": 0.001}
    part = replace(analysis.parts[0], instrument="trombone", probabilities=probabilities)
    (shown,) = content_of(replace(analysis, parts=(part,)), None, "en")["parts"]
    listed = [(title["en"], probability) for title, probability in shown["probabilities"]]
    assert listed == [("trombone", 0.2), ("cello", 0.05)]


def test_all_words_of_the_program_exist():
    assets = files("otowake.report") / "assets"
    program = "".join(
        asset.read_text(encoding="utf-8") for asset in assets.iterdir() if asset.is_file()
    )
    for name in re.findall(r'word\("(\w+)"|data-(?:word|label)="(\w+)"', program):
        assert "".join(name) in WORDS


def test_sounds_in_the_page_are_those_of_the_analysis(analysed, folder):
    analysis, _ = analysed
    text, data = content(folder / "report.html")
    for number, track in enumerate(data["tracks"]):
        if track["kind"] in ("component", "part"):
            of = analysis.components if track["kind"] == "component" else analysis.parts
            samples, rate = sound_in(text, number)
            whole = resample(of[track["index"]].audio().mono(), 44100, rate)
            assert np.abs(samples - whole).max() < 1e-3
        if track["kind"] != "component":
            peaks = (np.frombuffer(base64.b64decode(track["peaks"]), np.uint8) / 255.0) ** 2
            assert len(peaks) == 1200
            parts = np.array_split(np.abs(sound_in(text, number)[0]), 60)
            loudest = np.array([part.max() for part in parts])
            assert np.corrcoef(peaks.reshape(60, 20).max(axis=1), loudest)[0, 1] > 0.99


def test_sounds_beyond_the_size_limit_are_files(analysed, folder, monkeypatch, tmp_path):
    analysis, _ = analysed
    monkeypatch.setattr(reports, "MOST_EMBEDDED", 400_000)
    _, data = content(otowake.write_report(analysis, folder / "small.html", folder=folder))
    embedded = [track["embedded"] for track in data["tracks"]]
    assert True in embedded and False in embedded
    assert all(
        (folder / track["link"]).is_file() for track in data["tracks"] if not track["embedded"]
    )
    monkeypatch.setattr(reports, "LONGEST_EMBEDDED", 1.0)
    _, data = content(otowake.write_report(analysis, tmp_path / "a page.html"))
    assert not any(track["embedded"] for track in data["tracks"])
    assert (tmp_path / "a page-sound" / "mixture.flac").is_file()
    assert all(track["link"].startswith("a%20page-sound/") for track in data["tracks"])


def test_loaded_results_have_a_report(folder, tmp_path):
    loaded = otowake.load_analysis(folder)
    assert "report" in loaded.stages
    _, data = content(otowake.write_report(loaded, tmp_path / "again.html", language="ja"))
    assert data["language"] == "ja" and data["pictures"]["course"]["iterations"] == [
        0,
        loaded.fit.n_iter,
    ]
    assert [track["kind"] for track in data["tracks"]].count("component") == 8
    assert [path.name for path in tmp_path.iterdir()] == ["again.html"]


def test_a_page_needs_neither_sound_nor_stages(analysed, tmp_path):
    bare = otowake.analyse(analysed[0].audio, stages=["report"])
    assert bare.stages == ("report",) and bare.fit is None
    _, data = content(otowake.write_report(bare, tmp_path / "bare.html"))
    assert [track["kind"] for track in data["tracks"]] == ["mixture"] and "V" in data["pictures"]
    quiet = otowake.analyse(otowake.Audio(np.zeros(22050), 22050), stages=["notes", "report"])
    _, data = content(otowake.write_report(quiet, tmp_path / "quiet.html"))
    assert data["notes"] == [] and {"notes.csv", "notes.labels.txt"} <= {
        file["name"] for file in data["files"]
    }
    silent = replace(analysed[0], audio=None)
    _, data = content(otowake.write_report(silent, tmp_path / "silent.html"))
    assert data["tracks"] == [] and "V" not in data["pictures"] and "WH" in data["pictures"]


def test_an_unwritable_path_gives_one_sentence(analysed, tmp_path):
    with pytest.raises(otowake.OtowakeError, match="could not be written"):
        otowake.write_report(analysed[0], tmp_path / "no" / "such" / "report.html")


# In a browser.


@pytest.fixture(scope="module")
def browser():
    if BROWSER is None:
        pytest.skip(
            "no browser: install chromium (apt-get install chromium) to test the report in one"
        )
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: extra [test]"
    )
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def report_page(browser, folder):
    """Open the report from disk; check that it makes no requests and logs no errors."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((folder / "report.html").as_uri())
    page.wait_for_function("() => window.otowake && document.querySelector('#course-at')")
    yield page
    page.close()
    assert not [url for url in requests if not url.startswith(("file://", "data:", "blob:"))]
    assert not errors


def played(page, ids, start):
    """Record 0.75 s of the page's playback of these sounds; return samples and rate."""
    page.evaluate("ids => otowake.player.only(ids)", ids)
    return recorded_at(page, start)


def recorded_at(page, start):
    """Record 0.75 s of what the page plays from `start` on; return samples and rate."""
    page.evaluate("start => otowake.player.seek(start)", start)
    page.click("#play")
    page.wait_for_function("() => otowake.player.playing")
    page.evaluate(
        "() => { const { context, output } = otowake.player;"
        " window.recorder = new AnalyserNode(context, { fftSize: 32768 });"
        " output.connect(recorder); window.since = context.currentTime; }"
    )
    page.wait_for_function("() => otowake.player.context.currentTime > since + 0.9")
    samples = page.evaluate(
        "() => { const all = new Float32Array(32768);"
        " recorder.getFloatTimeDomainData(all); return [...all]; }"
    )
    rate = page.evaluate("() => otowake.player.context.sampleRate")
    page.click("#play")
    return np.array(samples, np.float32), rate


def cosine_similarity(recorded, rate, audio):
    """Return the largest normalised cross-correlation of a recording with a sound."""
    sound = resample(audio.mono(), audio.rate, int(rate)).astype(float)
    recorded = recorded.astype(float) - recorded.mean()
    n = len(recorded)
    size = 1 << (len(sound) + n).bit_length()
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(recorded, size)), size)[
        : len(sound) - n
    ]
    energy = np.cumsum(np.append(0, sound**2))
    energy = energy[n : n + len(both)] - energy[: len(both)]
    return float((both / np.sqrt(np.maximum(energy, 1e-9) * (recorded @ recorded))).max())


def test_solo_plays_only_that_component(report_page, analysed):
    analysis, _ = analysed
    first, other = (c for c in analysis.components if c.pitch and c.pitch.midi in (64, 69))
    report_page.click(f'[data-track="component-{first.index}"] .only')
    assert report_page.evaluate(
        "() => otowake.player.tracks.filter(t => t.only).map(t => t.id)"
    ) == [f"component-{first.index}"]
    recorded, rate = played(report_page, [f"component-{first.index}"], 1.0)
    assert cosine_similarity(recorded, rate, first.audio()) > 0.97
    assert abs(cosine_similarity(recorded, rate, other.audio())) < 0.5


@pytest.mark.parametrize("busy", [0, 30])
def test_all_components_sum_to_the_recording(report_page, analysed, busy):
    """All sounds start at the same sample, even in a busy browser."""
    analysis, _ = analysed
    report_page.evaluate(
        "busy => { const { player } = otowake; const start = player.startSource;"
        " player.startSource = (...given) => {"
        " for (const since = performance.now(); performance.now() < since + busy; );"
        " start.apply(player, given); }; }",
        busy,
    )
    recorded, rate = played(report_page, [f"component-{c.index}" for c in analysis.components], 0.5)
    low = otowake.Audio(resample(analysis.audio.mono(), 44100, 22050), 22050)
    assert cosine_similarity(recorded, rate, low) > 0.99


def test_the_parts_are_the_mix_and_one_click_mutes_one(report_page, analysed):
    """Parts and rest are the recording; without the only instrument, the rest is left."""
    low = otowake.Audio(resample(analysed[0].audio.mono(), 44100, 32000), 32000)
    whole, rate = recorded_at(report_page, 1.0)
    assert cosine_similarity(whole, rate, low) > 0.99
    report_page.click("[data-track=part-0] .mute")
    rest, _ = recorded_at(report_page, 1.0)
    assert np.sqrt((rest**2).mean()) < 0.3 * np.sqrt((whole**2).mean())
    report_page.click("#source [data-source=original]")
    original, _ = recorded_at(report_page, 1.0)
    assert cosine_similarity(original, rate, low) > 0.99
    report_page.click("#reset")
    assert not report_page.evaluate("() => otowake.player.original")


def hertz(samples, rate):
    """Measure the frequency of a tone, by the peak of the autocorrelation."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples))) ** 2
    correlation = np.fft.irfft(spectrum)
    first = int(rate / 1500)
    return rate / (first + int(np.argmax(correlation[first : int(rate / 150)])))


def loudest_part(samples, n):
    """Return the `n` neighbouring samples with the most energy."""
    energy = np.cumsum(np.append(0, samples.astype(float) ** 2))
    start = int(np.argmax(energy[n:] - energy[:-n]))
    return samples[start : start + n]


@pytest.mark.parametrize(("speed", "semitones"), [(0.5, 0), (0.25, 0), (2, 0), (1, 12), (0.5, -5)])
def test_speed_keeps_the_pitch_and_pitch_keeps_the_speed(report_page, analysed, speed, semitones):
    (component,) = (c for c in analysed[0].components if c.pitch and c.pitch.midi == 69)
    start = component.start + 0.1
    for value, name in ((100 * speed, "rate"), (semitones, "transpose")):
        slider = report_page.locator(f"#{name}")
        slider.fill(str(value))
        slider.dispatch_event("change")
    samples, rate = played(report_page, [f"component-{component.index}"], start)
    loudest = loudest_part(samples, round(0.12 * rate))
    wanted = component.pitch.hz * 2 ** (semitones / 12)
    assert abs(1200 * np.log2(hertz(loudest, rate) / wanted)) < 25
    before, begun = report_page.evaluate(
        "async () => { otowake.player.seek(0); await otowake.player.play();"
        " return [otowake.player.time, otowake.player.context.currentTime]; }"
    )
    report_page.wait_for_function("t => otowake.player.context.currentTime > t + 1.2", arg=begun)
    passed = report_page.evaluate(
        "b => { const { player } = otowake;"
        " return (player.time - b[0]) / (player.context.currentTime - player.startedAt); }",
        [before],
    )
    assert passed == pytest.approx(speed, rel=0.02)


def test_a_passage_drawn_on_the_waveform_repeats_without_a_gap(report_page):
    overview = report_page.locator("#overview canvas").nth(1)
    box = overview.bounding_box()
    at = [box["x"] + 1 + (box["width"] - 2) * seconds / 4.5 for seconds in (1.0, 1.6)]
    report_page.mouse.move(at[0], box["y"] + 30)
    report_page.mouse.down()
    report_page.mouse.move(at[1], box["y"] + 34, steps=5)
    report_page.mouse.up()
    region = report_page.evaluate("() => otowake.selection.region")
    assert (region["start"], region["end"]) == pytest.approx((1.0, 1.6), abs=0.02)
    report_page.click("#play")
    report_page.wait_for_function("() => otowake.player.playing")
    report_page.evaluate(
        "() => { const { context, output } = otowake.player;"
        " window.recorder = new AnalyserNode(context, { fftSize: 32768 });"
        " output.connect(recorder); window.since = context.currentTime; window.times = [];"
        " setInterval(() => times.push(otowake.player.time), 20); }"
    )
    report_page.wait_for_function("() => otowake.player.context.currentTime > since + 1.5")
    samples = np.array(
        report_page.evaluate(
            "() => { const all = new Float32Array(32768);"
            " recorder.getFloatTimeDomainData(all); return [...all]; }"
        )
    )
    rate = report_page.evaluate("() => otowake.player.context.sampleRate")
    times = report_page.evaluate("() => times")
    assert min(times) >= 0.99 and max(times) <= 1.61 and np.diff(times).min() < -0.4
    # 0.74 s hold the seam, wherever it is, and what comes 0.6 s later is the same again.
    period = round((region["end"] - region["start"]) * rate)
    early, late = samples[: len(samples) - period], samples[period:]
    best = max(
        np.corrcoef(early[5:-5], late[5 + d : len(late) - 5 + d])[0, 1] for d in range(-4, 5)
    )
    assert best > 0.99
    level = np.sqrt((samples[: len(samples) // 64 * 64].reshape(-1, 64) ** 2).mean(1))
    assert level.min() > 0.01 * level.max()


def test_keys_mark_a_passage_and_switch_to_the_original(report_page):
    report_page.locator("#roll canvas").nth(1).focus()
    for key in ("ArrowRight", "a", "ArrowRight", "ArrowRight", "b", "o"):
        report_page.keyboard.press(key)
    region = report_page.evaluate("() => otowake.selection.region")
    assert (region["start"], region["end"]) == pytest.approx((1, 3))
    assert report_page.evaluate("() => [otowake.player.looping, otowake.player.original]") == [
        True,
        True,
    ]


def test_the_metronome_clicks_on_the_beats_after_a_bar_of_count_in(report_page):
    report_page.evaluate(
        "() => { window.clicks = []; const { player } = otowake; player.clickAt ="
        " (when, accent) => clicks.push([when, accent]); }"
    )
    report_page.click("#metronome")
    report_page.click("#count-in")
    report_page.click("#play")
    report_page.wait_for_function("() => otowake.player.time > 2.2", timeout=20_000)
    report_page.click("#play")
    clicks, started, rhythm = report_page.evaluate(
        "() => [clicks, otowake.player.startedAt, otowake.data.rhythm]"
    )
    metre = rhythm["metre"]
    times = np.array([when for when, _ in clicks]) - started
    assert (times[:metre] < 0).all() and [accent for _, accent in clicks[:metre]].count(True) == 1
    np.testing.assert_allclose(
        times[metre : metre + 3], [b for b in rhythm["beats"] if b >= 0][:3], atol=1e-6
    )


def test_the_mix_is_remembered(report_page):
    report_page.click("[data-track=part-0] .mute")
    report_page.evaluate(
        "() => { const { player } = otowake; player.setRate(0.75);"
        " player.set(player.tracks.find(t => t.kind === 'other'), { volume: 0.4, pan: -0.5 }); }"
    )
    report_page.reload()
    report_page.wait_for_function("() => window.otowake")
    assert report_page.evaluate(
        "() => { const { player } = otowake; const [part, other] = ['part-0', 'other']"
        ".map(id => player.tracks.find(t => t.id === id));"
        " return [part.on, other.volume, other.pan, player.rate]; }"
    ) == [False, 0.4, -0.5, 0.75]
    assert report_page.input_value("#rate") == "75"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_barrier_is_found_by_axe(report_page, language, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    report_page.emulate_media(color_scheme=scheme)
    report_page.click(f"[data-language={language}]")
    open_note_list(report_page)
    violations = axe.Axe().run(report_page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in violations] == []


def test_the_score_lights_the_notes_that_sound_and_is_transposed(report_page, analysed):
    pytest.importorskip("verovio")
    note = analysed[0].notes[2]
    lit = "() => [...document.querySelectorAll('#pages .mark')].filter(mark => !mark.hidden).length"
    report_page.wait_for_function("() => document.querySelectorAll('#pages .mark').length > 6")
    report_page.evaluate("time => otowake.player.seek(time)", (note.onset + note.offset) / 2)
    assert report_page.evaluate(lit) == 1
    height = "() => document.querySelector('#pages .mark:not([hidden])').style.top"
    before = report_page.evaluate(height)
    report_page.select_option("#score-interval", "M6")
    report_page.wait_for_function(
        "old => [...document.querySelectorAll('#pages .mark:not([hidden])')]"
        ".some(mark => mark.style.top !== old)",
        arg=before,
    )
    report_page.evaluate("() => otowake.player.seek(0)")
    assert report_page.evaluate(lit) == 0
    report_page.locator("#pages .page").click(position={"x": 400, "y": 60})
    onsets = [round(note.onset, 2) for note in analysed[0].notes]
    at = report_page.evaluate("() => otowake.player.time")
    assert min(abs(at - onset) for onset in onsets) < 0.15


def test_a_click_moves_the_cursor_and_selects_the_note(report_page, analysed):
    roll = report_page.locator("#roll canvas").nth(1)
    box, note = roll.bounding_box(), analysed[0].notes[2]
    report_page.evaluate(
        "() => { window.chosen = [];"
        " otowake.events.addEventListener('select-notes', e => chosen.push(e.detail)); }"
    )
    middle = (note.onset + note.offset) / 2
    low, high = report_page.evaluate("() => [otowake.views.pitch.low, otowake.views.pitch.high]")
    x = 48 + (box["width"] - 64) * middle / 4.5
    y = 24 + (box["height"] - 62) * (1 - (note.midi - low) / (high - low))
    roll.click(position={"x": x, "y": y})
    assert report_page.evaluate("() => otowake.player.time") == pytest.approx(middle, abs=0.02)
    assert report_page.evaluate("() => chosen") == [[2]]
    report_page.locator("#WH canvas").nth(1).click(position={"x": 44, "y": 100})
    assert report_page.evaluate("() => otowake.player.time") == pytest.approx(0, abs=0.02)


def test_a_region_is_selected_with_shift(report_page):
    box = report_page.locator("#WH canvas").nth(1)
    box.scroll_into_view_if_needed()
    area = box.bounding_box()
    report_page.keyboard.down("Shift")
    report_page.mouse.move(area["x"] + 100, area["y"] + 60)
    report_page.mouse.down()
    report_page.mouse.move(area["x"] + 300, area["y"] + 160, steps=4)
    report_page.mouse.up()
    report_page.keyboard.up("Shift")
    region = report_page.evaluate("() => otowake.selection.region")
    assert 0 < region["start"] < region["end"] < 4.5 and 40 < region["low"] < region["high"] < 11025


def test_keys_play_move_and_zoom(report_page):
    report_page.locator("#roll canvas").nth(1).focus()
    report_page.keyboard.press("ArrowRight")
    report_page.keyboard.press("ArrowRight")
    assert report_page.evaluate("() => otowake.player.time") == pytest.approx(2)
    report_page.keyboard.press("+")
    assert report_page.evaluate(
        "() => otowake.views.time.high - otowake.views.time.low"
    ) == pytest.approx(3)
    report_page.keyboard.press("0")
    report_page.keyboard.press("Space")
    report_page.wait_for_function("() => otowake.player.time > 2.2")
    report_page.keyboard.press("Space")
    assert not report_page.evaluate("() => otowake.player.playing")
    at = report_page.evaluate("() => otowake.player.time")
    assert report_page.locator("#state").inner_text().startswith(f"Paused at 0:0{int(at)}.")


def test_the_language_is_switched_in_the_page(report_page):
    assert report_page.evaluate("() => document.documentElement.lang") == "en"
    report_page.click("[data-language=ja]")
    assert report_page.evaluate("() => document.documentElement.lang") == "ja"
    assert report_page.locator("#listen h2").inner_text() == "聴く"
    assert "アコーディオン" in report_page.locator("#mixer").inner_text()
    assert report_page.locator("#component-table thead").inner_text().split()[:2] == [
        "成分",
        "音名",
    ]


def test_the_name_is_text(report_page):
    assert report_page.locator("h1").inner_text() == HOSTILE
    assert (
        report_page.title() == HOSTILE + " – otowake"
        and report_page.locator("img:not(#pages img)").count() == 0
    )


def test_the_learning_is_shown_from_its_start(report_page):
    before = report_page.evaluate("() => document.querySelector('#W canvas').toDataURL()")
    label = report_page.locator("#course output").inner_text
    assert label() == "after 100 iterations"  # as the figure and the animation count them
    report_page.locator("#course-at").fill("0")
    assert label() == "before learning"
    report_page.wait_for_function(
        "old => document.querySelector('#W canvas').toDataURL() !== old", arg=before
    )


def test_a_file_is_saved_from_the_page_itself(report_page, folder):
    with report_page.expect_download() as waiting:
        report_page.click("text=notes.mid")
    assert waiting.value.suggested_filename == "notes.mid"
    assert waiting.value.path().read_bytes() == (folder / "notes.mid").read_bytes()


@contextlib.contextmanager
def served(folder):
    """Serve a folder, and give its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_stem_is_saved_from_its_file_or_else_from_the_page(browser, folder, tmp_path):
    def saved(address):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("() => window.otowake")
        with page.expect_download() as waiting:
            page.click("[data-track=part-0] .save")
        content = soundfile.read(waiting.value.path())
        name = waiting.value.suggested_filename
        page.close()
        return name, content

    (stem,) = [path for path in (folder / "stems").iterdir() if path.stem != "other"]
    shutil.copy(folder / "report.html", tmp_path / "alone.html")
    with served(folder) as home, served(tmp_path) as other:
        name, (samples, rate) = saved(f"{home}/report.html")
        assert name == stem.name and rate == soundfile.info(stem).samplerate
        for address in (f"{other}/alone.html", (tmp_path / "alone.html").as_uri()):
            name, (samples, rate) = saved(address)
            assert name == "part-0.flac" and len(samples) > 4 * rate and samples.any()


def open_note_list(page):
    """Open the list of notes and wait for its rows."""
    page.locator("#note-list summary").click()
    page.wait_for_function(
        "() => document.querySelectorAll('#note-list tbody tr[aria-rowindex]').length"
        " === otowake.data.notes.length"
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_phone_does_not_scroll_horizontally(report_page, language):
    report_page.set_viewport_size({"width": 390, "height": 844})
    report_page.click(f"[data-language={language}]")
    open_note_list(report_page)
    assert report_page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_everything_can_be_reached_and_has_a_name(report_page):
    open_note_list(report_page)
    nameless = report_page.evaluate(
        "() => [...document.querySelectorAll("
        "'button, input, a, canvas[tabindex], [role=slider], [role=group]')]"
        ".filter(e => !e.closest('[hidden]') &&"
        " !(e.getAttribute('aria-label') || e.textContent.trim()"
        " || e.closest('label')?.textContent.trim())).map(e => e.outerHTML)"
    )
    assert nameless == []
    assert report_page.locator("main").count() == 1 and report_page.locator("h1").count() == 1


def test_sounds_in_the_folder_play_too(browser, analysed, folder, monkeypatch):
    monkeypatch.setattr(reports, "LONGEST_EMBEDDED", 1.0)
    path = otowake.write_report(analysed[0], folder / "linked.html", folder=folder)
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_function("() => window.otowake")
    page.locator("body").press("Space")
    page.wait_for_function(
        "() => { const t = otowake.player.tracks.find(t => t.id === 'part-0').element;"
        " return t && t.currentTime > 0.4 && !t.paused; }"
    )
    page.evaluate("() => otowake.player.setOriginal(true)")
    page.wait_for_function(
        "() => { const [mixture, , part] = otowake.player.tracks.map(t => t.element);"
        " return part.paused && mixture && !mixture.paused && mixture.currentTime > 0.6; }"
    )
    page.evaluate("() => otowake.player.setRate(0.5)")
    page.wait_for_function("() => otowake.player.tracks[0].element.currentTime > 1.2")
    rate = page.evaluate("() => otowake.player.tracks[0].element.playbackRate")
    assert rate == pytest.approx(0.5, abs=0.04)
    assert page.locator("#transpose").is_disabled()
    page.close()
