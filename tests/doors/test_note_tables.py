"""Tables of notes in many formats are read; other files are refused in one sentence."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otowake import BadInput, Note
from otowake.io.notes import read_table


@pytest.mark.parametrize(
    "content",
    [
        "onset_s\toffset_s\tmidi_pitch\n0.5\t1.0\t60\n1\t2\t62.0\n",
        "0.5,1.0,60\n1,2,62\n",
        "0.5 1.0 60\n1 2 62\n\n",
        "# by hand\nmidi;onset;offset\n60;0.5;1.0\n62;1;2\n",
        "\ufeffstart,end,pitch\r\n1,2,62\r\n0.5,1.0,60\r\n",
    ],
)
def test_tables_of_many_kinds_are_read(tmp_path, content):
    (tmp_path / "x.tsv").write_text(content, encoding="utf-8")
    assert read_table(tmp_path / "x.tsv") == [Note(0.5, 1.0, 60), Note(1, 2, 62)]


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\xff\xfe",
        b"onset,offset\n1,2\n",
        b"1,2\n",
        b"1,2,x\n",
        b"2,1,60\n",
        b"1,2,600\n",
        b"nan,2,60\n",
        b"1,2,nan\n",
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.csv: no notes could be read"):
        read_table(tmp_path / "x.csv")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_garbage_is_read_or_refused(tmp_path, content):
    (tmp_path / "x.csv").write_bytes(b"1,2,60\n" + content)
    try:
        read_table(tmp_path / "x.csv")
    except BadInput as error:
        assert "x.csv" in str(error)
