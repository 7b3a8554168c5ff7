"""Sentences about a result, in a terminal, a notebook and the report."""

from otowake.text.language import Text

AGAIN_THREADS = Text(
    "the result was made with {was} {was|thread|threads}, this process uses {got}; the last bits "
    "may differ.",
    "元の結果の計算は {was} スレッド、今回の計算は {got} スレッドなので、"
    "末尾の桁が異なることがあります。",
)
AGAIN_VERSION = Text(
    "the result was made with otowake {was}, this is {got}.",
    "元の結果は otowake {was} で作られましたが、今回のバージョンは {got} です。",
)
AGAIN_SAME = Text("The same, bit for bit: {what}.", "ビット単位で一致しました: {what}")
AGAIN_ALIKE = Text(
    "Not identical, but close: W·H differs by {distance:.1g} of its norm (at most {most:g}), the "
    "loss by {loss:.1g}; differing tables: {tables}.",
    "ビット単位では異なりますが、許容範囲内で一致しました。"
    "W·H の差はノルムの {distance:.1g} 倍（許容値 {most:g}）、損失の差は {loss:.1g}、"
    "異なるファイル: {tables}",
)
AGAIN_DIFFERENT = Text(
    "Different: W·H differs by {distance:.1g} of its norm (at most {most:g}), the loss by "
    "{loss:.1g}; differing tables: {tables}.",
    "一致しません。W·H の差はノルムの {distance:.1g} 倍（許容値 {most:g}）、"
    "損失の差は {loss:.1g}、異なるファイル: {tables}",
)
NOT_AT_REST = Text(
    "the factorisation {stop} but has not converged; increase max_iter.",
    "学習では{stop}が、まだ収束していません。max_iter を大きくしてください。",
)
LEFT_OUT = Text("{what} was not written. {why}", "{what} は書き出しませんでした。{why}")
FILE_AND_REASON = Text("{file} ({why})", "{file}（{why}）")
NOT_WRITTEN = Text(
    "{n} {n|file|files} of the result could not be written: {files}. All other files are complete.",
    "結果のファイル {n} 個を書き込めませんでした: {files}。ほかのファイルはすべて書き込みました。",
)
NOT_WRITTEN_REPAIR = Text(
    "{n} {n|file|files} of the result could not be written: {files}. All other files are "
    "complete. To complete the result: otowake repair {folder}",
    "結果のファイル {n} 個を書き込めませんでした: {files}。ほかのファイルはすべて書き込みました。"
    "足りないファイルを作るコマンド: otowake repair {folder}",
)
MISSING_FILES = Text(
    "Missing: {files}; to write {n|it|them}: otowake repair {folder}",
    "足りないファイル（{n} 個）: {files}。作成するコマンド: otowake repair {folder}",
)
REPAIRED = Text("Written: {files}", "作成したファイル: {files}")
NOTHING_MISSING = Text("{folder}: no file is missing.", "{folder}: 足りないファイルはありません。")
KEYS = {
    "major": Text("{tonic} major", "{tonic}長調"),
    "minor": Text("{tonic} minor", "{tonic}短調"),
}
KINDS_OF_ERROR = {
    "late": Text("onset error", "オンセットのずれ"),
    "octave": Text("octave, twelfth", "オクターブ・12 度"),
    "repeated": Text("repeated note", "同音反復"),
    "soft": Text("soft note", "弱い音"),
    "other": Text("other", "その他"),
    "offset": Text("offset error", "オフセットのずれ"),
}

# Why a fit stopped; the English sentence is also in analysis.json.
STOP_CONVERGED = Text(
    "converged: the loss fell by less than {tol:g} of its value over {window} iterations",
    "収束しました（{window} 回の反復での損失の減少率が {tol:g} 未満）",
)
STOP_MAX_ITER = Text("ran its {n} {n|iteration|iterations}", "反復を {n} 回行いました")
STOP_CANCELLED = Text(
    "was stopped by the user after {n} {n|iteration|iterations}",
    "反復 {n} 回で中止されました",
)

# In the terminal.
PROGRESS = Text("iteration {n} of {of}, loss {loss}", "反復 {n}/{of}、損失 {loss}")
COMPONENT = Text("No.", "成分")
PITCH = Text("pitch", "音名")
FREQUENCY_HZ = Text("Hz", "Hz")
CENTS = Text("cents", "ずれ（¢）")
CONFIDENCE = Text("confidence", "確信度")
ENERGY = Text("energy", "エネルギー")
SOUNDS_FROM_TO = Text("time (s)", "時間（秒）")
NAME = Text("name", "名前")
INSTRUMENT = Text("instrument", "楽器")
OTHER_SOUNDS = Text("other sounds", "その他の音")
"""What belongs to none of the instruments; the file name is ``other``."""
NUMBER_OF_NOTES = Text("notes", "音符")
RANGE = Text("range", "音域")
MORE_COMPONENTS = Text(
    "{n} more {n|component|components} with less energy: see components.csv.",
    "エネルギーの小さい残り {n} 成分は components.csv にあります。",
)
NO_PARTS = Text("No instruments detected.", "楽器は検出されませんでした。")
DETECTED_PITCHES = Text(
    "Pitches: {pitches} (A4 = {tuning} Hz)",
    "検出した音高: {pitches}（A4 = {tuning} Hz）",
)
NO_PITCHES = Text("No pitches detected.", "音高は検出されませんでした。")
DETECTED_NOTES = Text("Notes: {facts}", "検出した音符: {facts}")
N_NOTES = Text("{n}", "{n} 個")
TEMPO = Text("{note} = {tempo:.0f}, {metre}", "{note}={tempo:.0f}、{metre} 拍子")
TUNING = Text("A4 = {tuning} Hz", "A4 = {tuning} Hz")
SWING = Text("{rhythm}, swing", "{rhythm}（スウィング）")
WITH_CONFIDENCE = Text("{fact} ({confidence:.0%})", "{fact}（確信度 {confidence:.0%}）")
BETWEEN = Text(", ", "、")
DETECTED_CHORDS = Text("Chords: {chords}", "和音: {chords}")
EVALUATED = Text(
    "{what}: precision {precision}, recall {recall}, F1 {f1}",
    "{what}: 適合率 {precision}、再現率 {recall}、F1 {f1}",
)
ONSETS = Text("onsets", "オンセット")
ONSETS_OFFSETS = Text("onsets and offsets", "オンセットとオフセット")
KIND_OF_ERROR = Text("error", "誤りの種類")
MISSED = Text("missed", "検出漏れ")
FALSE_NOTES = Text("false positives", "誤検出")
NOTE_AT = Text("{name} at {onset} s", "{onset} 秒の {name}")
PLAYED = Text("{name} ({seconds} s)", "{name}（{seconds} 秒）")
WROTE = Text("Results: {folder}", "結果: {folder}")
LOOK_AND_LISTEN = Text(
    "Open in a browser to view and listen: {path}",
    "ブラウザーで開くと、結果を見たり聴いたりできます: {path}",
)
HOW_IT_ENDED = Text("The factorisation {stop}; loss {loss}.", "学習: {stop}。損失 {loss}")
RESTARTS = Text(
    "The best of {n} starts is kept; similarity of its spectra to the others: {agreement} (1: "
    "identical).",
    "{n} 個の初期値から学習し、最良の結果を選びました。"
    "ほかの結果との基底スペクトルの類似度: {agreement}（1 は完全一致）",
)
WARNING = Text("Warning: {message}", "警告: {message}")
ERROR = Text("Error: {message}", "エラー: {message}")
STOPPING = Text(
    "Stopping; press Ctrl-C again to quit at once.",
    "中止しています。Ctrl-C をもう一度押すと、すぐに終了します。",
)
NOT_PRINTED = Text("the output could not be written ({why}).", "出力できません（{why}）。")
INTERRUPTED = Text("Stopped.", "中止しました。")
SOME_FAILED = Text(
    "{failed} of {total} files failed.",
    "{total} 個のファイルのうち、{failed} 個は分析できませんでした。",
)
EDITED = Text("Corrections applied: {n}", "適用した修正: {n} 件")
COMPARED = Text(
    "{folder}: {n} {n|component|components}, loss {loss}, similarity to the first {similarity}",
    "{folder}: {n} 成分、損失 {loss}、最初の結果との類似度 {similarity}",
)
