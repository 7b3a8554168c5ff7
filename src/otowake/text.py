"""Text in two languages: the one home of every sentence that a person reads.

A :class:`Text` is a template in English and in Japanese. Errors, warnings, option help, table headings and
figure labels are all made from them, so neither language can say more than the other.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")


_ONE_OR_MORE = re.compile(r"\{(\w+)\|([^|{}]*)\|([^|{}]*)\}")


class Text(NamedTuple):
    """A template in both languages; ``{n|note|notes}`` is the first word where n is 1, else the second.

    Examples
    --------
    >>> some = Text("{n} {n|note|notes}", "音符 {n} 個")
    >>> some.format("ja", n=3), some.format(n=3), some.format(n=1)
    ('音符 3 個', '3 notes', '1 note')
    """

    en: str
    ja: str

    def format(self, language: Language = "en", **facts: Any) -> str:
        """The template in `language`, filled in; facts that are themselves `Text` are put into it too."""
        words = {k: v.format(language) if isinstance(v, Text) else v for k, v in facts.items()}
        template = self.ja if language == "ja" else self.en
        template = _ONE_OR_MORE.sub(lambda found: found[2 if str(words[found[1]]) == "1" else 3], template)
        return template.format(**words) if words else template


# Bad input: what it is about, what it must be, what it is, what to try.
OPTION = Text(
    "{name} must be {must}; it is {value}.",
    "{name} は{must}でなければなりませんが、{value} が指定されています。",
)
UNKNOWN_OPTION = Text(
    "there is no option called {name}; the options are: {known}.",
    "{name} という設定項目はありません。使えるのは {known} です。",
)
NO_SUCH_INSTRUMENT = Text(
    "there is no instrument called {name}; the instruments are: {known}.",
    "{name} という楽器はありません。使えるのは {known} です。",
)
NO_SUCH_FILE = Text(
    "{path}: there is no such file; check the name and the folder.",
    "{path}: ファイルがありません。名前とフォルダーを確かめてください。",
)
IS_A_FOLDER = Text(
    "{path}: this is a folder; give the audio files in it.",
    "{path}: これはフォルダーです。中の音声ファイルを指定してください。",
)
EMPTY_FILE = Text("{path}: the file is empty.", "{path}: ファイルが空です。")
NOT_WEIGHTS = Text(
    "the weights of a network could not be read ({why}).",
    "ネットワークの重みを読めません（{why}）。",
)
NOT_READABLE = Text(
    "{path}: the file could not be opened ({why}).",
    "{path}: ファイルを開けません（{why}）。",
)
NOT_AUDIO = Text(
    "{path}: no sound could be read from this file; it must be audio (WAV, FLAC, MP3, OGG, Opus, M4A, …) ({why}).",
    "{path}: 音声を読み取れません。音声ファイル（WAV・FLAC・MP3・OGG・Opus・M4A など）を指定してください（{why}）。",
)
NEEDS_MEDIA = Text(
    "{path}: to read M4A/AAC, WMA, MP4 or WebM, install the extra: pip install 'otowake[media]'.",
    "{path}: M4A/AAC・WMA・MP4・WebM を読むには追加パッケージが必要です: pip install 'otowake[media]'",
)
TOO_LONG = Text(
    "{path}: decoded it would be more than {limit}; take a part of it with start and duration.",
    "{path}: 展開すると {limit} を超えます。start と duration で一部を指定してください。",
)
AFTER_END = Text(
    "{path}: there is no sound from {start} s on; the file is {length} s long.",
    "{path}: {start} 秒より後に音がありません（長さ {length} 秒）。",
)
CUT_SHORT = Text(
    "{path}: the file is damaged or cut short; {got} s of the {promised} s it promises could be read.",
    "{path}: ファイルが壊れているか途中で切れています。{promised} 秒のうち {got} 秒だけ読み取れました。",
)
CUT_SHORT_SOMEWHERE = Text(
    "{path}: the file is damaged after {got} s; what comes before that was read.",
    "{path}: {got} 秒より後が壊れています。そこまでを読み取りました。",
)
SILENT = Text(
    "{name}: the recording, mixed to mono, is silent; there is nothing to take apart.",
    "{name}: モノラルにした録音が無音のため、分解できません。",
)
TOO_SHORT = Text(
    "{name}: the recording must be at least one window long ({need} samples at {rate} Hz); it has {got}.",
    "{name}: 録音が短すぎます。窓の長さ（{rate} Hz で {need} サンプル）以上が必要ですが、{got} サンプルしかありません。",
)
NOT_FINITE = Text(
    "{name}: there are NaN or infinite values ({count} of {total}); every value must be a finite number.",
    "{name}: NaN または無限大が含まれています（{total} 個中 {count} 個）。すべて有限の数でなければなりません。",
)
BAD_SHAPE = Text(
    "{name} must have the shape {need}; it has {got}.",
    "{name} の形は {need} でなければなりませんが、{got} です。",
)
NEGATIVE = Text(
    "{name} must not be negative; its smallest value is {value}.",
    "{name} に負の値があってはなりません（最小値 {value}）。",
)
ALL_ZERO = Text(
    "{name} is zero everywhere; there is nothing to factorise.",
    "{name} がすべて 0 です。分解するものがありません。",
)
ZEROS = Text(
    "V must not be 0 anywhere where the loss is a beta below 0 (it is {value:g}); add a little to V.",
    "β が 0 未満（{value:g}）のとき、V に 0 があってはなりません。V に小さな値を足してください。",
)
NOT_NUMBERS = Text(
    "{name} must be an array of real numbers; it is {got}.",
    "{name} は実数の配列でなければなりませんが、{got} です。",
)
TOO_MANY_COMPONENTS = Text(
    "n_components must be at most the number of frames and of frequency bins ({most}); it is {value}.",
    "n_components はフレーム数と周波数ビン数（{most}）以下でなければなりませんが、{value} です。",
)
EFFORT_SOLVER = Text(
    "effort {effort} is for the solver {instead}; the solver is {solver}.",
    "effort={effort} は解法 {instead} 専用ですが、{solver} が指定されています。",
)
NAN_WITHOUT_WEIGHTS = Text(
    "{name}: there are NaN values ({count} of {total}); give weights='observed' to leave them out.",
    "{name} に NaN が含まれています（{total} 個中 {count} 個）。除外するには weights='observed' を指定してください。",
)
SOLVER_LOSS = Text(
    "the solver {solver} is for the squared error alone; the loss is {loss}; try the solver accelerated.",
    "解法 {solver} は 2 乗誤差専用ですが、距離規準は {loss} です。解法 accelerated を試してください。",
)
SOLVER_LACKS = Text(
    "the solver {solver} does not know {what}; try the solver mu.",
    "解法 {solver} は {what} に対応していません。解法 mu を試してください。",
)
FORGET_SOLVER = Text(
    "forget is for the solver minibatch; the solver is {solver}.",
    "forget は解法 minibatch 専用ですが、{solver} が指定されています。",
)
KEEP_WHAT = Text(
    "{keep} needs the {factor} that is to be kept; give it as {factor}.",
    "{keep} を使うには、固定する {factor} を指定してください。",
)
KEEP_INDEX = Text(
    "{keep} must be true, false or places of components from 0 to {last}; it is {value}.",
    "{keep} は true、false、または 0 から {last} までの成分の番号でなければなりませんが、{value} です。",
)
NOT_IN_BLOCKS = Text(
    "{what} is not possible for recordings in blocks; leave it out or take a shorter part.",
    "{what} は、ブロックに分けて処理する長い録音では使えません。外すか、短くしてください。",
)
NOT_LIVE = Text(
    "{what} ties activations to one another and is not possible frame by frame; leave it out.",
    "{what} はアクティベーション同士を結びつけるため、フレームごとの処理では使えません。外してください。",
)
NOT_THE_CHECKPOINT = Text(
    "the checkpoint belongs to another recording or other options; remove it to begin anew.",
    "チェックポイントが別の録音または設定のものです。最初からやり直すには削除してください。",
)
GROUPS_NEEDED = Text(
    "group_H needs groups: for each component the number of its set.",
    "group_H を使うには groups（成分ごとの組の番号）を指定してください。",
)
DIVERGED = Text(
    "the loss became {loss} in iteration {iteration}; try another seed or another solver.",
    "{iteration} 回目の反復で損失が {loss} になりました。別の乱数種か解法を試してください。",
)
FOLDER_EXISTS = Text(
    "{path}: this result exists already and is kept; replace it with overwrite (in a shell --overwrite), or choose another folder.",
    "{path}: すでに結果があるため、上書きしませんでした。置き換えるには overwrite（シェルでは --overwrite）を使うか、別のフォルダーを指定してください。",
)
NOT_OURS = Text(
    "{path}: there is something here that is not a result of otowake; it is kept; choose another folder.",
    "{path}: otowake の結果ではないものがあるため、残しました。別のフォルダーを指定してください。",
)
NOT_A_RESULT = Text(
    "{path}: this is not a result folder of otowake ({why}).",
    "{path}: otowake の結果フォルダーではありません（{why}）。",
)
CANT_WRITE = Text(
    "{path}: the results could not be written ({why}); nothing half-written was left.",
    "{path}: 結果を書き込めません（{why}）。書きかけのものは残していません。",
)
SOUND_GONE = Text(
    "{path}: the sound this result was made from is neither there nor in the folder's components or stems.",
    "{path}: この結果の元になった音声も、フォルダー内の成分やパートの音声も見つかりません。",
)
BAD_OPTIONS_FILE = Text(
    "{path}: the option file could not be read as TOML ({why}).",
    "{path}: 設定ファイルを TOML として読めません（{why}）。",
)
OTHER_DIFFERENCE = Text(
    "{name}: this file holds another sound than the one that was analysed.",
    "{name}: 分析したときとは別の音声です。",
)
NEEDS_CLUSTER = Text(
    "archives need {package}; install the extra: pip install 'otowake[cluster]'.",
    "アーカイブの処理には {package} が必要です: pip install 'otowake[cluster]'",
)
ARCHIVE_BUSY = Text(
    "{path}: another run is at work on this archive; wait for it or stop it.",
    "{path}: このアーカイブは別の実行が処理中です。終わるのを待つか、中止してください。",
)
ARCHIVE_OPTIONS = Text(
    "{path}: this archive was begun with {name} = {was}, now it is {got}; give the same options, or another -o.",
    "{path}: このアーカイブは {name} = {was} で始められましたが、今回は {got} です。"
    "同じ設定にするか、-o で別の場所を指定してください。",
)
ARCHIVE_STOPPED = Text(
    "{path}: nothing more could be written ({why}); make room, and the same command goes on from here.",
    "{path}: これ以上書き込めません（{why}）。空きを作って同じコマンドを実行すると、続きから再開します。",
)
ARCHIVE_DAMAGED = Text(
    "{path}: this is no manifest of otowake, or a damaged one ({why}); move it away, and the same command makes it anew "
    "from the results that are there.",
    "{path}: otowake の目録ではないか、壊れています（{why}）。取り除いて同じコマンドを実行すると、残っている結果から作り直します。",
)
NO_ARCHIVE = Text(
    "{path}: there is no archive here; make one with: otowake archive run INPUT... -o {path}",
    "{path}: アーカイブがありません。otowake archive run 入力... -o {path} で作ってください。",
)
NO_SCHEDULER = Text(
    "{address}: no Dask scheduler answers there ({why}); start one, or leave out --scheduler.",
    "{address}: Dask のスケジューラーから応答がありません（{why}）。起動するか、--scheduler を外してください。",
)
WORKERS_GONE = Text(
    "for {seconds:g} s no worker has been there, or no scheduler; the same command goes on from here.",
    "{seconds:g} 秒間、ワーカーまたはスケジューラーが見つかりません。同じコマンドで続きから再開します。",
)
NO_PROGRESS = Text(
    "the workers die before they begin to work; look at their logs; the same command goes on from here.",
    "ワーカーが処理を始める前に落ちています。ログを確かめてください。同じコマンドで続きから再開します。",
)
WORKERS_CANNOT = Text(
    "the workers can't do the work ({why}); they need the same otowake as here.",
    "ワーカーが処理できません（{why}）。ここと同じ otowake が必要です。",
)
OTHER_VERSION = Text(
    "the worker has otowake {worker}, the driver {driver}",
    "ワーカーの otowake は {worker}、こちらは {driver}",
)
LIST_COLUMN = Text(
    "{path}: the list must have a column called path, or only one; it has {got}.",
    "{path}: リストには path という列が必要です（列が 1 つだけならその列）。列は {got} です。",
)
NOT_A_LIST = Text(
    "{path}: the list could not be read ({why}).",
    "{path}: リストを読めません（{why}）。",
)
NOTHING_FOUND = Text(
    "there are no recordings in {where}.",
    "{where} に録音がありません。",
)
NOTHING_READABLE = Text(
    "none of the recordings could be read ({failed} failed); there is nothing to learn from.",
    "読み込める録音がありません（失敗 {failed} 個）。学習できません。",
)
NOT_A_DICTIONARY = Text(
    "{path}: this is not a dictionary of otowake ({why}); otowake archive learn makes one.",
    "{path}: otowake の辞書ではありません（{why}）。otowake archive learn で作れます。",
)
DICTIONARY_CHANGED = Text(
    "{path}: this is not the dictionary that was used before; give another -o to use it.",
    "{path}: 以前に使った辞書と内容が異なります。使う場合は -o で別の場所を指定してください。",
)
DICTIONARY_STFT = Text(
    "{path}: the dictionary was learnt with sample_rate = {rate} and n_fft = {n_fft}; give the same.",
    "{path}: この辞書は sample_rate = {rate}、n_fft = {n_fft} で学習されました。同じ値を指定してください。",
)
LEARN_PROGRESS = Text(
    "pass {passes} of at most {most}, loss {loss:.6g}; {read} {read|recording|recordings}, {frames} frames",
    "巡回 {passes}/{most}、損失 {loss:.6g}。録音 {read} 個、{frames} フレーム",
)
LEARN_DONE = Text(
    "{passes} {passes|pass|passes} over {read} {read|recording|recordings} ({frames} frames), {failed} failed; loss {loss:.6g}.",
    "録音 {read} 個（{frames} フレーム）を {passes} 回巡回、失敗 {failed} 個。損失 {loss:.6g}。",
)
LEARN_STOPPED = Text(
    "Stopped after {passes} {passes|pass|passes}; the same command goes on from the last state that was saved.",
    "{passes} 回の巡回で中止しました。同じコマンドで、最後に保存した状態から再開します。",
)
LEARN_WROTE = Text("Dictionary: {path}", "辞書: {path}")
KILLED_TWICE = Text(
    "its worker died twice while it was analysed: too little memory, or a crash; --retry tries it again",
    "分析中にワーカーが 2 回落ちました（メモリー不足か異常終了）。--retry でもう一度試せます",
)
TOO_SLOW = Text(
    "it took longer than the {seconds:g} s that one recording may take; --retry tries it again",
    "1 つの録音にかけられる {seconds:g} 秒を超えました。--retry でもう一度試せます",
)
CHANGED = Text(
    "it was changed while the archive was worked on; the same command takes it up as it is now",
    "処理中に変更されました。同じコマンドを実行すると、今の内容で処理します",
)
ARCHIVE_PROGRESS = Text(
    "{done} of {found} done, {failed} failed; {hours:.2f} h of audio, {speed:.1f} × real time",
    "{found} 個のうち {done} 個完了、失敗 {failed} 個。音声 {hours:.2f} 時間、実時間の {speed:.1f} 倍",
)
TIME_LEFT = Text("; {left} left", "。残り {left}")
ARCHIVE_READING = Text("reading {found} {found|recording|recordings}", "録音 {found} 個を読んでいます")
ARCHIVE_DONE = Text(
    "{done} of {found} {found|recording is|recordings are} done, {failed} failed; in this run: {now} of them, {hours:.2f} h of audio, "
    "{speed:.1f} × real time.",
    "録音 {found} 個のうち {done} 個が完了、{failed} 個が失敗。今回は {now} 個、音声 {hours:.2f} 時間を"
    "実時間の {speed:.1f} 倍で処理しました。",
)
ARCHIVE_FAILURE = Text("{path}: {reason}", "{path}: {reason}")
DASHBOARD = Text("What runs: {link}", "実行状況: {link}")
TABLE_WRITTEN = Text("{path}: {rows} {rows|row|rows}", "{path}: {rows} 行")
HELP_ARCHIVE = Text(
    "Analyse whole archives of recordings, on this machine or on a Dask cluster.",
    "大量の録音を、このマシンまたは Dask クラスターで分析します。",
)
HELP_ARCHIVE_RUN = Text(
    "Analyse every recording in folders or lists (CSV or Parquet with a column path); one result folder each. "
    "A run that was stopped goes on with the same command.",
    "フォルダーまたはリスト（path 列のある CSV・Parquet）の録音をすべて分析し、1 つずつ結果フォルダーを作ります。"
    "中断しても、同じコマンドで続きから再開します。",
)
HELP_ARCHIVE_LEARN = Text(
    "Learn components that all recordings share, and write them as a dictionary for archive run --dictionary. "
    "Learning that was stopped goes on with the same command.",
    "すべての録音に共通の成分を学習し、archive run --dictionary で使う辞書を作ります。"
    "中断しても、同じコマンドで続きから再開します。",
)
HELP_DICTIONARY_OUTPUT = Text("file of the dictionary", "辞書のファイル")
HELP_DICTIONARY = Text(
    "take the components of a dictionary (archive learn), and find their activations alone",
    "archive learn の辞書の成分を使い、アクティベーションだけを求めます",
)
HELP_ARCHIVE_TABLE = Text(
    "Write all notes, chords, components and instruments of an archive as Parquet.",
    "アーカイブ全体の音符・和音・成分・楽器を Parquet の表にします。",
)
HELP_ARCHIVE_OUTPUT = Text("folder of the archive", "アーカイブのフォルダー")
HELP_ARCHIVE_STAGES = Text(
    "how far to go: {stages} (comma-separated); stems writes their sound",
    "どこまで行うか: {stages}（コンマ区切り）。stems はその音も書きます",
)
HELP_INPUTS = Text("INPUT...", "入力...")
HELP_ARCHIVE_DIR = Text("DIR", "フォルダー")
HELP_TABLE_OUTPUT = Text(
    "folder for the tables; tables in the archive if not given",
    "表を置くフォルダー。省略するとアーカイブ内の tables",
)
HEADING_LEARN = Text("Learning", "学習")
HEADING_ARCHIVE = Text("Archive", "アーカイブ")
AGAIN_NO_FILE = Text(
    "{path}: this result doesn't say which file it was made from, so it can't be made again.",
    "{path}: 元のファイルが記録されていないため、再実行できません。",
)
AGAIN_STOPPED = Text(
    "{path}: this result was stopped by hand, so it can't be made again.",
    "{path}: 途中で中止された結果のため、再実行できません。",
)
AGAIN_ANOTHER = Text(
    "{path}: this is another file than the one that was analysed (its SHA-256 is {got}, not {was}).",
    "{path}: 分析したときとは別のファイルです（SHA-256 は {was} でしたが、{got} になっています）。",
)
AGAIN_THREADS = Text(
    "the result was made with {was} {was|thread|threads}, this process computes with {got}; the last bits may differ.",
    "元の結果は {was} スレッド、今回は {got} スレッドで計算するため、最後の桁が異なることがあります。",
)
AGAIN_VERSION = Text(
    "the result was made with otowake {was}, this is {got}.",
    "元の結果は otowake {was} のものですが、これは {got} です。",
)
AGAIN_SAME = Text("The same, bit for bit: {what}.", "ビット単位で同じです: {what}。")
AGAIN_ALIKE = Text(
    "Not the same bit for bit, but alike: W·H differs by {distance:.1g} of its norm (at most {most:g}), the loss by "
    "{loss:.1g}; differing tables: {tables}.",
    "ビット単位では異なりますが、ほぼ同じです: W·H の差はノルムの {distance:.1g}（許容 {most:g}）、"
    "損失の差は {loss:.1g}、異なる表: {tables}。",
)
AGAIN_DIFFERENT = Text(
    "Different: W·H differs by {distance:.1g} of its norm (at most {most:g}), the loss by {loss:.1g}; "
    "differing tables: {tables}.",
    "異なります: W·H の差はノルムの {distance:.1g}（許容 {most:g}）、損失の差は {loss:.1g}、異なる表: {tables}。",
)
HELP_AGAIN = Text(
    "Make a result again from what its analysis.json says, and compare: bit for bit the same, or how far off.",
    "analysis.json の記録どおりに分析をやり直し、結果がビット単位で同じかどうかを比べます。",
)
HELP_AGAIN_OUTPUT = Text(
    "keep the new result in this folder; only compared if not given",
    "新しい結果を残すフォルダー。省略すると比べるだけです",
)

NEEDS_SKLEARN = Text(
    "otowake.NMF needs scikit-learn 1.6 or newer; install the extra: pip install 'otowake[sklearn]'.",
    "otowake.NMF には scikit-learn 1.6 以降が必要です: pip install 'otowake[sklearn]'",
)
CUSTOM_START = Text(
    "init='custom' and a given W or H need each other; init is {init}.",
    "W や H を渡すことと init='custom' は、一緒に指定しなければなりません（init は {init}）。",
)
NOT_AT_REST = Text(
    "the learning {stop} and hasn't come to rest; a larger max_iter would bring it nearer.",
    "学習は{stop}が、まだ収束していません。max_iter を大きくすると近づきます。",
)

NOT_A_NOTE = Text(
    "a note must have finite times, 0 or later, its end not before its onset, a pitch and a programme from 0 to 127, "
    "and a velocity from 0 to 1; it is {value}.",
    "音符の時刻は 0 以上の有限の値で終わりが始まりより前でないこと、音高と音色番号は 0 から 127、"
    "強さは 0 から 1 でなければなりませんが、{value} です。",
)
NEEDS_NOTEBOOK = Text(
    "this is for notebooks and needs IPython; install the extra: pip install 'otowake[notebook]'.",
    "ノートブック用の機能で、IPython が必要です: pip install 'otowake[notebook]'",
)
NEEDS_SCORE = Text(
    "{what} needs {package}; install the extra: pip install 'otowake[score]'.",
    "{what} には {package} が必要です: pip install 'otowake[score]'",
)
TOO_MANY_NOTES = Text(
    "a score holds at most {most} notes; there are {value}.",
    "楽譜にできる音符は {most} 個までですが、{value} 個あります。",
)
LEFT_OUT = Text("{what} was left out. {why}", "{what} は作りませんでした。{why}")
NOT_A_TABLE = Text(
    "{path}: no notes could be read from this file; it must be MIDI, or a table (CSV or TSV) of onset and offset in "
    "seconds and MIDI pitch ({why}).",
    "{path}: 音符を読み取れません。MIDI か、開始・終了（秒）と MIDI 音高の表（CSV・TSV）を指定してください（{why}）。",
)
NO_STAGE = Text(
    "this result has no {stage}; analyse the recording again with the stage {stage}.",
    "この結果には {stage} がありません。段階 {stage} を含めて分析し直してください。",
)
NO_COMPONENT = Text(
    "edit {number} ({do}): there is no component {component} (any more).",
    "修正 {number}（{do}）: 成分 {component} はありません。",
)
LAST_COMPONENT = Text(
    "edit {number} ({do}): this is the last component; it can't be deleted.",
    "修正 {number}（{do}）: 最後の成分は削除できません。",
)
NO_NOTES = Text("there are no pitched notes in the score.", "楽譜に音高のある音符がありません。")
NOT_MIDI = Text(
    "{path}: no notes could be read from this file; it must be a Standard MIDI File of type 0 or 1 ({why}).",
    "{path}: 音符を読み取れません。標準 MIDI ファイル（タイプ 0 か 1）を指定してください（{why}）。",
)

# Corrections by hand.
NOT_EDITS = Text(
    'corrections must be {{"version": {version}, "edits": [...]}}, a list of objects, each with a "do".',
    '修正は {{"version": {version}, "edits": [...]}} の形で、"do" を持つオブジェクトの並びでなければなりません。',
)
NOT_EDITS_FILE = Text(
    "{path}: no corrections could be read from this file; it must be JSON ({why}).",
    "{path}: 修正を読み取れません。JSON でなければなりません（{why}）。",
)
TOO_MANY_EDITS = Text(
    "there may be at most {most} corrections; there are {value}.",
    "修正は {most} 個までですが、{value} 個あります。",
)
TOO_MANY_PARTS = Text("there may be at most {most} parts.", "パートは {most} 個までです。")
IN_EDIT = Text("edit {number} ({do}): {why}", "{number} 番目の修正（{do}）: {why}")
EDIT_FIELDS = Text(
    "it must have {needed}, and may have no others than {fields}; {name} is wrong or missing.",
    "{needed} が必要で、使えるのは {fields} だけです。{name} が余分か、足りません。",
)
NOTHING_TO_CHANGE = Text(
    "it must have one of onset_s, offset_s, midi, velocity.",
    "onset_s、offset_s、midi、velocity のどれかが必要です。",
)
MUST_BE_NOTE = Text("the id of a note that is there", "今ある音符の番号")
MUST_BE_PART = Text(
    "one of {parts}, or for a new part the name of an instrument, with -2 to -99 for one more of a kind",
    " {parts} のいずれか、または新しいパートの楽器名（同じ楽器の 2 つ目からは -2 から -99 を付ける）",
)
MUST_BE_TWO_PARTS = Text("two or more different parts", " 2 つ以上の異なるパート")
MUST_BE_UP_TO = Text("at most {high}, where the recording ends", "録音の終わり {high} 以下")
MUST_BE_AFTER = Text("later than the onset, {low}", "始まり {low} より後")
MUST_BE_WITHIN = Text("within the note, between {low} and {high}", "音符の中（{low} と {high} の間）")
MUST_PART_THE_NOTES = Text("a pitch that leaves notes on both sides", "上と下の両方に音符が残る音高")
MUST_BE_SHORT = Text("printable text of at most {most} characters", " {most} 文字以内の印字できる文字列")
MUST_BE_LIST = Text("a list, each item {what}", "{what}を並べたリスト")

KEYS = {
    "major": Text("{tonic} major", "{tonic}長調"),
    "minor": Text("{tonic} minor", "{tonic}短調"),
}
KINDS_OF_ERROR = {
    "late": Text("badly timed", "時刻のずれ"),
    "octave": Text("octave, twelfth", "オクターブ・12 度"),
    "repeated": Text("repeated note", "連打"),
    "soft": Text("soft note", "弱い音"),
    "other": Text("other", "その他"),
    "offset": Text("ends wrongly", "終わりのずれ"),
}

FEW_ONSETS = Text(
    "there {got|is|are} {got} {got|onset|onsets}, too few for {need} drums; take a longer part or fewer drums.",
    "立ち上がりが {got} 個しかなく、{need} 種類の打楽器には足りません。長くするか、数を減らしてください。",
)

# What an option must be.
MUST_BE_WHOLE = Text("a whole number", "整数")
MUST_BE_NUMBER = Text("a number", "数")
MUST_BE_AT_LEAST = Text("{what} of at least {low}", " {low} 以上の{what}")
MUST_BE_BETWEEN = Text("{what} from {low} to {high}", " {low} から {high} までの{what}")
MUST_BE_ABOVE = Text("{what} above {low}", " {low} より大きい{what}")
MUST_BE_ONE_OF = Text("one of {choices}", " {choices} のいずれか")
MUST_BE_CHOICE_OR_NUMBER = Text("one of {choices}, or a number", " {choices} のいずれか、または数")
MUST_BE_COUNT_OR = Text(
    "a whole number from {low} to {high}, or {choices}", " {low} から {high} までの整数または {choices} "
)
MUST_BE_TWO = Text("at least two of them", " 2 つ以上")
MUST_BE_TEXT = Text("text", "文字列")
MUST_BE_FLAG = Text("true or false", " true か false ")

# How a fit ended.
STOP_CONVERGED = Text(
    "converged: the loss fell by less than {tol:g} of itself over {window} iterations",
    "収束しました（{window} 回の反復で損失の減少が {tol:g} 未満）",
)
STOP_MAX_ITER = Text("ran its {n} {n|iteration|iterations}", "{n} 回の反復を終えました")
STOP_CANCELLED = Text(
    "was stopped by hand after {n} {n|iteration|iterations}", "{n} 回の反復で中止されました"
)

# In the terminal.
PROGRESS = Text("iteration {n} of {of}, loss {loss}", "反復 {n}/{of}、損失 {loss}")
COMPONENT = Text("No.", "成分")
PITCH = Text("pitch", "音名")
FREQUENCY_HZ = Text("Hz", "Hz")
CENTS = Text("cents", "セント")
CONFIDENCE = Text("certainty", "確信度")
ENERGY = Text("energy", "エネルギー")
SOUNDS_FROM_TO = Text("when (s)", "区間（秒）")
NAME = Text("name", "名前")
INSTRUMENT = Text("instrument", "楽器")
OTHER_SOUNDS = Text("other sounds", "その他の音")
"""What is of none of the instruments: in files, ``other``."""

NUMBER_OF_NOTES = Text("notes", "音符")
RANGE = Text("range", "音域")
MORE_COMPONENTS = Text(
    "{n} more, with less energy, {n|is|are} in components.csv.",
    "エネルギーの小さい {n} 成分は components.csv にあります。",
)
NO_PARTS = Text("Heard no instruments.", "楽器は見つかりませんでした。")
HEARD = Text("Heard: {pitches} (A4 = {tuning} Hz)", "聞こえた音: {pitches}（A4 = {tuning} Hz）")
NOTES_FOUND = Text("Notes: {facts}", "音符: {facts}")
N_NOTES = Text("{n}", "{n} 個")
TEMPO = Text("{tempo:.0f} beats a minute, {metre} in a bar", "1 分間に {tempo:.0f} 拍、{metre} 拍子")
BETWEEN = Text(", ", "、")
CHORDS_FOUND = Text("Chords: {chords}", "和音: {chords}")
SCORED = Text(
    "{what}: precision {precision}, recall {recall}, F1 {f1}",
    "{what}: 適合率 {precision}、再現率 {recall}、F1 {f1}",
)
ONSETS = Text("onsets", "始まり")
ONSETS_OFFSETS = Text("onsets and offsets", "始まりと終わり")
KIND_OF_ERROR = Text("error", "誤り")
MISSED = Text("missed", "見落とし")
FALSE_NOTES = Text("false", "余分")
NOTE_AT = Text("{name} at {onset} s", "{onset} 秒の {name}")
PLAYED = Text("{name} ({seconds} s)", "{name}（{seconds} 秒）")
HEARD_NOTHING = Text("Heard no pitches.", "音高のある成分は見つかりませんでした。")
WROTE = Text("Results: {folder}", "結果: {folder}")
LOOK_AND_LISTEN = Text("To look and listen, in a browser: {path}", "ブラウザーで見る・聴く: {path}")
HOW_IT_ENDED = Text("The learning {stop}; loss {loss}.", "学習: {stop}。損失 {loss}。")
RESTARTS = Text(
    "Of {n} starts the best is kept; the spectra of the others agree with it by {agreement} (1: the same).",
    "{n} 個の初期値のうち最良の結果を残しました。ほかの結果との基底スペクトルの一致度: {agreement}（1 なら同じ）。",
)
WARNING = Text("Warning: {message}", "注意: {message}")
ERROR = Text("Error: {message}", "エラー: {message}")
STOPPING = Text("Stopping; press again to end at once.", "中止しています。もう一度押すとすぐに終了します。")
NOT_PRINTED = Text("the output could not be written ({why}).", "出力できません（{why}）。")
INTERRUPTED = Text("Stopped.", "中止しました。")
SOME_FAILED = Text(
    "{failed} of {total} files failed.", "{total} 個のうち {failed} 個のファイルで失敗しました。"
)

HELP_PROGRAM = Text(
    "Take recordings of music apart: components, their pitches, and each of them as sound.",
    "音楽の録音を成分に分け、それぞれの音高と音を取り出します。",
)
HELP_SPLIT = Text(
    "Analyse recordings; one result folder each.", "録音を分析し、1 つずつ結果フォルダーを作ります。"
)
HELP_DEMO = Text(
    "Analyse the clip that comes with the program (a scale and chords on an accordion).",
    "付属の音源（アコーディオンの音階と和音）を分析します。",
)
HELP_COMPLETION = Text(
    "Print a script that makes the shell complete commands, options, their words and files: "
    'eval "$(otowake completion bash)".',
    "コマンド・オプション・その値・ファイルをシェルで補完するためのスクリプトを出力します: "
    'eval "$(otowake completion bash)"',
)
HELP_SHOW = Text(
    "Show what a result folder holds, as after the analysis.",
    "結果フォルダーの内容を、分析直後と同じ形で表示します。",
)
HELP_COMPARE = Text("Show two or more results side by side.", "2 つ以上の結果を並べて比べます。")
HELP_SCORE = Text(
    "Score the notes of a result against a reference (MIDI, or CSV/TSV of onset, offset, pitch) and draw hits, "
    "misses and false notes.",
    "結果の音符を参照（MIDI、または開始・終了・音高の CSV/TSV）と比べて採点し、正誤を図にします。",
)
HELP_FOLDER = Text("FOLDER", "フォルダー")
HELP_EDIT = Text(
    "Correct a result by hand: apply the corrections in its edits.json to what was found, and write it anew.",
    "結果を手で直します。フォルダー内の edits.json の修正を、見つかった結果に適用して書き直します。",
)
HELP_EDITS = Text(
    "take the corrections from this file, which becomes the folder's edits.json",
    "修正をこのファイルから読み、フォルダーの edits.json にします",
)
EDITED = Text("Corrections applied: {n}", "適用した修正: {n} 個")
HELP_REFERENCE = Text("REFERENCE", "参照")
HELP_SCORE_FIGURE = Text(
    "the figure (PNG, SVG or PDF); agreement.png in the folder if not given",
    "図のファイル（PNG・SVG・PDF）。省略するとフォルダー内の agreement.png",
)
HELP_FOLDERS = Text("FOLDER...", "フォルダー...")
HELP_COMPARISON = Text("the figure (PNG, SVG or PDF)", "図のファイル（PNG・SVG・PDF）")
COMPARE_TWO = Text(
    "give at least two result folders to compare.", "比べる結果フォルダーを 2 つ以上指定してください。"
)
COMPARE_SUFFIX = Text(
    "{name}: the figure must end in .png, .svg or .pdf.",
    "{name}: 図の名前は .png・.svg・.pdf のいずれかで終わらせてください。",
)
COMPARED = Text(
    "{folder}: {n} {n|component|components}, loss {loss}, likeness to the first {likeness}",
    "{folder}: {n} 成分、損失 {loss}、最初の結果との類似度 {likeness}",
)
HELP_FILES = Text("FILE...", "ファイル...")
HELP_OUTPUT = Text("folder for the results", "結果を置くフォルダー")
HELP_OVERWRITE = Text("replace earlier results", "以前の結果を置き換えます")
HELP_SCORE_FILE = Text(
    "a MIDI file whose notes, aligned to the recording, take the place of those that would be found",
    "MIDI ファイル。録音に合わせて時間を揃え、見つけた音符の代わりに使います",
)
HEADING_PARTS = Text("Instruments", "楽器")
HELP_STAGES = Text(
    "how far to go: {stages} (comma-separated; all if not given)",
    "どこまで行うか: {stages}（コンマ区切り。省略するとすべて）",
)
HELP_OPTIONS = Text("a TOML file with options, by the same names", "設定を書いた TOML ファイル（名前は同じ）")
HELP_LANG = Text(
    "language: en or ja (from the system if not given)", "言語: en または ja（省略するとシステムの設定）"
)
HELP_ANIMATION = Text(
    "also write learning.gif, an animation of the learning, and figure-before.png; "
    "--solver mu learns from the random start on, the default begins after its audition",
    "学習の様子の動画 learning.gif と学習前の図 figure-before.png も作ります。"
    "--solver mu は乱数の初期値から、既定の解法は初期値を選んだ後から学習します",
)
HELP_HELP = Text("show this help", "このヘルプを表示します")
HELP_VERSION = Text("show the version", "バージョンを表示します")
HEADING_USAGE = Text("Usage: ", "使い方: ")
HEADING_COMMANDS = Text("Commands", "コマンド")
HEADING_READING = Text("Reading", "読み込み")
HEADING_STFT = Text("Spectrogram", "スペクトログラム")
HEADING_FIT = Text("Factorisation", "分解")
HEADING_NOTES = Text("Notes", "音符")
HEADING_RUN = Text("Running", "実行")
HEADING_OUTPUT = Text("Results", "結果")
DEFAULT = Text(" [default: {value}]", "［既定値: {value}］")
USAGE_NO_OPTION = Text(
    "there is no option {name}; see --help.", "{name} というオプションはありません。--help を見てください。"
)
USAGE_NO_COMMAND = Text(
    "there is no command {name}; see --help.", "{name} というコマンドはありません。--help を見てください。"
)
USAGE_NO_FILE = Text(
    "give at least one file; see --help.", "ファイルを 1 つ以上指定してください。--help を見てください。"
)
USAGE_OTHER = Text("{message} See --help.", "使い方が正しくありません（{message}）。--help を見てください。")

HELP_SERVE = Text(
    "Serve the web page, where people send a recording and look at and hear what it is made of.",
    "録音を送って結果を見聞きできる Web ページを開きます。",
)
HELP_PASSWORD = Text("ask for a password that visitors must know", "訪問者に求めるパスワードを尋ねます")
HEADING_SERVE = Text("Web page", "Web ページ")
ASK_PASSWORD = Text("Password", "パスワード")
SERVING = Text(
    "otowake is at {address} (stop it with Ctrl-C)", "otowake を {address} で開きました（Ctrl-C で終了）"
)
NEEDS_WEB = Text(
    "otowake serve needs Starlette and uvicorn; install the extra: pip install 'otowake[web]'.",
    "otowake serve には Starlette と uvicorn が必要です: pip install 'otowake[web]'",
)
WEB_NO_PORT = Text(
    "{host}:{port} can't be used ({why}); choose another one with --port.",
    "{host}:{port} を使えません（{why}）。--port で別のポートを指定してください。",
)
WEB_NEEDS_PASSWORD = Text(
    "others reach {host}: give a password (--password, --password-file), or --open to let everybody in.",
    "{host} にはほかの人も届きます。パスワードを指定するか（--password、--password-file）、誰でも使えるようにするなら "
    "--open を付けてください。",
)

# On the web page.
WEB_UNKNOWN_HOST = Text(
    "this page is not known by that name; start it with --names.",
    "その名前ではこのページを開けません。--names で名前を指定して起動してください。",
)
WEB_OTHER_ORIGIN = Text(
    "this was asked from another page; open this one and try again.",
    "別のページからの操作です。このページを開いてやり直してください。",
)
WEB_NOT_IN = Text("please give the password first.", "先にパスワードを入力してください。")
WEB_WRONG_PASSWORD = Text("That is not the password.", "パスワードが違います。")
WEB_GONE = Text(
    "There is no such result (any more).", "その結果はありません（期限が過ぎた可能性があります）。"
)
WEB_BAD_REQUEST = Text("this request can't be understood.", "この要求は理解できません。")
WEB_YOURS_FIRST = Text(
    "{n} of your recordings are on their way already; wait until one is done.",
    "すでに {n} 件を受け付けています。1 件が終わるまでお待ちください。",
)
WEB_FULL = Text(
    "The queue is full at the moment; please come back in a few minutes.",
    "順番待ちがいっぱいです。数分後にもう一度お試しください。",
)
WEB_TOO_BIG = Text(
    "The file is too large; {limit} MiB are the most.", "ファイルが大きすぎます。{limit} MiB までです。"
)
WEB_TOO_SLOW = Text(
    "The file took longer than {limit} minutes to arrive.", "ファイルの受信に {limit} 分以上かかりました。"
)
WEB_NO_ROOM = Text("There is no room left on the server's disk.", "サーバーのディスクに空きがありません。")
WEB_SOUND_TOO_LONG = Text(
    "{path}: the recording is {length} minutes long; {limit} minutes are the most. Take a part of it (start and "
    "duration under “More options”).",
    "{path}: 録音が長すぎます（{length} 分）。{limit} 分までです。「詳しい設定」の start と duration で一部を指定してください。",
)
WEB_TOO_LONG = Text(
    "The analysis took longer than {limit} minutes and was ended; take a shorter part.",
    "分析に {limit} 分以上かかったため中止しました。短くしてお試しください。",
)
WEB_NO_MEMORY = Text(
    "The analysis needed more memory than it may have; take a shorter part or fewer components.",
    "分析に必要なメモリーが上限を超えました。短くするか、成分の数を減らしてください。",
)
WEB_DIED = Text(
    "The analysis ended unexpectedly; the file may be damaged, or more than {gib} GiB of memory were needed.",
    "分析が異常終了しました。ファイルが壊れているか、{gib} GiB を超えるメモリーが必要だった可能性があります。",
)
WEB_UNEXPECTED = Text(
    "Something unexpected happened; the server's log says more.",
    "予期しないエラーです。詳細はサーバーの記録にあります。",
)
WEB_CANCELLED = Text("Cancelled.", "中止しました。")

WEB_TITLE = Text("otowake", "音分け")
WEB_TAGLINE = Text(
    "Take a recording apart: its notes, its instruments, each of them alone.",
    "録音を、音符に、楽器に、ひとつずつの音に分けます。",
)
WEB_SWITCH = Text("日本語", "English")
WEB_DROP = Text("Drop a recording here", "ここに音声ファイルをドロップ")
WEB_OR = Text("or", "または")
WEB_CHOOSE = Text("Choose a file", "ファイルを選ぶ")
WEB_RECORD = Text("Record", "録音する")
WEB_STOP_RECORDING = Text("Stop recording", "録音を止める")
WEB_DEMO = Text("Take the demo", "デモ音源を使う")
WEB_DEMO_NAME = Text("Demo: a scale and chords on an accordion", "デモ: アコーディオンの音階と和音")
WEB_LIMITS = Text(
    "WAV, FLAC, MP3, OGG or Opus; up to {mib} MiB and {minutes} minutes. Only you see it; it is removed after {keep} "
    "minutes.",
    "WAV・FLAC・MP3・OGG・Opus。{mib} MiB、{minutes} 分まで。ほかの人には見えず、{keep} 分後に消えます。",
)
WEB_NO_MICROPHONE = Text("The microphone can't be used.", "マイクを使えません。")
WEB_RECORDED = Text("Recording", "録音")
WEB_WHAT = Text("What is it?", "どんな音楽ですか")
WEB_MORE = Text("More options", "詳しい設定")
WEB_STAGES = Text("How far to go", "どこまで行うか")
WEB_DEFAULT = Text("default: {value}", "既定値: {value}")
WEB_AUTOMATIC = Text("automatic", "自動")
WEB_YES = Text("yes", "はい")
WEB_NO = Text("no", "いいえ")
WEB_START = Text("Take it apart", "分ける")
WEB_NO_SOUND_YET = Text("Choose a recording first.", "先に音声を選んでください。")
WEB_CANCEL = Text("Cancel", "中止")
WEB_SENDING = Text("Sending: {percent} %", "送信中: {percent} %")
WEB_WAITING = Text("Waiting: {n} before you", "順番待ち: あと {n} 件")
WEB_SECONDS = Text("{n} s", "{n} 秒")
WEB_ITERATION = Text("iteration {n} of at most {of} · loss {loss}", "反復 {n}（最大 {of}）・損失 {loss}")
WEB_STAGE_READING = Text("reading", "読み込み")
WEB_STAGE_COMPONENTS = Text("components", "成分")
WEB_STAGE_NOTES = Text("notes", "音符")
WEB_STAGE_INSTRUMENTS = Text("instruments", "楽器")
WEB_STAGE_STEMS = Text("stems", "楽器ごとの音")
WEB_STAGE_REPORT = Text("report", "レポート")
WEB_STAGE_WRITING = Text("writing", "書き出し")
WEB_LOSS = Text("loss", "損失")
WEB_SPECTRA = Text("spectra W", "基底スペクトル W")
WEB_ACTIVATIONS = Text("activations H", "アクティベーション H")
WEB_HEAR = Text("Hear one alone", "ひとつずつ聞く")
WEB_OTHER = OTHER_SOUNDS
WEB_N_NOTES = Text("{n} notes", "{n} 音")
WEB_ONE_NOTE = Text("1 note", "1 音")
WEB_COMPONENT = Text("component {n}", "成分 {n}")
WEB_COMPONENTS = Text("Components", "成分")
WEB_UNPITCHED = Text("no pitch", "音高なし")
WEB_PLAY = Text("Play {what}", "{what}を再生")
WEB_STOP = Text("Stop {what}", "{what}を停止")
WEB_DOWNLOAD = Text("Download everything (.zip)", "すべてダウンロード（.zip）")
WEB_FIGURE = Text("The figure of the analysis", "分析の図")
WEB_ROLL = Text("Piano roll", "ピアノロール")
WEB_REPORT = Text("Report", "レポート")
WEB_AGAIN = Text("Another recording", "別の録音を分ける")
WEB_EARLIER = Text("Your results", "これまでの結果")
WEB_REMOVE = Text("Remove", "削除")
WEB_OFFLINE = Text("The server can't be reached; trying again.", "サーバーに届きません。再試行しています。")
WEB_PASSWORD = Text("Password", "パスワード")
WEB_ENTER = Text("Enter", "入る")
WEB_NEEDS_SCRIPT = Text("This page needs JavaScript.", "このページには JavaScript が必要です。")

WEB_PRESET_SONG = Text("Song", "曲")
WEB_PRESET_SONG_HELP = Text("notes, instruments and each alone", "音符と楽器を見つけ、ひとつずつの音に")
WEB_PRESET_PIANO = Text("Piano", "ピアノ")
WEB_PRESET_PIANO_HELP = Text("piano alone: its notes as MIDI", "ピアノだけの演奏を MIDI に")
WEB_PRESET_DRUMS = Text("Drums", "ドラム")
WEB_PRESET_DRUMS_HELP = Text("six components, finer in time", "6 成分、時間を細かく")
WEB_PRESET_MANUAL = Text("The manual", "授業のマニュアル")
WEB_PRESET_MANUAL_HELP = Text(
    "20 components, I-divergence, Adam, as in the lecture", "20 成分、I-ダイバージェンス、Adam"
)

WEB_CORRECT = Text("Correct it by hand", "手で直す")
WEB_CORRECT_HELP = Text(
    "Say who plays, correct notes, name, paint, merge, split or delete components; then apply. The sounds follow, and "
    "components go on learning from there.",
    "演奏している楽器、音符、成分の名前や場所を直し、「適用」します。音もそれに合わせて作り直され、成分はそこから学習を続けます。",
)
WEB_NOTES_BY_HAND = Text("Notes", "音符")
WEB_POINTER_CHOOSE = Text("choose and move", "選ぶ・動かす")
WEB_POINTER_DRAW = Text("draw", "描く")
WEB_ZOOM_IN = Text("Zoom in", "拡大")
WEB_ZOOM_OUT = Text("Zoom out", "縮小")
WEB_ROLL_PLACE = Text("Which time is seen", "表示する時間")
WEB_CUT = Text("Split at the cursor", "カーソルで分割")
WEB_NOTE_PART = Text("part", "パート")
WEB_NEW_PART = Text("new part", "新しいパート")
WEB_NO_PART = Text("no part", "パートなし")
WEB_GIVE = Text("Give to this part", "このパートに移す")
WEB_PITCH = Text("pitch", "音高")
WEB_SET_NOTE = Text("Change the chosen note", "選んだ音符を変更")
WEB_DRAW_NOTE = Text("Add a note", "音符を追加")
WEB_FROM_TO = Text("{start}–{end} s", "{start}〜{end} 秒")
WEB_N_CHOSEN = Text("{n} notes chosen", "{n} 個の音符を選択中")
WEB_NONE_CHOSEN = Text("no note chosen", "音符は選ばれていません")
WEB_CURSOR = Text("cursor at {when}, {pitch}", "カーソル: {when}、{pitch}")
WEB_ROLL_KEYS = Text("Piano roll: pointer and keys", "ピアノロール: マウスとキーの操作")
WEB_ROLL_HELP = Text(
    "Click a note to choose it; with Shift, several; or drag a frame around them. Drag a note to move it, its end to "
    "make it longer or shorter; while drawing, drag over empty ground. Keys: N and P choose the next and the previous note "
    "(with Shift, too). With notes chosen the arrows move them, Shift with up and down by an octave, Shift with left "
    "and right changes their length; with none chosen they move the cursor, as comma and full stop always do. "
    "Delete deletes, S splits at the cursor, G gives to the part in the menu, Enter adds a note at the cursor, Escape "
    "chooses none, Ctrl+A all; + and − zoom. Ctrl+Z undoes, Ctrl+Shift+Z does it again.",
    "音符はクリックで選びます。Shift を押しながら、または枠で囲むと複数を選べます。音符をドラッグすると移動、終わりをドラッグすると"
    "長さの変更、「描く」では何もない所をドラッグします。キー: N と P で次と前の音符を選びます（Shift で追加）。選んだ音符は矢印キーで"
    "動き、Shift+上下で 1 オクターブ、Shift+左右で長さが変わります。何も選んでいないときの矢印と、「,」「.」はカーソルを動かします。"
    "Delete で削除、S でカーソルの位置で分割、G でメニューのパートに移す、Enter でカーソルの位置に追加、Escape で選択を解除、"
    "Ctrl+A ですべて選択、+ と − で拡大・縮小、Ctrl+Z で元に戻し、Ctrl+Shift+Z でやり直します。",
)
WEB_COMPONENT_NAME = Text("Name of the chosen component", "選んだ成分の名前")
WEB_WHO_PLAYS = Text("Who plays?", "演奏している楽器")
WEB_MERGE_PARTS = Text("Merge the chosen into one", "選んだ楽器を 1 つにまとめる")
WEB_TODO_INSTRUMENT = Text("{which} is {how}", "{which} は {how}")
WEB_PAINT_FOR = Text("Paint for", "塗る成分")
WEB_BELONGS = Text("belongs here", "ここで鳴っている")
WEB_BELONGS_NOT = Text("doesn't belong here", "ここでは鳴っていない")
WEB_SPECTROGRAM = Text(
    "Spectrogram: drag to paint. With the keyboard, give seconds and hertz below.",
    "スペクトログラム: ドラッグで塗ります。キーボードでは下に秒と Hz を入力します。",
)
WEB_FROM_S = Text("from (s)", "開始（秒）")
WEB_TO_S = Text("to (s)", "終了（秒）")
WEB_FROM_HZ = Text("from (Hz)", "下限（Hz）")
WEB_TO_HZ = Text("to (Hz)", "上限（Hz）")
WEB_ADD_STROKE = Text("Paint", "塗る")
WEB_MERGE = Text("Merge", "まとめる")
WEB_SPLIT = Text("Split in two", "2 つに分ける")
WEB_DELETE = Text("Delete", "削除する")
WEB_CHOSEN_COMPONENTS = Text("Choose components", "成分を選ぶ")
WEB_TODO_COUNT = Text("Corrections: {n} (✓ applied)", "修正 {n} 件（✓ は適用済み）")
WEB_TODO_GIVE = Text("give {which} to {part}", "{which}を {part} に移す")
WEB_TODO_ADD = Text("new note {pitch}, {when}", "音符を追加: {pitch}、{when}")
WEB_TODO_CHANGE = Text("change {which}: {how}", "{which}を変更: {how}")
WEB_TODO_NAME = Text("component {which} is called “{name}”", "成分 {which} の名前を「{name}」に")
WEB_TODO_AND = Text("{first}, and {n} more like it", "{first}、ほか {n} 件")
WEB_TODO_MERGE = Text("merge {which}", "{which} をまとめる")
WEB_TODO_SPLIT = Text("split {which}", "{which}を分割")
WEB_TODO_DELETE = Text("delete {which}", "{which}を削除")
WEB_TODO_PAINT = Text(
    "{which}: {how}, {start}–{end} s, {low}–{high} Hz", "{which}: {how}、{start}〜{end} 秒、{low}〜{high} Hz"
)
WEB_APPLY = Text("Apply", "適用")
WEB_UNDO = Text("Undo", "元に戻す")
WEB_REDO = Text("Redo", "やり直す")
WEB_TAKE_BACK = Text("take back", "取り消す")
