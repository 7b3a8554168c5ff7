"""Options: one home, checked when made, unknown ones refused, words in both languages."""

import re
from dataclasses import fields

import numpy as np
import pytest

from otowake import options, summary, text
from otowake.errors import BadInput
from otowake.nmf import factorize
from otowake.options import FitSpec, LoadSpec, NoteSpec, RunSpec, ScoreSpec, ServeSpec, StftSpec
from otowake.text import Text

SPECS = (LoadSpec, StftSpec, FitSpec, NoteSpec, ScoreSpec, RunSpec, ServeSpec)
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


def test_every_text_is_in_both_languages_with_the_same_facts():
    texts = {name: value for name, value in vars(text).items() if isinstance(value, Text)}
    assert len(texts) > 50
    for name, words in texts.items():
        places = [set(re.findall(r"{(\w+)", each)) for each in words]
        assert places[0] == places[1], name


def test_restarts_are_told_with_how_alike_they_are(planted):
    fit = factorize(planted, n_components=4, n_init=3, max_iter=20)
    others = np.sort(np.delete(fit.agreement, fit.restarts.argmin()))
    said = summary.restarts(fit, "en")
    assert (
        said.startswith("The best of 3 starts is kept")
        and f"{others[0]:.2f}" in said
        and f"{others[-1]:.2f}" in said
    )
    assert JAPANESE.search(summary.restarts(fit, "ja"))
