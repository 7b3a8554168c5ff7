"""Laws of names derived from recordings: safe, distinct, and unchanged if possible."""

import os
import re
import unicodedata
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from name_cases import HARD

from otowake.cli.each_file import folders_for
from otowake.cluster.result_folders import RESULT_FOLDER, folder_of
from otowake.io.names import MOST, safe_name, safe_names, within

NAMES = st.one_of(
    st.sampled_from(HARD),
    st.text(max_size=300),
    st.text(st.sampled_from(". aA:?\n\udc80あ😀\u0301"), max_size=300),
)
DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)


def is_safe(name, most=MOST):
    """Whether a name is safe, by a test independent of the function."""
    return (
        0 < len(name.encode()) <= most
        and name[0] not in ". "
        and name[-1] not in ". "
        and not set(name) & set('<>:"/\\|?*')
        and not {unicodedata.category(letter) for letter in name} & {"Cc", "Cs", "Zl", "Zp"}
        and not DEVICE.match(name)
    )


@given(NAMES, st.integers(32, MOST))
def test_a_name_is_safe_and_stays_what_it_is_where_it_can(name, most):
    safe = safe_name(name, most)
    assert is_safe(safe, most)
    assert safe_name(safe, most) == safe
    if not any(0xD800 <= ord(letter) < 0xE000 for letter in name) and is_safe(name, most):
        assert safe == name


@given(st.sets(NAMES))
def test_different_names_stay_different(names):
    changed = [safe_name(name) for name in names if safe_name(name) != name]
    assert len({*changed}) == len(changed)


@given(st.lists(NAMES, max_size=8), st.integers(32, MOST))
@example(["a/b.wav", "c/b.mp3", "B.wav", "b-2.wav", "x" * 255, "x" * 255], MOST)
def test_each_of_some_names_has_a_folder_of_its_own_on_every_file_system(names, most):
    safe = safe_names(names, most)
    assert len(safe) == len(names) and all(is_safe(name, most) for name in safe)
    assert len({unicodedata.normalize("NFC", name.casefold()) for name in safe}) == len(names)


@given(st.lists(NAMES.filter(lambda name: not set(name) & set("/\0")), min_size=1, max_size=5))
def test_every_file_gets_a_folder_in_the_output(names):
    folders = folders_for(tuple(f"music/{name}.wav" for name in names), Path("out"))
    assert [folder.parent for folder in folders] == [Path("out")] * len(names)
    assert all(
        os.path.normpath(folder) == str(folder) and is_safe(folder.name) for folder in folders
    )


@given(NAMES, st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_recording_of_an_archive_has_a_place_that_the_manifest_takes(name, sha256):
    folder = folder_of(sha256, f"/music/{name}.wav")
    assert RESULT_FOLDER.fullmatch(folder) and folder.endswith(f"-{sha256[:12]}")
    assert is_safe(folder.split("/", 2)[2])


@given(NAMES.filter(lambda name: not set(name) & set("/\0")), st.integers(40, MOST))
def test_the_name_of_a_file_is_cut_only_where_it_is_too_long(name, most):
    name = f".{name}.checkpoint"
    cut = within(name, most)
    if len(name.encode(errors="surrogatepass")) <= most:
        assert cut == name
    else:
        assert len(cut.encode()) <= most and cut[0] == "." and cut.endswith(".checkpoint")
