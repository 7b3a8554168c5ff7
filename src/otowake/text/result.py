"""What is said of a result and of the way to it, in a terminal, a notebook and the report."""

from otowake.text.language import Text

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
NOT_AT_REST = Text(
    "the learning {stop} and hasn't come to rest; a larger max_iter would bring it nearer.",
    "学習は{stop}が、まだ収束していません。max_iter を大きくすると近づきます。",
)
LEFT_OUT = Text("{what} was left out. {why}", "{what} は作りませんでした。{why}")
FILE_AND_REASON = Text("{file} ({why})", "{file}（{why}）")
NOT_WRITTEN = Text(
    "{n} {n|file|files} of the result could not be written: {files}. The rest of the result is there.",
    "結果のうち {n} 個のファイルを書き込めませんでした: {files}。ほかのファイルはすべてあります。",
)
NOT_WRITTEN_REPAIR = Text(
    "{n} {n|file|files} of the result could not be written: {files}. The rest of the result is there; to make what is "
    "missing: otowake repair {folder}",
    "結果のうち {n} 個のファイルを書き込めませんでした: {files}。ほかのファイルはすべてあります。足りないものを作るには: "
    "otowake repair {folder}",
)
MISSING_FILES = Text(
    "Missing: {files}; to make {n|it|them}: otowake repair {folder}",
    "欠けているファイル（{n} 個）: {files}。作るには: otowake repair {folder}",
)
REPAIRED = Text("Made: {files}", "作成: {files}")
NOTHING_MISSING = Text(
    "{folder}: no file is missing.", "{folder}: 欠けているファイルはありません。"
)
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
TEMPO = Text(
    "{tempo:.0f} beats a minute, {metre} in a bar", "1 分間に {tempo:.0f} 拍、{metre} 拍子"
)
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
STOPPING = Text(
    "Stopping; press again to end at once.", "中止しています。もう一度押すとすぐに終了します。"
)
NOT_PRINTED = Text("the output could not be written ({why}).", "出力できません（{why}）。")
INTERRUPTED = Text("Stopped.", "中止しました。")
SOME_FAILED = Text(
    "{failed} of {total} files failed.", "{total} 個のうち {failed} 個のファイルで失敗しました。"
)
EDITED = Text("Corrections applied: {n}", "適用した修正: {n} 個")
COMPARED = Text(
    "{folder}: {n} {n|component|components}, loss {loss}, similarity to the first {similarity}",
    "{folder}: {n} 成分、損失 {loss}、最初の結果との類似度 {similarity}",
)
