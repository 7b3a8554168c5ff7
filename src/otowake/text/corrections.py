"""Sentences about manual corrections: what is wrong with one, and what one must be."""

from otowake.text.language import Text

NOT_EDITS = Text(
    'corrections must be {{"version": {version}, "edits": [...]}}, '
    'a list of objects, each with a "do".',
    '修正は {{"version": {version}, "edits": [...]}} の形で、'
    'edits は "do" を持つオブジェクトの配列でなければなりません。',
)
NOT_EDITS_FILE = Text(
    "{path}: no corrections could be read from this file; it must be JSON ({why}).",
    "{path}: 修正を読み込めません。JSON ファイルを指定してください（{why}）。",
)
NO_EDITS_FILE = Text(
    "{path}: there is no such file yet; write the corrections there, such as {example}",
    "{path}: ファイルがまだありません。次のような修正を書き、この名前で保存してください: {example}",
)
TOO_MANY_EDITS = Text(
    "there may be at most {most} corrections; there are {value}.",
    "修正は {most} 件までですが、{value} 件あります。",
)
TOO_MANY_PARTS = Text("there may be at most {most} parts.", "パートは {most} 個までです。")
IN_EDIT = Text("edit {number} ({do}): {why}", "{number} 番目の修正（{do}）: {why}")
EDIT_FIELDS = Text(
    "it must have {needed} and may only have {fields}; {name} is wrong or missing.",
    "必要な項目は {needed}、使える項目は {fields} です。"
    "{name} は使えない項目か、足りない項目です。",
)
NO_COMPONENT = Text(
    "edit {number} ({do}): there is no component {component} (any more).",
    "{number} 番目の修正（{do}）: 成分 {component} はありません。",
)
LAST_COMPONENT = Text(
    "edit {number} ({do}): this is the last component; it can't be deleted.",
    "{number} 番目の修正（{do}）: 成分が 1 つしか残っていないため、削除できません。",
)
NOTHING_TO_CHANGE = Text(
    "it must have one of onset_s, offset_s, midi, velocity.",
    "onset_s、offset_s、midi、velocity のいずれかが必要です。",
)
MUST_BE_NOTE = Text("the id of an existing note", "存在する音符の id")
MUST_BE_PART = Text(
    "one of {parts}, or for a new part the name of an instrument, with -2 to -99 for another part "
    "of the same instrument",
    " {parts} のいずれか、または新しいパートの楽器名（同じ楽器の 2 つ目以降は末尾に -2 から -99）",
)
MUST_BE_TWO_PARTS = Text("two or more different parts", " 2 つ以上の異なるパート")
MUST_BE_UP_TO = Text("at most {high}, where the recording ends", "録音の終わり（{high}）以下の値")
MUST_BE_AFTER = Text("later than the onset, {low}", "オンセット（{low}）より後の値")
MUST_BE_WITHIN = Text(
    "within the note, between {low} and {high}",
    "音符の途中（{low} と {high} の間）の値",
)
MUST_PART_THE_NOTES = Text("a pitch that leaves notes on both sides", "上下の両方に音符が残る音高")
MUST_BE_SHORT = Text(
    "printable text of at most {most} characters",
    " {most} 文字以内の表示できる文字列",
)
MUST_BE_LIST = Text("a list, each item {what}", "{what}の配列")
