"""Options: bounds, help in both languages, unknown and former names."""

import re
from dataclasses import fields

import click
import numpy as np
import pytest
from click.testing import CliRunner

import otowake
from otowake import options, summary, text
from otowake.cli.archive import LEARN_GROUPS, learn_command
from otowake.cli.split import specs_from
from otowake.errors import BadInput, InputWarning
from otowake.nmf import factorize
from otowake.options import (
    ArchiveSpec,
    EvaluationSpec,
    FitSpec,
    LearnSpec,
    LoadSpec,
    NoteSpec,
    PartSpec,
    RunSpec,
    ServeSpec,
    StftSpec,
    WorkerSpec,
    specs_with,
)
from otowake.results.recipe import Recipe
from otowake.text import Text

SPECS = (
    LoadSpec,
    StftSpec,
    FitSpec,
    NoteSpec,
    PartSpec,
    EvaluationSpec,
    RunSpec,
    ServeSpec,
    ArchiveSpec,
    LearnSpec,
)
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


@pytest.mark.parametrize("spec", SPECS)
def test_every_option_has_help_in_both_languages(spec):
    for name, constraint in spec.constraints().items():
        assert constraint.help.en, name
        assert JAPANESE.search(constraint.help.ja), name


@pytest.mark.parametrize("spec", SPECS)
def test_every_default_is_allowed(spec):
    for f in fields(spec):
        assert spec.constraints()[f.name].check(f.name, f.default) == f.default


@pytest.mark.parametrize(
    ("spec", "name", "value", "sentence"),
    [
        (
            FitSpec,
            "n_components",
            2.5,
            "n_components must be a whole number from 1 to 1024, or auto; it is 2.5.",
        ),
        (
            FitSpec,
            "n_components",
            "many",
            "n_components must be a whole number from 1 to 1024, or auto; it is 'many'.",
        ),
        (
            FitSpec,
            "n_components",
            True,
            "n_components must be a whole number from 1 to 1024, or auto; it is True.",
        ),
        (FitSpec, "seed", -1, "seed must be a whole number from 0 to 4294967295; it is -1."),
        (FitSpec, "tol", float("nan"), "tol must be a number from 0 to 1; it is nan."),
        (FitSpec, "effort", "huge", "effort must be one of normal, thorough; it is 'huge'."),
        (NoteSpec, "clean", 4, "clean must be a whole number from 0 to 3; it is 4."),
        (NoteSpec, "bend", "yes", "bend must be true or false; it is 'yes'."),
        (
            NoteSpec,
            "names",
            "abc",
            "names must be one of letters, solfege, iroha, hz; it is 'abc'.",
        ),
        (LoadSpec, "duration", 0, "duration must be a number above 0; it is 0."),
        (LoadSpec, "start", -1, "start must be a number of at least 0; it is -1."),
        (
            StftSpec,
            "hop",
            2000,
            "hop must be a whole number from 1 to n_fft / 2 = 1024; it is 2000.",
        ),
    ],
)
def test_bad_values_get_one_sentence(spec, name, value, sentence):
    with pytest.raises(BadInput) as caught:
        spec(**{name: value})
    assert str(caught.value) == sentence
    assert JAPANESE.search(caught.value.in_language("ja"))


def test_unknown_options_are_errors():
    with pytest.raises(
        BadInput, match="there is no option called componets; the options are: n_components"
    ):
        FitSpec().with_options(componets=3)


def test_the_loss_is_a_name_or_a_number():
    assert [FitSpec(loss=loss).beta for loss in ("kl", "euclidean", "itakura-saito", 2, "1.5")] == [
        1,
        2,
        0,
        2,
        1.5,
    ]
    assert set(options.LOSS_BETA) == set(FitSpec.constraints()["loss"].choices)


def test_every_text_has_both_languages_with_the_same_facts():
    texts = {name: value for name, value in vars(text).items() if isinstance(value, Text)}
    assert len(texts) > 50
    for name, words in texts.items():
        english, japanese = (set(re.findall(r"{(\w+)", sentence)) for sentence in words)
        assert english == japanese, name


def test_the_summary_of_restarts_says_how_similar_they_are(planted):
    fit = factorize(planted, n_components=4, n_init=3, max_iter=20)
    others = np.sort(np.delete(fit.agreement, fit.restarts.argmin()))
    sentence = summary.restarts(fit, "en")
    assert sentence.startswith("The best of 3 starts is kept")
    assert f"{others[0]:.2f}" in sentence and f"{others[-1]:.2f}" in sentence
    assert JAPANESE.search(summary.restarts(fit, "ja"))


FORMER_NAMES = [
    (FitSpec, "apart_W", "decorrelation_W", 0.5),
    (WorkerSpec, "patience", "timeout", 3.0),
    (ArchiveSpec, "patience", "timeout", 3.0),
    (LearnSpec, "passes", "epochs", 7),
]
FORMER_WORDS = [("listener", "network"), ("dictionary", "template-nmf")]


@pytest.mark.parametrize(("spec", "old", "new", "value"), FORMER_NAMES)
def test_former_names_work_with_a_warning(spec, old, new, value):
    with pytest.warns(InputWarning, match=f"the option {old} is now called {new};") as caught:
        assert getattr(spec().with_options(**{old: value}), new) == value
    assert len(caught) == 1 and JAPANESE.search(caught[0].message.in_language("ja"))
    with pytest.warns(InputWarning, match=new):
        specs = specs_with({old: value}, [(text.HEADING_RUN, spec)])
    assert getattr(specs[spec], new) == value


@pytest.mark.parametrize(("old", "new"), FORMER_WORDS)
def test_former_words_work_with_a_warning(old, new):
    with pytest.warns(InputWarning, match=f"transcriber = {old} is now written .* = {new};"):
        assert NoteSpec(transcriber=old).transcriber == new
    with pytest.warns(InputWarning) as caught:
        assert specs_with({"transcriber": old})[NoteSpec].transcriber == new
    assert len(caught) == 1


def test_bad_values_under_a_former_name_are_errors():
    with pytest.warns(InputWarning), pytest.raises(BadInput, match="timeout must be a number"):
        WorkerSpec().with_options(patience=-1)
    with pytest.raises(BadInput, match="there is no option called patience"):
        FitSpec().with_options(patience=1)


def test_the_later_of_a_former_and_a_new_name_wins():
    both = [{"patience": 1, "timeout": 2}, {"timeout": 2, "patience": 1}]
    with pytest.warns(InputWarning):
        assert [WorkerSpec().with_options(**given).timeout for given in both] == [2.0, 1.0]


@pytest.mark.parametrize(("old", "new"), FORMER_WORDS)
def test_recorded_options_are_translated_silently(old, new):
    assert NoteSpec.recorded({"transcriber": old, "clean": 2}) == NoteSpec(new, 2)
    assert LearnSpec.recorded({"passes": 7, "patience": 3}) == LearnSpec(epochs=7, timeout=3)
    recipe = Recipe.of({"stages": ["notes"], "fit": {"apart_W": 0.5}, "note": {"transcriber": old}})
    assert (recipe.fit.decorrelation_W, recipe.note.transcriber) == (0.5, new)
    with pytest.raises(BadInput, match="there is no option called componets"):
        FitSpec.recorded({"componets": 3})


def test_functions_take_former_names(planted):
    with pytest.warns(InputWarning, match="decorrelation_W"):
        fit = factorize(planted, n_components=2, max_iter=1, apart_W=0.5)
    assert fit.spec.decorrelation_W == 0.5
    audio = otowake.load(otowake.demo_path(), duration=1)
    with pytest.warns(InputWarning, match="decorrelation_W"):
        analysis = otowake.analyse(
            audio, stages=["components"], n_components=2, max_iter=1, apart_W=0.5
        )
    assert analysis.fitted().spec.decorrelation_W == 0.5


def test_results_with_former_names_load_silently(tmp_path):
    audio = otowake.load(otowake.demo_path(), duration=1)
    analysis = otowake.analyse(audio, stages=["components"], n_components=2, max_iter=1)
    otowake.save_analysis(analysis, tmp_path / "result")
    path = tmp_path / "result" / "analysis.json"
    words = path.read_text(encoding="utf-8")
    assert '"decorrelation_W"' in words
    path.write_text(words.replace('"decorrelation_W"', '"apart_W"'), encoding="utf-8")
    assert otowake.load_analysis(tmp_path / "result").fitted().spec == analysis.fitted().spec


def test_an_option_file_takes_former_names(tmp_path, capsys):
    path = tmp_path / "options.toml"
    path.write_text('apart_W = 0.5\ntranscriber = "listener"\n')
    specs = specs_from(str(path), {"decorrelation_W": None, "clean": "2"})
    assert specs[FitSpec].decorrelation_W == 0.5
    assert specs[NoteSpec] == NoteSpec("network", 2)
    assert capsys.readouterr().err.count("the old ") == 2


@pytest.mark.parametrize(("language", "words"), [("en", "the old name"), ("ja", "古い名前")])
def test_the_command_line_takes_former_names_and_hides_them(language, words):
    command = learn_command(language)
    with command.make_context("learn", ["x", "--passes", "5", "--apart-W", "0.5"]) as context:
        given = {name: context.params[name] for name in ("passes", "apart_W", "epochs")}
        with pytest.MonkeyPatch.context() as patch:
            written = []
            patch.setattr(click, "echo", lambda message, err: written.append(message))
            specs = specs_from(None, given, LEARN_GROUPS)
    assert (specs[LearnSpec].epochs, specs[FitSpec].decorrelation_W) == (5, 0.5)
    assert sum(words in line for line in written) == 2
    shown = CliRunner().invoke(command, ["--help"]).output
    assert "--epochs" in shown and "--timeout" in shown
    assert "--passes" not in shown and "--patience" not in shown
