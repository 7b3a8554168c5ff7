"""Parts and stems from the public functions: analysis, result folder, options."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile

import otowake
from otowake import BadInput, Note
from otowake.io.midi import write_notes
from otowake.music import with_sound
from otowake.options import PartSpec
from otowake.results import load_analysis, save_analysis
from otowake.types import Part, SharedNote


@pytest.fixture(scope="module")
def demo():
    return otowake.load(otowake.demo_path(), duration=4)


@pytest.fixture(scope="module")
def analysis(demo):
    return otowake.analyse(demo, stages=["stems"])


@pytest.fixture(scope="module")
def folder(analysis, tmp_path_factory):
    return save_analysis(analysis, tmp_path_factory.mktemp("stems") / "demo")


def test_a_solo_is_one_part_with_its_name_on_every_note(analysis):
    assert analysis.stages == ("notes", "instruments", "stems")
    (part,) = analysis.parts
    assert part.instrument == "accordion"
    assert part.notes == tuple(range(len(analysis.notes)))
    assert {note.instrument for note in analysis.notes} == {"accordion"}
    assert {note.programme for note in analysis.notes} == {21}


def test_the_stems_are_the_recording(folder, demo):
    names = sorted(path.name for path in (folder / "stems").iterdir())
    assert names == ["accordion.flac", "other.flac"]
    sounds = [soundfile.read(folder / "stems" / name, always_2d=True) for name in names]
    assert {rate for _, rate in sounds} == {demo.rate}
    total = sum(samples for samples, _ in sounds)
    np.testing.assert_allclose(total.T, demo.samples, atol=1e-5)
    accordion, other = (np.square(samples).sum() for samples, _ in sounds)
    assert accordion > 20 * other


def test_a_song_is_written_as_sums_of_its_stems(analysis, demo, tmp_path):
    """Here the higher half of an accordion's notes counts as sung."""
    middle = np.median([note.midi for note in analysis.notes])
    high, low = (
        tuple(i for i, note in enumerate(analysis.notes) if (note.midi > middle) == is_high)
        for is_high in (True, False)
    )
    parts = Part("voice", "voice", high, {}), Part("accordion", "accordion", low, {})
    song = replace(analysis, parts=parts, part_spec=PartSpec(stems="song"))
    song, passes = with_sound(song, demo), []
    separate = song.stems

    def counted():
        passes.append(1)
        return separate()

    folder = save_analysis(replace(song, stems=counted), tmp_path / "song")
    assert len(passes) == 1  # the sums are those of the files
    read = {
        path.stem: soundfile.read(path, always_2d=True)[0]
        for path in [*(folder / "song").iterdir(), *(folder / "stems").iterdir()]
        if path.parent.name == "song" or path.stem != "other"
    }
    assert {*read} == {"vocals", "other", "without-vocals", "voice", "accordion"}
    np.testing.assert_allclose(read["vocals"], read["voice"], atol=1e-6)
    np.testing.assert_allclose(read["without-vocals"], read["other"], atol=1e-6)
    np.testing.assert_allclose((read["vocals"] + read["other"]).T, demo.samples, atol=1e-5)
    again = load_analysis(folder)
    assert again.part_spec == song.part_spec
    assert again.note_factors.sources == song.note_factors.sources
    shutil.rmtree(folder / "song")
    otowake.repair_folder(folder)
    vocals, _ = soundfile.read(folder / "song" / "vocals.flac", always_2d=True)
    np.testing.assert_allclose(vocals, read["vocals"], atol=1e-6)


def test_without_the_option_there_is_no_folder_of_the_song(folder):
    assert not (folder / "song").exists()


def test_a_note_sounds_at_its_time(analysis, demo):
    note = analysis.notes[1]
    sound = np.square(note.audio().samples.mean(axis=0))
    assert len(sound) == demo.n_samples
    inside = slice(round((note.onset - 0.1) * demo.rate), round((note.offset + 0.2) * demo.rate))
    assert sound[inside].sum() > 0.99 * sound.sum() > 0


def test_the_folder_is_read_back(folder, analysis):
    again = load_analysis(folder)
    assert [(p.name, p.instrument, p.notes) for p in again.parts] == [
        (p.name, p.instrument, p.notes) for p in analysis.parts
    ]
    assert again.notes == analysis.notes
    facts = json.loads((folder / "analysis.json").read_text())
    facts["parts"][0]["notes"].append(10_000)
    (folder / "analysis.json").write_text(json.dumps(facts))
    with pytest.raises(BadInput, match="has notes that are not there"):
        load_analysis(folder)


def test_shared_notes_are_read_back(analysis, tmp_path):
    part = replace(analysis.parts[0], shared=(SharedNote(2, 0.25, -1),))
    folder = save_analysis(replace(analysis, parts=(part,)), tmp_path / "shared")
    assert load_analysis(folder).parts[0].shared == part.shared
    facts = json.loads((folder / "analysis.json").read_text())
    for wrong in ([10_000, 0.25, -1], [2, 1.5, -1], [2, 0.25, 1]):
        facts["parts"][0]["shared"] = [wrong]
        (folder / "analysis.json").write_text(json.dumps(facts))
        with pytest.raises(BadInput, match=r"notes that are not there|share must be|id must be"):
            load_analysis(folder)


def test_a_score_replaces_the_transcription(demo, tmp_path):
    score = [
        Note(0.5 * i, 0.5 * i + 0.45, midi, programme=56 * (i % 2))
        for i, midi in enumerate((60, 62, 64, 65), 1)
    ]
    write_notes(score, tmp_path / "score.mid")
    read = otowake.io.midi.read_notes(tmp_path / "score.mid")
    result = otowake.analyse(demo, stages=["instruments"], score=read)
    assert [(part.instrument, len(part.notes)) for part in result.parts] == [
        ("piano", 2),
        ("trumpet", 2),
    ]
    assert [note.midi for note in result.notes] == [60, 62, 64, 65]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"instruments": "piano, kazoo"}, "kazoo"),
        ({"parts": 0}, "parts must be a whole number"),
        ({"transcriber": "x"}, "transcriber must be one of network, template-nmf"),
    ],
)
def test_bad_options_get_one_sentence(demo, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        otowake.analyse(demo, stages=["instruments"], **options)


def test_instruments_given_are_the_only_ones(demo):
    result = otowake.analyse(demo, stages=["instruments"], instruments="flute")
    assert [part.instrument for part in result.parts] == ["flute"]
