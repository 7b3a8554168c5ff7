"""Corrections of a result by way of the server."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from otowake.io.names import safe_name
from otowake.web import view, worker


def test_components_are_corrected_and_failures_keep_the_result(served, wav):
    visitor = served()
    job = visitor.order(wav, options={"n_components": 3, "max_iter": 30}).json()["id"]
    visitor.ended(job)
    stroke = {"start_s": 0.5, "end_s": 1, "low_hz": 100, "high_hz": 5000, "belongs": False}
    edits = [{"do": "split", "component": 1}, {"do": "paint", "component": 2, **stroke}]
    assert (
        visitor.post(f"/jobs/{job}/edits", content=json.dumps({"edits": edits})).json()["state"]
        == "waiting"
    )
    assert visitor.ended(job)["state"] == "done"
    assert len(visitor.get(f"/jobs/{job}/view.json").json()["components"]) == 4
    kept = visitor.get(f"/results/{job}/component-edits.json").json()
    assert kept == {"version": 1, "rounds": [edits]}
    visitor.post(
        f"/jobs/{job}/edits", content=json.dumps({"edits": [{"do": "delete", "component": 9}]})
    )
    ended = visitor.ended(job)
    assert ended["state"] == "done" and "there is no component 9" in ended["message"]["en"]
    assert len(visitor.get(f"/jobs/{job}/view.json").json()["components"]) == 4
    assert visitor.post(f"/jobs/{job}/edits", content=b'{"edits": {}}').status_code == 409


@pytest.mark.parametrize("when", ["view_of", "_write_picture", "write_draft"])
def test_a_stopped_correction_keeps_the_result_and_its_view(tmp_path, wav, monkeypatch, when):
    (tmp_path / "sound").write_bytes(wav)
    order = {
        "folder": str(tmp_path),
        "sound": str(tmp_path / "sound"),
        "name": "a.wav",
        "sound_minutes": 9,
    }
    order |= {
        "language": "en",
        "stages": ["components"],
        "options": {"n_components": 2, "max_iter": 5},
    }
    worker.carry_out(order, lambda fact: None)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert (
        len(
            [path for path in before if path.name in ("view.json", "draft.json", "spectrogram.png")]
        )
        == 3
    )

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(view, when, stop)
    with pytest.raises(KeyboardInterrupt):
        worker.carry_out(
            {**order, "edits": [{"do": "name", "component": 1, "name": "left"}]}, lambda fact: None
        )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["CON.mp3", "あ" * 110 + ".wav", "a .wav"])
def test_the_archive_unpacks_everywhere(served, wav, name):
    visitor = served()
    job = visitor.order(wav, name).json()["id"]
    assert visitor.ended(job)["state"] == "done"
    answer = visitor.get(f"/results/{job}/archive.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (folder,) = {Path(name).parts[0] for name in archive.namelist()}
    assert folder == safe_name(name[:-4], 200) and len(folder.encode()) <= 200


def test_components_are_restored(served, wav):
    visitor = served()
    job = visitor.order(wav, options={"n_components": 3, "max_iter": 30}).json()["id"]
    visitor.ended(job)

    def factors():
        with np.load(io.BytesIO(visitor.get(f"/results/{job}/factors.npz").content)) as arrays:
            return {name: arrays[name] for name in arrays}

    def correct(*edits):
        visitor.post(f"/jobs/{job}/edits", content=json.dumps({"edits": edits}))
        assert visitor.ended(job)["state"] == "done"
        return visitor.get(f"/jobs/{job}/view.json").json()

    before, view = factors(), visitor.get(f"/jobs/{job}/view.json").json()
    assert not view["reworked"]
    assert correct({"do": "merge", "components": [1, 2]})["reworked"]
    named = {"do": "name", "component": 2, "name": "left hand"}
    assert len(correct({"do": "split", "component": 1}, named)["components"]) == 3
    assert (
        visitor.post(
            f"/jobs/{job}/draft", content=json.dumps({"edits": [{"do": "restore"}]})
        ).status_code
        == 200
    )
    after = correct(named, {"do": "restore"})
    assert after | {"files": []} == view | {"files": []}
    assert {name: array.tolist() for name, array in factors().items()} == {
        k: v.tolist() for k, v in before.items()
    }
    assert visitor.get(f"/results/{job}/component-edits.json").status_code == 404


def test_drafts_predict_the_corrected_result(served, wav):
    visitor = served()
    job = visitor.order(wav, stages=["components", "instruments"]).json()["id"]
    visitor.ended(job)

    def draft(*edits):
        return visitor.post(f"/jobs/{job}/draft", content=json.dumps({"edits": edits}))

    before = draft().json()
    first = before["notes"][0]
    add = {"do": "add", "onset_s": 0.1, "offset_s": 0.4, "midi": 90, "part": "tuba"}
    edits = [
        add,
        {"do": "change", "note": before["first_id"], "midi": 91},
        {"do": "delete", "notes": [first["id"]]},
        {"do": "name", "component": 2, "name": "左手"},
    ]
    after = draft(*edits, {"do": "delete", "component": 1}).json()
    new = {"id": before["first_id"], "onset": 0.1, "offset": 0.4, "midi": 91, "part": "tuba"}
    new["contour"] = []
    assert [note for note in after["notes"] if note not in before["notes"]] == [new]
    assert first not in after["notes"] and len(after["notes"]) == len(before["notes"])
    assert after["names"] == ["", "左手"]
    assert after["parts"][-1] == {"name": "tuba", "instrument": "tuba", "notes": 1}
    wrong = draft(add, {"do": "split", "note": before["first_id"], "at_s": 3})
    assert wrong.status_code == 422 and "edit 2 (split)" in wrong.json()["message"]["en"]
    assert visitor.another().post(f"/jobs/{job}/draft", content=b'{"edits": []}').status_code == 404

    for wanted in (edits, []):  # the draft predicts the result; omitted corrections are undone
        after = draft(*wanted).json()
        visitor.post(f"/jobs/{job}/edits", content=json.dumps({"edits": wanted}))
        ended = visitor.ended(job)
        assert ended["message"] is None, ended
        view = visitor.get(f"/jobs/{job}/view.json").json()
        assert view["edits"] == wanted
        assert [item["name"] for item in view["components"]] == after["names"]
        table = visitor.get(f"/results/{job}/notes.csv").text.splitlines()[1:]
        assert len(table) == len(after["notes"])
        parts = [(part["name"], part["notes"]) for part in after["parts"] if part["notes"]]
        assert [(part["name"], part["notes"]) for part in view["parts"]] == parts


def test_instruments_are_corrected(served, wav):
    visitor = served()
    job = visitor.order(wav, stages=["components", "stems"]).json()["id"]
    visitor.ended(job)
    part = visitor.get(f"/jobs/{job}/view.json").json()["parts"][0]
    new = "harmonica" if part["instrument"] != "harmonica" else "accordion"
    edits = [
        {"do": "instrument", "part": part["name"], "instrument": new},
        {"do": "split", "component": 1},
    ]
    visitor.post(f"/jobs/{job}/edits", content=json.dumps({"edits": edits}))
    ended = visitor.ended(job)
    assert ended["message"] is None, ended
    view = visitor.get(f"/jobs/{job}/view.json").json()
    assert view["parts"][0]["instrument"] == new and len(view["components"]) == 3
    assert visitor.get(f"/results/{job}/{view['parts'][0]['sound']}").content.startswith(b"fLaC")
    assert visitor.get(f"/results/{job}/edits.json").json()["edits"] == edits[:1]
