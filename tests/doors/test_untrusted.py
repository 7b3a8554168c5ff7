"""Untrusted input: regular files of bounded size, checked values and arrays."""

import io
import random
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from benchmarks.damage import KINDS, other_arrays
from otowake import BadInput
from otowake.arrays import (
    MOST_ARRAYS,
    MOST_DIRECTORY,
    MOST_INFLATED,
    SMALL_ARRAYS,
    Member,
    arrays_of,
    checked,
    write_arrays,
)
from otowake.cli.split import MOST_OPTIONS
from otowake.io.dictionary import load_dictionary
from otowake.results.checkpoint import Checkpoint
from otowake.untrusted import (
    LONGEST_REASON,
    MOST_JSON,
    MOST_WHOLE,
    content_of,
    is_plain_name,
    is_there,
    json_of,
    number,
    open_regular,
    reason,
    rows,
    shown,
    whole,
    word,
)
from otowake.web.draft import drafted

ROOT = Path(__file__).parents[2]

NOT_FILES = sorted(KINDS.keys() - {"nothing", "empty"})

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.mark.parametrize("kind", NOT_FILES)
def test_only_regular_files_are_opened(tmp_path, kind):
    KINDS[kind](tmp_path / "x")
    assert is_there(tmp_path / "x")
    with pytest.raises(OSError, match=r"x"):
        open_regular(tmp_path / "x")


def test_a_file_is_read_up_to_its_limit(tmp_path):
    (tmp_path / "x").write_bytes(b"12345")
    assert content_of(tmp_path / "x", 5) == b"12345"
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        content_of(tmp_path / "x", 4)
    (tmp_path / "link").symlink_to("x")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"12345"


def packed(head: str, size: int = 0, kind: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """Build a file of one array with this header and `size` bytes of zeros."""
    file, words = io.BytesIO(), head.encode().ljust(117) + b"\n"
    with (
        zipfile.ZipFile(file, "w", kind) as out,
        out.open("W.npy", "w", force_zip64=True) as member,
    ):
        member.write(b"\x93NUMPY\1\0" + len(words).to_bytes(2, "little") + words)
        for _ in range(size // 2**20):
            member.write(bytes(2**20))
    return file


@pytest.mark.parametrize(
    ("head", "size", "kind", "sentence"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,)}", 0, 8, "malformed"),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
            0,
            8,
            "another size",
        ),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 0, 8, "not numbers or words"),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (16777216,)}",
            2**27,
            8,
            "200 times as large",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}",
            0,
            zipfile.ZIP_LZMA,
            "in another way",
        ),
    ],
)
def test_bombs_of_arrays_are_refused(head, size, kind, sentence):
    with pytest.raises(ValueError, match=sentence):
        arrays_of(packed(head, size, kind))


def test_a_directory_that_would_fill_the_memory_is_refused():
    end = b"PK\5\6" + bytes(8) + (MOST_DIRECTORY + 1).to_bytes(4, "little") + bytes(6)
    with pytest.raises(ValueError, match="directory is larger"):
        arrays_of(io.BytesIO(end))


def test_arrays_survive_a_round_trip():
    file = io.BytesIO()
    np.savez_compressed(
        file, allow_pickle=False, a=np.arange(3.0), b=np.array("word"), c=np.zeros((0, 4))
    )
    arrays = arrays_of(file)
    np.testing.assert_equal(
        arrays, {"a": np.arange(3.0), "b": np.array("word"), "c": np.zeros((0, 4))}
    )


@pytest.mark.parametrize("content", [b"[" * 200_000, b" " * (MOST_JSON + 1), b"\xff", b""])
def test_json_too_deep_or_too_large(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        json_of(tmp_path / "x.json")


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "..", "a/b", "a\0b"])
def test_names_outside_the_folder_are_not_plain(name):
    assert not is_plain_name(name)


@pytest.mark.parametrize("content", ["NaN", "[Infinity]", "[-Infinity]", '{"a": 1e999}', "-1e400"])
def test_json_has_finite_numbers(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError, match="is not a finite number"):
        json_of(tmp_path / "x.json")


@pytest.mark.parametrize("content", [r'"\ud800"', r'["\uDC00\ud800"]', r'{"\udfff": 1}'])
def test_json_has_whole_characters(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError, match="half of a character"):
        json_of(tmp_path / "x.json")


def test_json_escapes_of_whole_characters_are_read(tmp_path):
    (tmp_path / "x.json").write_text(r'["\ud83c\udfb5", "\u97f3", "\\ud800"]')
    assert json_of(tmp_path / "x.json") == ["🎵", "音", r"\ud800"]


def test_values_of_json_have_their_type_and_bounds():
    facts = {
        "a": 1,
        "b": 2.5,
        "c": True,
        "d": "x",
        "e": None,
        "f": 1e308,
        "g": 10**400,
        "h": "a\0",
        "i": "\ud800",
    }
    assert (number(facts, "a"), number(facts, "b", 2.5, 2.5), whole(facts, "a", 1, 1)) == (
        1.0,
        2.5,
        1,
    )
    assert isinstance(number(facts, "a"), float)
    assert (word(facts, "d"), rows({"x": [1]}, "x")) == ("x", [1])
    assert whole({"x": MOST_WHOLE}, "x") == MOST_WHOLE
    for wrong in (
        lambda: number(facts, "c"),
        lambda: number(facts, "d"),
        lambda: number(facts, "b", 2.6),
        lambda: number(facts, "b", 0, 2.4),
        lambda: number(facts, "g"),
        lambda: number({"x": float("nan")}, "x"),
        lambda: number(facts, "missing"),
        lambda: number([1], "a"),
        lambda: whole(facts, "b"),
        lambda: whole(facts, "c"),
        lambda: whole({"x": -1}, "x"),
        lambda: whole({"x": MOST_WHOLE + 1}, "x"),
        lambda: whole(facts, "a", 2),
        lambda: whole(facts, "a", 0, 0),
        lambda: word(facts, "a"),
        lambda: word(facts, "h"),
        lambda: word(facts, "i"),
        lambda: word({"x": "a\nb"}, "x", printable=True),
        lambda: rows(facts, "d"),
    ):
        with pytest.raises(ValueError, match=r"must be|missing|not a finite|surrogates"):
            wrong()
    assert word({"x": "a\nb"}, "x") == "a\nb"


def test_reasons_are_one_line_that_is_safe_to_print():
    assert reason(ValueError("a\x1b[2J\nb.")) == "a [2J b"
    assert reason(ValueError("x" * LONGEST_REASON)) == "x" * LONGEST_REASON
    assert reason(ValueError("x" * (LONGEST_REASON + 1))) == "x" * LONGEST_REASON + "…"
    assert (
        reason(PermissionError(13, "Permission denied", "/a/b.json")) == "b.json: Permission denied"
    )
    assert reason(NotADirectoryError(20, "Not a directory", "/a/b.json")) == "b.json is missing"
    assert reason(OSError(5, "Input/output error")) == "Input/output error"
    assert reason(OSError("something")) == "OSError: something"
    assert reason(KeyError("W")) == "KeyError: 'W'"


def test_arrays_are_checked_against_their_members():
    members = {
        "W": Member(("frequency", "component")),
        "n": Member((2,), "iu", least=None),
        "maybe": Member((), "U", optional=True),
    }
    good = {"W": np.zeros((3, 2), np.float32), "n": np.array([-1, 2]), "more": np.zeros(1)}
    assert checked(good, members).keys() == {"W", "n"}
    assert checked({**good, "maybe": np.array("x")}, members)["maybe"] == "x"
    for name, wrong in {
        "W": [np.zeros(3), np.zeros((3, 2), int), np.full((3, 2), np.inf), np.full((3, 2), -1e-9)],
        "n": [np.zeros(3, int), np.zeros(2), np.array([True, False])],
        "maybe": [np.array(["x"]), np.array(1)],
    }.items():
        for values in wrong:
            with pytest.raises(ValueError, match=name):
                checked({**good, name: values}, members)
    with pytest.raises(ValueError, match="W is missing"):
        checked({"n": good["n"]}, members)


@pytest.mark.parametrize("kind", NOT_FILES)
def test_irregular_checkpoints_and_dictionaries_are_refused(tmp_path, kind):
    KINDS[kind](tmp_path / "x.npz")
    assert Checkpoint(tmp_path / "x.npz", 1, "key").read() is None
    with pytest.raises(BadInput):
        load_dictionary(tmp_path / "x.npz")


def test_a_checkpoint_with_a_damaged_key_is_ignored(tmp_path):
    key = np.frombuffer(b"\xff\xff\xff\xff", "<U1")[0:1].reshape(())
    np.savez(tmp_path / "x", allow_pickle=False, key=key)
    assert Checkpoint(tmp_path / "x.npz", 1, "key").read() is None


@pytest.mark.parametrize(
    "content", [b"[]", b"{}", b'{"notes": [[0]]}', b"NaN", b'{"length": true}']
)
def test_damaged_drafts_of_the_web_page_are_refused(tmp_path, content):
    (tmp_path / "draft.json").write_bytes(content)
    with pytest.raises(BadInput, match="not a result folder"):
        drafted(tmp_path, [])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_security_page_lists_the_limits(language):
    page = (ROOT / "docs" / language / "security.md").read_text(encoding="utf-8")
    limits = {
        "analysis.json": shown(MOST_JSON),
        "factors.npz": (
            shown(MOST_ARRAYS),
            shown(SMALL_ARRAYS),
            f"{MOST_INFLATED} ",
            shown(MOST_DIRECTORY),
        ),
        "TOML": shown(MOST_OPTIONS),
    }
    rows_of = [line for line in page.splitlines() if line.startswith("|")]
    for name, expected in limits.items():
        (row,) = (line for line in rows_of if name in line.split("|")[1])
        assert all(
            limit in row for limit in ([expected] if isinstance(expected, str) else expected)
        )


@pytest.mark.parametrize("seed", range(3))
def test_the_fuzzer_is_deterministic(seed):
    file = BytesIO()
    np.savez(file, allow_pickle=False, a=np.arange(6.0).reshape(2, 3), b=np.array("word"))
    one, two = (other_arrays(file.getvalue(), random.Random(seed)) for _ in range(2))
    assert one == two


def test_files_of_arrays_contain_no_objects(tmp_path):
    path = tmp_path / "a.npz"
    for compressed in (False, True):
        write_arrays(path, {"W": np.ones((2, 3)), "key": np.array("k")}, compressed=compressed)
        with np.load(path, allow_pickle=False) as file:
            assert sorted(file.files) == ["W", "key"] and file["key"] == "k"
    with pytest.raises(ValueError, match="key holds objects"):
        write_arrays(path, {"key": np.array([{}])})
