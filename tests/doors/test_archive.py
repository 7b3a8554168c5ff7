"""Archives as a user runs them, on this machine and on a cluster: inputs, results, tables."""

import csv
import json
import os
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archives import FAST, clip, otowake, results, tables
from commands import run_here

from otowake.cluster import run_archive
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import MANIFEST, Manifest, sole_driver
from otowake.errors import BadInput
from otowake.options import FitSpec, StftSpec
from otowake.results import load_analysis
from otowake.results.recipe import Recipe


def test_each_recording_gets_a_folder_without_sound_or_figures(undisturbed, corpus):
    folders = [*undisturbed.glob("results/*/*")]
    assert len(folders) == 12
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == [
            "analysis.json",
            "components.csv",
            "factors.npz",
        ]
        facts = json.loads((folder / "analysis.json").read_text())
        assert facts["made_with"]["threads"] == 1 and facts["input"]["path"].startswith(str(corpus))
    assert not [*undisturbed.rglob(".partial*")] and not [*undisturbed.glob(".trying/*")]


def test_the_tables_hold_what_the_folders_hold(undisturbed):
    tables(undisturbed)
    parquet = {path.stem: pq.read_table(path) for path in (undisturbed / "tables").iterdir()}
    assert set(parquet) == {"recordings", "components", "notes", "chords", "instruments"}
    paths = parquet["recordings"].to_pylist()
    assert [row["path"] for row in paths] == sorted(row["path"] for row in paths) and len(
        paths
    ) == 12
    row = paths[5]
    analysis = load_analysis(undisturbed / row["folder"])
    all_components = parquet["components"].to_pylist()
    components = [c for c in all_components if c["recording"] == row["recording"]]
    assert [c["energy"] for c in components] == [c.energy for c in analysis.components]
    assert [c["hz"] for c in components] == [c.pitch and c.pitch.hz for c in analysis.components]
    assert (row["state"], row["rate"], row["seconds"]) == ("done", 8000, 0.3)
    assert row["loss"] == analysis.fitted().loss


def test_the_tables_of_notes_and_instruments(tmp_path, cluster):
    import otowake as library

    (tmp_path / "in").mkdir()
    shutil.copy(library.demo_path(), tmp_path / "in" / "demo.ogg")
    options = ["--duration", 4, "--stages", "instruments", "--scheduler", cluster.file]
    done = run_here("archive", "run", tmp_path / "in", "-o", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    tables(tmp_path / "out")
    rows_of = {
        path.stem: pq.read_table(path).to_pylist()
        for path in (tmp_path / "out" / "tables").iterdir()
    }
    folder = tmp_path / "out" / rows_of["recordings"][0]["folder"]
    analysis = load_analysis(folder)
    assert [row["midi"] for row in rows_of["notes"]] == [note.midi for note in analysis.notes] != []
    assert [row["onset_s"] for row in rows_of["notes"]] == [note.onset for note in analysis.notes]
    assert [row["part"] for row in rows_of["notes"]] == [analysis.parts[0].name] * len(
        analysis.notes
    )
    assert (
        [row["chord"] for row in rows_of["chords"]]
        == [chord.name for chord in analysis.chords]
        != []
    )
    assert [row["notes"] for row in rows_of["instruments"]] == [
        len(part.notes) for part in analysis.parts
    ]
    assert rows_of["components"] == [] and rows_of["recordings"][0]["key"] is not None
    assert sorted(p.name for p in folder.iterdir()) == [
        "analysis.json",
        "chords.csv",
        "notes.csv",
        "notes.mid",
    ]


def test_bad_files_fail_with_a_reason_and_the_rest_goes_on(tmp_path, cluster):
    music = tmp_path / "music"
    for i in range(2):
        clip(music / f"{i}.wav", i)
    shutil.copy(music / "0.wav", music / "the-same.wav")
    (music / "broken.mp3").write_text("no music")
    (music / "notes.txt").write_text("not looked at")
    with (tmp_path / "list.csv").open("w") as file:
        csv.writer(file).writerows([["number", "path"], [1, "music/1.wav"], [2, "gone.wav"]])
    command = ["archive", "run", music, tmp_path / "list.csv", "-o", music / "out", "--scheduler"]
    done = run_here(*command, cluster.file, *FAST)
    assert done.returncode == 1
    errors = sorted(done.stderr.splitlines())
    assert len(errors) == 2 and "broken.mp3: no sound could be read" in errors[1]
    assert (
        errors[0]
        == f"Error: {tmp_path / 'gone.wav'}: there is no such file; check the name and the folder."
    )
    assert done.stdout.startswith("2 of 4 recordings are done, 2 failed; in this run: 2 of them")
    before = results(music / "out")
    assert len(before) == 2
    again = run_here(*command, cluster.file, *FAST, "--lang", "ja")
    assert again.returncode == 1 and results(music / "out") == before
    assert again.stdout.startswith(
        "録音 4 個のうち 2 個が完了、2 個が失敗しました。今回処理したのは 0 個"
    )
    rows = {row["path"]: row for row in _recordings(music / "out")}
    assert rows[f"{music}/0.wav"]["folder"] == rows[f"{music}/the-same.wav"]["folder"]
    assert [rows[path]["state"] for path in sorted(rows)] == [
        "failed",
        "done",
        "done",
        "failed",
        "done",
    ]


def _recordings(archive):
    tables(archive)
    return pq.read_table(archive / "tables" / "recordings.parquet").to_pylist()


def test_a_cluster_gives_the_same_tables_as_this_machine(tmp_path, corpus, undisturbed, cluster):
    recipe = Recipe(
        ("components",),
        stft=StftSpec(sample_rate=8000, n_fft=256, hop=64),
        fit=FitSpec(n_components=2, max_iter=4),
    )
    from distributed import Client

    seen = []
    with Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
        tally = run_archive([corpus], tmp_path, recipe=recipe, client=client, watch=seen.append)
    assert (tally.recordings, tally.done, tally.failed, tally.now) == (12, 12, 0, 12)
    assert tally.seconds == pytest.approx(12 * 0.3) and not tally.stopped
    assert [now.done for now in seen] == sorted(now.done for now in seen) and seen[-1].speed > 0
    assert tables(tmp_path) == tables(undisturbed)


def test_results_that_are_gone_and_files_that_have_changed_are_taken_up_again(tmp_path, cluster):
    music, out = tmp_path / "music", tmp_path / "out"
    for i in range(3):
        clip(music / f"{i}.wav", i)
    command = ["archive", "run", music, "-o", out, "--scheduler", cluster.file, *FAST]
    assert run_here(*command).returncode == 0
    before = results(out)
    names = {row["path"][-5:]: row["folder"] for row in _recordings(out)}
    shutil.rmtree(out / names["0.wav"])
    clip(music / "1.wav", 77)
    os.utime(
        music / "2.wav", (2**31, 2**31)
    )  # a clock of another machine: read again, not analysed again
    done = run_here(*command)
    assert done.returncode == 0 and "in this run: 2 of them" in done.stdout
    after = results(out)
    assert after[names["2.wav"].rpartition("/")[2]] == before[names["2.wav"].rpartition("/")[2]]
    now = {row["path"][-5:]: row["folder"] for row in _recordings(out)}
    assert now["1.wav"] != names["1.wav"] and now["0.wav"] == names["0.wav"]


def test_other_options_a_second_driver_and_what_is_no_archive_are_refused(
    tmp_path, corpus, undisturbed
):
    other = run_here("archive", "run", corpus, "-o", undisturbed, *FAST, "--seed", 4)
    assert other.returncode == 1
    assert other.stderr == (
        f"Error: {undisturbed}: this archive was started with seed = 0, now it is 4; "
        "use the same options, or choose another folder with -o.\n"
    )
    with sole_driver(undisturbed):
        second = run_here("archive", "run", corpus, "-o", undisturbed, *FAST)
    assert second.returncode == 1 and "another run is processing this archive" in second.stderr
    assert second.stderr.count("\n") == 1
    none = run_here("archive", "table", tmp_path)
    assert none.returncode == 1 and "there is no archive here" in none.stderr
    (tmp_path / "manifest.sqlite").write_bytes(b"no database" * 1000)
    damaged = run_here("archive", "table", tmp_path)
    assert (
        damaged.returncode == 1 and damaged.stderr.count("\n") == 1 and "damaged" in damaged.stderr
    )
    empty = run_here("archive", "run", tmp_path, "-o", tmp_path / "out")
    assert empty.returncode == 1 and "there are no recordings in" in empty.stderr
    nobody = run_here(
        "archive",
        "run",
        corpus,
        "-o",
        tmp_path / "o",
        "--scheduler",
        "tcp://127.0.0.1:9",
        "--timeout",
        1,
    )
    assert nobody.returncode == 1 and "no Dask scheduler answers there" in nobody.stderr


def test_lists_and_folders_in_order(tmp_path):
    for name in ("b.wav", "a/2.flac", "a/1.MP3", ".hidden/x.wav", "a/readme.txt", "out/r.wav"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    inside, out = tmp_path / "in", tmp_path / "in" / "out"
    paths = [str(path.relative_to(inside)) for path in recordings([inside], out, pytest.fail)]
    assert paths == ["b.wav", "a/1.MP3", "a/2.flac"]
    pq.write_table(
        pa.table({"x": [1, 2], "File": ["in/b.wav", "/else/c.wav"]}), tmp_path / "l.parquet"
    )
    (tmp_path / "plain.csv").write_text("in/b.wav\n\nin/a/1.MP3\n")
    listed = recordings([tmp_path / "l.parquet", tmp_path / "plain.csv"], out, pytest.fail)
    assert [str(path) for path in listed] == [
        str(inside / "b.wav"),
        "/else/c.wav",
        str(inside / "b.wav"),
        str(inside / "a/1.MP3"),
    ]
    (tmp_path / "bad.csv").write_text("x,y\n1,2\n")
    with pytest.raises(
        BadInput, match="the list must have a column called path, or only one column; it has x, y"
    ):
        [*recordings([tmp_path / "bad.csv"], out, pytest.fail)]
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(BadInput, match="the list could not be read"):
        [*recordings([tmp_path / "bad.parquet"], out, pytest.fail)]


def test_the_manifest_follows_the_umask(tmp_path):
    before = os.umask(0o002)
    try:
        Manifest(tmp_path).close()
    finally:
        os.umask(before)
    assert (tmp_path / MANIFEST).stat().st_mode & 0o777 == 0o664


def test_the_manifest_holds_few_rows_in_memory_and_a_change_is_whole(tmp_path):
    manifest = Manifest(tmp_path)
    manifest.begin({"stages": []}, "x")
    manifest.add_paths((f"/{i:05d}.wav", "s") for i in range(1200))
    assert len([*manifest.unread()]) == manifest.n_paths() == 1200

    def broken():
        yield ("/00000.wav", "0" * 64, None)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        manifest.record_digests(broken())
    assert len([*manifest.unread()]) == 1200
    manifest.record_digests((f"/{i:05d}.wav", f"{i // 2:064d}", None) for i in range(1200))
    manifest.queue_recordings(retry=False)
    assert len({recording.sha256 for recording in manifest.waiting()}) == 600
    assert next(manifest.waiting()).path == "/00000.wav"
    manifest.close()


def entered(archive, paths):
    """Return a manifest in which these paths have been read, each with a different digest."""
    manifest = Manifest(archive)
    manifest.begin({"stages": []}, "x")
    manifest.add_paths((path, "s") for path in paths)
    manifest.record_digests((path, sha(i), None) for i, path in enumerate(paths))
    return manifest


def sha(i):
    return f"{i:012d}".ljust(64, "0")


NAMES = (
    ".x.wav",
    "..wav",
    "...mp3",
    ". .wav",
    "CON.wav",
    "a:b.wav",
    "x\ny.wav",
    "😀" * 80 + ".wav",
    ".wav",
)


def test_a_recording_of_any_name_has_a_place_in_the_archive(tmp_path):
    manifest = entered(tmp_path, [f"/music/{name}" for name in NAMES])
    manifest.queue_recordings(retry=False)
    waiting = [*manifest.waiting()]
    assert len(waiting) == len([*manifest.all_paths()]) == len(NAMES)
    for recording in waiting:
        name = recording.folder.split("/", 2)[2]
        assert (
            name[0] != "." and not set(name) & set(":\n") and name.endswith(recording.sha256[:12])
        )
        (tmp_path / recording.folder).mkdir(parents=True)
    manifest.close()


def test_a_manifest_with_hidden_or_too_long_places_is_read_and_mended(tmp_path):
    manifest = entered(tmp_path, ["/.a.wav", "/b.wav", "/.c.wav", "/.d.wav"])
    was = ["results/00/.a-1", f"results/00/{'😀' * 80}-2", "results/00/.c-3", "results/00/.d-4"]
    for i, (folder, state) in enumerate(
        zip(was, ("waiting", "failed", "done", "failed"), strict=True)
    ):
        manifest.record_state(sha(i), folder, state)
    (tmp_path / was[2]).mkdir(parents=True)
    (tmp_path / was[2] / "analysis.json").write_text("{}")
    manifest.close()
    manifest = Manifest(tmp_path, read_only=True)
    assert [row[2] for row in manifest.all_paths()] == [was[0], was[2], was[3], was[1]]
    manifest.close()
    manifest = Manifest(tmp_path)
    manifest.queue_recordings(retry=False)
    now = [f"results/00/{name}-{i:012d}" for i, name in enumerate("abcd")]
    assert [recording.folder for recording in manifest.waiting()] == now[:1]
    manifest.queue_recordings(retry=True)
    assert [recording.folder for recording in manifest.waiting()] == [now[0], now[1], now[3]]
    assert [folder for _, folder in manifest.all_done()] == [was[2]]
    manifest.close()


def test_hidden_files_that_are_named_are_analysed(tmp_path, cluster):
    paths = [tmp_path / ".x.wav", tmp_path / "..wav"]
    for i, path in enumerate(paths):
        clip(tmp_path / "clip.wav", i)
        (tmp_path / "clip.wav").rename(path)
    out = tmp_path / "out"
    done = run_here("archive", "run", *paths, "-o", out, "--scheduler", cluster.file, *FAST)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name.split("-")[0] for path in out.glob("results/*/*")) == ["recording", "x"]
    assert len(_recordings(out)) == 2


def test_a_worker_computes_with_one_thread_as_the_program_does_when_told_so(
    tmp_path, corpus, undisturbed
):
    path = corpus / "disc-0" / "clip-00.wav"
    done = otowake("split", path, "-o", tmp_path, *FAST, NPROC="1")
    assert done.returncode == 0, done.stderr
    (there,) = undisturbed.glob("results/*/clip-00-*")
    with (
        np.load(tmp_path / "clip-00" / "factors.npz") as mine,
        np.load(there / "factors.npz") as theirs,
    ):
        assert all(mine[name].tobytes() == theirs[name].tobytes() for name in mine.files)
