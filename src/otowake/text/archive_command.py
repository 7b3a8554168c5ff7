"""Sentences of ``otowake archive``: help, progress, errors."""

from otowake.text.language import Text

NEEDS_CLUSTER = Text(
    "archives need {package}; install the extra: pip install 'otowake[cluster]'.",
    "アーカイブの処理には {package} が必要です: pip install 'otowake[cluster]'",
)
ARCHIVE_BUSY = Text(
    "{path}: another run is processing this archive; wait for it or stop it.",
    "{path}: このアーカイブは別のプロセスが処理中です。"
    "終わるまで待つか、そのプロセスを中止してください。",
)
ARCHIVE_OPTIONS = Text(
    "{path}: this archive was started with {name} = {was}, now it is {got}; use the same options, "
    "or choose another folder with -o.",
    "{path}: このアーカイブは {name} = {was} で作り始めましたが、今回は {got} です。"
    "同じ設定にするか、-o で別の場所を指定してください。",
)
ARCHIVE_STOPPED = Text(
    "{path}: writing failed ({why}); free some space, and the same command resumes from here.",
    "{path}: 書き込めません（{why}）。空き容量を確保して同じコマンドを実行すると、"
    "続きから再開します。",
)
ARCHIVE_LOCKED = Text(
    "{path}: another program has locked the manifest; close it or wait for it, then run the same "
    "command.",
    "{path}: マニフェストを別のプログラムがロックしています。そのプログラムの終了後に、"
    "同じコマンドを実行してください。",
)
ARCHIVE_UNWRITABLE = Text(
    "{path}: this folder is not writable ({why}); choose another -o, or make it writable.",
    "{path}: このフォルダーには書き込めません（{why}）。-o で別の場所を指定するか、"
    "権限を変更してください。",
)
ARCHIVE_DAMAGED = Text(
    "{path}: this is not a manifest of otowake, or it is damaged ({why}); move it away, and the "
    "same command rebuilds it from the existing results.",
    "{path}: otowake のマニフェストではないか、壊れています（{why}）。"
    "別の場所に移して同じコマンドを実行すると、残っている結果から作り直します。",
)
NO_ARCHIVE = Text(
    "{path}: there is no archive here; make one with: otowake archive run INPUT... -o {path}",
    "{path}: アーカイブがありません。次のコマンドで作れます: otowake archive run 入力... -o {path}",
)
NO_SCHEDULER = Text(
    "{address}: no Dask scheduler answers there ({why}); start one, or leave out --scheduler.",
    "{address}: Dask のスケジューラーから応答がありません（{why}）。起動するか、"
    "--scheduler の指定を外してください。",
)
NO_KEYS = Text(
    "{address}: this scheduler uses TLS, but Dask's configuration has no client certificate and "
    "key; set DASK_CONFIG to the file that its scheduler and workers were started with.",
    "{address}: このスケジューラーとの通信には TLS が必要ですが、"
    "Dask の設定にクライアント用の証明書と鍵がありません。"
    "スケジューラーとワーカーの起動に使った設定ファイルを、"
    "環境変数 DASK_CONFIG で指定してください。",
)
WORKERS_GONE = Text(
    "no worker or no scheduler has been available for {seconds:g} s; the same command resumes "
    "from here.",
    "ワーカーまたはスケジューラーに {seconds:g} 秒間接続できませんでした。"
    "同じコマンドを実行すると、続きから再開します。",
)
NO_PROGRESS = Text(
    "the workers exit before they start to work; look at their logs; the same command resumes "
    "from here.",
    "ワーカーが処理を始める前に終了しています。ログを確認してください。同じコマンドを実行すると、"
    "続きから再開します。",
)
WORKERS_CANNOT = Text(
    "the workers can't run the tasks ({why}); they need the same version of otowake as this "
    "machine.",
    "ワーカーで処理できません（{why}）。"
    "ワーカーには、このマシンと同じバージョンの otowake が必要です。",
)
OTHER_VERSION = Text(
    "the worker has otowake {worker}, the driver {driver}",
    "ワーカーの otowake は {worker}、このマシンは {driver}",
)
LIST_COLUMN = Text(
    "{path}: the list must have a column called path, or only one column; it has {got}.",
    "{path}: リストには path という列が必要です（列が 1 つだけの場合を除く）。"
    "このファイルの列: {got}",
)
NOT_A_LIST = Text(
    "{path}: the list could not be read ({why}).",
    "{path}: リストを読み込めません（{why}）。",
)
NOT_SEARCHED = Text(
    "{path}: the folder could not be searched ({why}); its recordings are skipped.",
    "{path}: フォルダーを調べられません（{why}）。この中の録音は処理しません。",
)
NOTHING_FOUND = Text("there are no recordings in {where}.", "{where} に録音がありません。")
NOTHING_READABLE = Text(
    "none of the recordings could be read ({failed} failed); there is nothing to learn from.",
    "読み込める録音がないため、学習できません（{failed} 個の読み込みに失敗）。",
)
NOT_A_DICTIONARY = Text(
    "{path}: this is not a dictionary of otowake ({why}); otowake archive learn makes one.",
    "{path}: otowake の辞書ではありません（{why}）。辞書は otowake archive learn で作れます。",
)
DICTIONARY_CHANGED = Text(
    "{path}: this is not the dictionary that was used before; choose another folder with -o to "
    "use it.",
    "{path}: 前回使った辞書と内容が異なります。この辞書を使う場合は、"
    "-o で別の場所を指定してください。",
)
DICTIONARY_STFT = Text(
    "{path}: the dictionary was learnt with sample_rate = {rate} and n_fft = {n_fft}; use the "
    "same values.",
    "{path}: この辞書は sample_rate = {rate}、n_fft = {n_fft} で学習したものです。"
    "同じ値を指定してください。",
)
LEARN_PROGRESS = Text(
    "epoch {passes} of at most {most}, loss {loss:.6g}; {read} {read|recording|recordings}, "
    "{frames} frames",
    "エポック {passes}（最大 {most}）、損失 {loss:.6g}。録音 {read} 個、{frames} フレーム",
)
LEARN_DONE = Text(
    "{passes} {passes|epoch|epochs} over {read} {read|recording|recordings} ({frames} frames), "
    "{failed} failed; loss {loss:.6g}.",
    "録音 {read} 個（{frames} フレーム）で {passes} エポック学習しました。失敗 {failed} 個、"
    "損失 {loss:.6g}",
)
LEARN_STOPPED = Text(
    "Stopped after {passes} {passes|epoch|epochs}; the same command resumes from the last saved "
    "state.",
    "{passes} エポックで中止しました。同じコマンドを実行すると、最後に保存した状態から再開します。",
)
LEARN_WROTE = Text("Dictionary: {path}", "辞書: {path}")
KILLED_TWICE = Text(
    "its worker died twice during the analysis (out of memory, or a crash); --retry tries it again",
    "分析中にワーカーが 2 回異常終了しました（メモリー不足など）。--retry で再試行できます",
)
TOO_SLOW = Text(
    "it took longer than {seconds:g} s, the limit for one recording; --retry tries it again",
    "録音 1 個あたりの制限時間（{seconds:g} 秒）を超えました。--retry で再試行できます",
)
CHANGED = Text(
    "the file changed during the run; the same command analyses the new content",
    "処理中にファイルが変更されました。同じコマンドを実行すると、新しい内容で処理します",
)
ARCHIVE_PROGRESS = Text(
    "{done} of {total} done, {failed} failed; {hours:.2f} h of audio, {speed:.1f} × real time",
    "{total} 個のうち {done} 個完了、{failed} 個失敗。音声 {hours:.2f} 時間、"
    "実時間の {speed:.1f} 倍の速さ",
)
TIME_LEFT = Text("; {left} left", "。残り {left}")
ARCHIVE_READING = Text(
    "reading {recordings} {recordings|recording|recordings}",
    "録音 {recordings} 個を読み込んでいます",
)
ARCHIVE_DONE = Text(
    "{done} of {total} {total|recording is|recordings are} done, {failed} failed; in this run: "
    "{now} of them, {hours:.2f} h of audio, {speed:.1f} × real time.",
    "録音 {total} 個のうち {done} 個が完了、{failed} 個が失敗しました。"
    "今回処理したのは {now} 個（音声 {hours:.2f} 時間、実時間の {speed:.1f} 倍の速さ）です。",
)
ARCHIVE_FAILURE = Text("{path}: {reason}", "{path}: {reason}")
DASHBOARD = Text("Dashboard: {link}", "ダッシュボード: {link}")
TABLE_WRITTEN = Text("{path}: {rows} {rows|row|rows}", "{path}: {rows} 行")
HELP_ARCHIVE = Text(
    "Analyse archives of recordings on this machine or on a Dask cluster.",
    "大量の録音を、このマシンまたは Dask クラスターで分析します。",
)
HELP_ARCHIVE_RUN = Text(
    "Analyse all recordings in folders or lists (CSV or Parquet with a column named path) and "
    "write one result folder for each. After an interruption the same command resumes.",
    "フォルダーまたはリスト（path 列のある CSV・Parquet）のすべての録音を分析し、"
    "録音ごとに結果フォルダーを作ります。中断しても、同じコマンドで続きから再開します。",
)
HELP_ARCHIVE_LEARN = Text(
    "Learn components shared by all recordings and write them as a dictionary for archive run "
    "--dictionary. After an interruption the same command resumes.",
    "すべての録音に共通の成分を学習し、archive run --dictionary で使う辞書を作ります。中断しても、"
    "同じコマンドで続きから再開します。",
)
HELP_DICTIONARY_OUTPUT = Text("dictionary file", "辞書のファイル")
HELP_DICTIONARY = Text(
    "use the components of a dictionary (archive learn) and estimate only their activations",
    "archive learn で作った辞書の成分を使い、アクティベーションだけを推定します",
)
HELP_ARCHIVE_TABLE = Text(
    "Write the notes, chords, components and instruments of an archive as Parquet tables.",
    "アーカイブ全体の音符・和音・成分・楽器を、Parquet 形式の表に書き出します。",
)
HELP_ARCHIVE_OUTPUT = Text("archive folder", "アーカイブのフォルダー")
HELP_ARCHIVE_STAGES = Text(
    "stages to run: {stages} (comma-separated); stems also writes the audio",
    "実行する処理段階: {stages}（コンマ区切り）。stems では音声も書き出します",
)
HELP_INPUTS = Text("INPUT...", "入力...")
HELP_ARCHIVE_DIR = Text("DIR", "フォルダー")
HELP_TABLE_OUTPUT = Text(
    "folder for the tables (default: tables in the archive)",
    "表を保存するフォルダー（省略時はアーカイブ内の tables）",
)
HEADING_LEARN = Text("Learning", "学習")
HEADING_ARCHIVE = Text("Archive", "アーカイブ")
