"""Options of transcription, instruments and evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.options.spec import Spec, option
from otowake.text import Text

NOTE_NAMES = ("letters", "solfege", "iroha", "hz")
TRANSCRIBERS = ("network", "template-nmf")


@dataclass(frozen=True)
class NoteSpec(Spec):
    """Parameters of the transcription.

    Examples
    --------
    >>> NoteSpec(clean=2).clean, NoteSpec().bend
    (2, False)
    """

    transcriber: str = option(
        "network",
        Text(
            "transcription method: network (trained) or template-nmf (NMF with note templates, "
            "no training)",
            "採譜の方法。network（学習済みニューラルネットワーク）または "
            "template-nmf（あらかじめ学習したテンプレートを使う NMF）",
        ),
        choices=TRANSCRIBERS,
        former_values={"listener": "network", "dictionary": "template-nmf"},
    )
    clean: int = option(
        1,
        Text(
            "how strictly to filter detected notes: 0 keeps all, 1 drops fragments, "
            "2 also drops doubtful notes, 3 keeps only confident notes",
            "検出した音符を絞り込む強さ。0 ではすべて残します。1 では 40 ミリ秒より短い音符を、"
            "2 では疑わしい音符も除きます。3 では確かな音符だけを残します",
        ),
        low=0,
        high=3,
    )
    bend: bool = option(
        False,
        Text(
            "write the deviation of each note from its pitch to notes.mid, as pitch bend",
            "音高のずれをピッチベンドとして notes.mid に書き込みます",
        ),
    )
    names: str | None = option(
        None,
        Text(
            "note names in figures and labels (default: by language)",
            "図とラベルの音名（省略時は言語に応じた表記）",
        ),
        choices=NOTE_NAMES,
    )


@dataclass(frozen=True)
class PartSpec(Spec):
    """Parameters of the assignment of notes to parts.

    Examples
    --------
    >>> PartSpec(instruments="piano, violin").named
    ('piano', 'violin')
    """

    parts: int | None = option(
        None,
        Text(
            "number of parts, not counting drums (default: estimate)",
            "パートの数（ドラムを除く。省略時は推定）",
        ),
        low=1,
        high=12,
    )
    instruments: str | None = option(
        None,
        Text(
            "instruments in the recording, comma-separated, each named once per player; others "
            "are excluded",
            "使われている楽器（コンマ区切り）。同じ楽器の奏者が複数いる場合は、人数分書きます。"
            "ほかの楽器は候補になりません",
        ),
    )

    @property
    def named(self) -> tuple[str, ...]:
        """The names in `instruments`, one by one."""
        return tuple(name.strip() for name in (self.instruments or "").split(",") if name.strip())


@dataclass(frozen=True)
class EvaluationSpec(Spec):
    """Parameters of the comparison with reference notes.

    Examples
    --------
    >>> EvaluationSpec(tolerance=0.1).tolerance
    0.1
    """

    tolerance: float = option(
        0.05,
        Text("onset tolerance, in seconds", "オンセットの許容誤差（秒）"),
        above=0,
    )
