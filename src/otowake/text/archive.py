"""Sentences of ``otowake archive``: progress, what went wrong, help."""

from otowake.text.language import Text

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
ARCHIVE_LOCKED = Text(
    "{path}: another program has locked the manifest; close it or wait for it, then give the same command.",
    "{path}: 目録が別のプログラムにロックされています。そのプログラムを終了するか、"
    "終わるのを待って、同じコマンドを実行してください。",
)
ARCHIVE_UNWRITABLE = Text(
    "{path}: nothing can be written here ({why}); give another -o, or change the rights of this folder.",
    "{path}: ここには書き込めません（{why}）。-o で別の場所を指定するか、権限を変えてください。",
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
NO_KEYS = Text(
    "{address}: this scheduler speaks TLS, and Dask's configuration names no certificate and key "
    "for a client; set DASK_CONFIG to the file that its scheduler and workers were started with.",
    "{address}: このスケジューラーとの通信には TLS が必要ですが、"
    "Dask の設定にクライアント用の証明書と鍵がありません。"
    "スケジューラーとワーカーの起動に使った設定ファイルを DASK_CONFIG で指定してください。",
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
NOT_SEARCHED = Text(
    "{path}: the folder could not be searched ({why}); recordings in it are missing.",
    "{path}: フォルダーの中を調べられません（{why}）。この中の録音は処理されません。",
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
ARCHIVE_READING = Text(
    "reading {found} {found|recording|recordings}", "録音 {found} 個を読んでいます"
)
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
