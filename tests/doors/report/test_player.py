"""The report in a browser: what it plays."""

from __future__ import annotations

import numpy as np
import pytest
from report_cases import (
    cosine_similarity,
    hertz,
    loudest_part,
    played,
    recorded_at,
)

import otowake
from otowake.results import report as reports
from otowake.signal.resampling import resample


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


def test_another_range_while_it_sounds_is_that_of_the_clock_and_the_sound(report_page):
    report_page.evaluate("() => otowake.player.loop({ start: 1, end: 1.5 })")
    report_page.click("#play")
    report_page.wait_for_function("() => otowake.player.playing && otowake.player.time > 1.1")
    report_page.evaluate("() => { otowake.selection.region = { start: 3, end: 4 }; }")  # a drag
    report_page.wait_for_timeout(700)
    assert 1 <= report_page.evaluate("() => otowake.player.time") <= 1.51
    report_page.evaluate(
        "() => otowake.select({ region: { start: 2, end: 2.6, low: 0, high: 9000 } })"
    )
    report_page.wait_for_timeout(900)
    time, ranges = report_page.evaluate(
        "() => [otowake.player.time, otowake.player.tracks.filter(t => t.source)"
        ".map(t => [t.source.loopStart, t.source.loopEnd])]"
    )
    assert 2 <= time <= 2.61 and ranges and all(r == [2, 2.6] for r in ranges)


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
    # Everything is repeated: elements that have ended begin again with the clock.
    page.evaluate(
        "() => { const { player } = otowake; player.setOriginal(false);"
        " player.setRate(1); player.setLoop(true); player.seek(3.9); }"
    )
    page.wait_for_function("() => otowake.player.time > 4")
    page.wait_for_function(
        "() => { const { player } = otowake; const t = player.tracks.find(t => t.id === 'part-0');"
        " return player.time > 0.4 && player.time < 2 && !t.element.paused"
        " && Math.abs(t.element.currentTime - player.time) < 0.3; }"
    )
    page.close()
