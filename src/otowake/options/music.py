"""Options of transcription, instruments and evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from otowake import text
from otowake.options.keys import key_form
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
            "transcription method: network (a trained neural network) or template-nmf (NMF with "
            "synthetic note templates)",
            "採譜の方法。network（学習済みネットワーク）または "
            "template-nmf（合成した単音のテンプレートを使う NMF。学習データは不要）",
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
            "write deviations from the pitch of notes, such as vibrato, to notes.mid as pitch bend",
            "ビブラートなどの音高のずれを、ピッチベンドとして notes.mid に書き込みます",
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


METRES = ("2/4", "3/4", "4/4", "5/4", "5/8", "6/8", "7/8", "9/8", "12/8")
"""Time signatures that can be stated."""


@dataclass(frozen=True)
class TheorySpec(Spec):
    """What is known about the music; None is estimated.

    Examples
    --------
    >>> TheorySpec(key="Am", metre="6/8").key
    'A minor'
    """

    key: str | None = option(
        None,
        Text(
            'key, such as "A minor", Bb or F#m (default: estimate)',
            "調（例: イ短調、A minor、Bb、F#m。省略時は推定）",
        ),
        form=key_form,
        described=text.MUST_BE_KEY,
    )
    tempo: float | None = option(
        None,
        Text(
            "tempo in beats per minute; the beat is a dotted quarter note in 6/8, 9/8 and 12/8, an "
            "eighth note in 5/8 and 7/8 (default: estimate)",
            "テンポ（1 分あたりの拍数。省略時は推定）。1 拍は、6/8・9/8・12/8 拍子では"
            "付点 4 分音符、5/8・7/8 拍子では 8 分音符とします",
        ),
        low=20,
        high=500,
    )
    metre: str | None = option(
        None,
        Text("time signature (default: estimate)", "拍子（省略時は推定）"),
        choices=METRES,
    )
    tuning: float | None = option(
        None,
        Text(
            "reference pitch: frequency of A4 in Hz, such as 415; names of notes and their "
            "deviations refer to it (default: estimate, from 427 to 453 Hz)",
            "基準ピッチ。音名とセント値の基準となる A4 の周波数（Hz、例: 415。"
            "省略時は 427〜453 Hz の範囲で推定）",
        ),
        low=340,
        high=560,
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
            "instruments in the recording, comma-separated; name an instrument once per player; "
            "all other instruments are excluded",
            "使われている楽器（コンマ区切り）。同じ楽器の奏者が複数いる場合は、人数分書きます。"
            "ほかの楽器は候補になりません",
        ),
    )

    stems: str = option(
        "parts",
        Text(
            "what the stems are: parts, or song, which also writes vocals, bass, drums and other, "
            "and the recording without each of the first three, to the folder song",
            "ステムの分け方。parts はパートごと、song はそれに加えて"
            " song フォルダーに歌（vocals）・ベース（bass）・"
            "ドラム（drums）・その他（other）と、"
            "前の三つをそれぞれ除いた音を書き出します",
        ),
        choices=("parts", "song"),
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
