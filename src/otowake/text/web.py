"""Sentences of ``otowake serve`` and its page.

The page takes the sentences ``WEB_…`` by the rest of their names, in lower case.
"""

from otowake.text.language import Text
from otowake.text.result import OTHER_SOUNDS

HELP_SERVE = Text(
    "Serve the web page, where visitors upload recordings, view the results and listen to them.",
    "録音をアップロードして結果を見たり聴いたりできる Web ページのサーバーを起動します。",
)
HELP_PASSWORD = Text(
    "ask for a password that visitors must enter",
    "利用者に求めるパスワードを、起動時に入力します",
)
HEADING_SERVE = Text("Web page", "Web ページ")
ASK_PASSWORD = Text("Password", "パスワード")
SERVING = Text(
    "otowake is running at {address} (stop it with Ctrl-C)",
    "サーバーを起動しました: {address}（Ctrl-C で終了します）",
)
NEEDS_WEB = Text(
    "otowake serve needs Starlette and uvicorn; install the extra: pip install 'otowake[web]'.",
    "otowake serve には Starlette と uvicorn が必要です: pip install 'otowake[web]'",
)
WEB_NO_PORT = Text(
    "{host}:{port} can't be used ({why}); choose another port with --port.",
    "{host}:{port} を使えません（{why}）。--port で別のポートを指定してください。",
)
WEB_NEEDS_PASSWORD = Text(
    "{host} is reachable from other machines: give a password (--password, --password-file), or "
    "--open to admit visitors without one.",
    "{host} にはほかのコンピューターからも接続できます。パスワードを指定するか（--password、"
    "--password-file）、誰でも使えるようにする場合は --open を付けてください。",
)

# On the web page.
WEB_UNKNOWN_HOST = Text(
    "this page is not served under that name; start it with --names.",
    "このホスト名では接続できません。--names にこのホスト名を指定して、"
    "サーバーを起動してください。",
)
WEB_OTHER_ORIGIN = Text(
    "this request came from another page; open this page and try again.",
    "別のページから届いたリクエストです。otowake のページを開いて、やり直してください。",
)
WEB_NOT_IN = Text("log in first.", "先にログインしてください。")
WEB_WRONG_PASSWORD = Text("Wrong password.", "パスワードが違います。")
WEB_TOO_MANY_TRIES = Text(
    "Too many attempts; wait a few minutes.",
    "ログインの試行回数が多すぎます。数分待ってから、やり直してください。",
)
WEB_GONE = Text(
    "This result is not here (any more): it was deleted, its time is over, or the server was "
    "restarted.",
    "結果が見つかりません（削除されたか、保存期限が過ぎたか、サーバーが再起動されました）。",
)
WEB_BAD_REQUEST = Text("invalid request.", "不正なリクエストです。")
WEB_YOURS_FIRST = Text(
    "{n} of your recordings are in progress; wait until one is done.",
    "すでに {n} 件の分析を受け付けています。どれか 1 件が終わるまでお待ちください。",
)
WEB_ADDRESS_FIRST = Text(
    "{n} recordings from your network address are in progress; wait until one is done.",
    "同じネットワークアドレスから、すでに {n} 件の分析を受け付けています。"
    "どれか 1 件が終わるまでお待ちください。",
)
WEB_FULL = Text(
    "The queue is full; try again in a few minutes.",
    "混み合っています。数分後にもう一度お試しください。",
)
WEB_TOO_BIG = Text(
    "The file is too large; the limit is {limit} MiB.",
    "ファイルが大きすぎます。上限は {limit} MiB です。",
)
WEB_TOO_SLOW = Text(
    "The upload took longer than {limit} minutes.",
    "アップロードに {limit} 分以上かかったため、中止しました。",
)
WEB_NO_ROOM = Text("The server's disk is full.", "サーバーのディスクに空きがありません。")
WEB_SOUND_TOO_LONG = Text(
    "{path}: the recording is {length} minutes long; the limit is {limit} minutes. Choose an "
    "excerpt (start and duration under “More options”).",
    "{path}: 録音が長すぎます（{length} 分）。上限は {limit} 分です。"
    "「詳しい設定」の start と duration で範囲を指定してください。",
)
WEB_TOO_LONG = Text(
    "The analysis took longer than {limit} minutes and was stopped; choose a shorter excerpt.",
    "分析に {limit} 分以上かかったため、中止しました。範囲を短くしてください。",
)
WEB_NO_MEMORY = Text(
    "The analysis needs more memory than allowed; choose a shorter excerpt or fewer components.",
    "分析に必要なメモリーが上限を超えました。範囲を短くするか、成分の数を減らしてください。",
)
WEB_DIED = Text(
    "The analysis crashed; the file may be damaged, or it needed more than {gib} GiB of memory.",
    "分析が異常終了しました。ファイルが壊れているか、"
    "{gib} GiB を超えるメモリーが必要だった可能性があります。",
)
WEB_UNEXPECTED = Text(
    "An unexpected error occurred; see the server's log.",
    "予期しないエラーが発生しました。詳細はサーバーのログにあります。",
)
WEB_NO_PROCESS = Text(
    "The server can't start another process now; try again in a few minutes.",
    "サーバーで新しいプロセスを開始できません。数分後にもう一度お試しください。",
)
WEB_DRAFTS_BUSY = Text(
    "The server is busy checking other corrections; try again.",
    "サーバーがほかの修正を確認しています。もう一度お試しください。",
)
WEB_DRAFT_TOO_MUCH = Text(
    "These corrections take too much time or memory; make fewer at once.",
    "修正の確認に必要な時間かメモリーが上限を超えました。一度に行う修正を減らしてください。",
)
WEB_CANCELLED = Text("Cancelled.", "中止しました。")
WEB_TITLE = Text("otowake", "音分け")
WEB_TAGLINE = Text(
    "Split a music recording into notes, instruments and separate sounds.",
    "音楽の録音から、音符と楽器を検出し、楽器ごとの音を取り出します。",
)
WEB_SWITCH = Text("日本語", "English")
WEB_DROP = Text("Drop an audio file here", "ここに音声ファイルをドロップ")
WEB_OR = Text("or", "または")
WEB_CHOOSE = Text("Choose a file", "ファイルを選択")
WEB_RECORD = Text("Record", "録音する")
WEB_STOP_RECORDING = Text("Stop recording", "録音を停止")
WEB_DEMO = Text("Use the demo", "付属の録音を使う")
WEB_LIMITS = Text(
    "WAV, FLAC, MP3, OGG or Opus; up to {mib} MiB and {minutes} minutes. Only you can see it; it "
    "is deleted after {keep} minutes.",
    "WAV、FLAC、MP3、OGG、Opus。{mib} MiB、{minutes} 分まで。ほかの人には見えず、"
    "{keep} 分後に削除されます。",
)
WEB_NO_MICROPHONE = Text("The microphone can't be used.", "マイクを使えません。")
WEB_RECORDED = Text("Recording", "録音")
WEB_WHAT = Text("Type of recording", "録音の種類")
WEB_MORE = Text("More options", "詳しい設定")
WEB_STAGES = Text("Steps to run", "実行する処理段階")
WEB_DEFAULT = Text("default: {value}", "既定値: {value}")
WEB_AUTOMATIC = Text("automatic", "自動")
WEB_YES = Text("yes", "はい")
WEB_NO = Text("no", "いいえ")
WEB_START = Text("Start analysis", "分析を始める")
WEB_NO_SOUND_YET = Text("Choose a recording first.", "先に音声を選択してください。")
WEB_CANCEL = Text("Cancel", "中止")
WEB_SENDING = Text("Uploading: {percent} %", "送信中: {percent} %")
WEB_WAITING = Text("Waiting: {n} ahead of you", "順番待ち: あと {n} 件")
WEB_SECONDS = Text("{n} s", "{n} 秒")
WEB_ITERATION = Text(
    "iteration {n} of at most {of} · loss {loss}",
    "反復 {n} 回（最大 {of} 回）・損失 {loss}",
)
WEB_STAGE_READING = Text("reading", "読み込み")
WEB_STAGE_COMPONENTS = Text("components", "成分")
WEB_STAGE_NOTES = Text("notes", "音符")
WEB_STAGE_INSTRUMENTS = Text("instruments", "楽器")
WEB_STAGE_STEMS = Text("stems", "ステム")
WEB_STAGE_REPORT = Text("report", "レポート")
WEB_STAGE_WRITING = Text("saving", "保存")
WEB_LOSS = Text("loss", "損失")
WEB_SPECTRA = Text("spectra W", "基底スペクトル W")
WEB_ACTIVATIONS = Text("activations H", "アクティベーション H")
WEB_OTHER = OTHER_SOUNDS
WEB_N_NOTES = Text("{n} notes", "音符 {n} 個")
WEB_ONE_NOTE = Text("1 note", "音符 1 個")
WEB_COMPONENT = Text("component {n}", "成分 {n}")
WEB_COMPONENTS = Text("Components", "成分")
WEB_UNPITCHED = Text("no pitch", "音高なし")
WEB_DOWNLOAD = Text("Download all (.zip)", "すべてダウンロード（.zip）")
WEB_AGAIN = Text("Analyse another recording", "別の録音を分析する")
WEB_EARLIER = Text("Your results", "これまでの結果")
WEB_REMOVE = Text("Delete", "削除")
WEB_OFFLINE = Text(
    "Cannot connect to the server; retrying.",
    "サーバーに接続できません。再試行しています。",
)
WEB_PASSWORD = Text("Password", "パスワード")
WEB_ENTER = Text("Log in", "ログイン")
WEB_NEEDS_SCRIPT = Text(
    "This page needs JavaScript.",
    "このページを使うには JavaScript を有効にしてください。",
)
WEB_PRESET_SONG = Text("Song", "曲")
WEB_PRESET_SONG_HELP = Text(
    "notes, instruments and the sound of each; vocals, bass, drums and other",
    "音符と楽器を検出し、楽器ごとの音と、歌・ベース・ドラム・その他の音を取り出します",
)
WEB_PRESET_PIANO = Text("Piano", "ピアノ")
WEB_PRESET_PIANO_HELP = Text("piano solo to MIDI", "ピアノ独奏を MIDI に変換します")
WEB_PRESET_DRUMS = Text("Drums", "ドラム")
WEB_PRESET_DRUMS_HELP = Text(
    "separate the drums of a kit; 6 components, finer time resolution",
    "ドラムキットの音を、キックやスネアなどに分けます（6 成分、高い時間分解能）",
)
WEB_PRESET_MANUAL = Text("Course settings", "講義と同じ設定")
WEB_PRESET_MANUAL_HELP = Text(
    "20 components, I-divergence, Adam, as in the lecture",
    "20 成分、I-ダイバージェンス、Adam",
)
WEB_CORRECT = Text("Edit manually", "手動で修正")
WEB_CORRECT_HELP = Text(
    "Change instruments and notes, or name, paint, merge, split and delete components, then apply "
    "the changes. The audio is rendered again, and the factorisation continues from the changed "
    "components.",
    "楽器、音符、成分を修正し、最後に「適用」を押します。成分の修正では、名前の変更、"
    "範囲の塗り分け、統合、分割、削除ができます。適用すると、音を作り直します。"
    "成分は、修正後の状態から学習を続けます。",
)
WEB_NOTE_EDITOR = Text("Notes", "音符")
WEB_POINTER_SELECT = Text("select and move", "選択・移動")
WEB_POINTER_DRAW = Text("draw", "書き込み")
WEB_ROLL_PLAY = Text("Play from the cursor", "カーソルから再生")
WEB_ZOOM_IN = Text("Zoom in", "拡大")
WEB_ZOOM_OUT = Text("Zoom out", "縮小")
WEB_ROLL_POSITION = Text("Visible time range", "表示する時間")
WEB_CUT = Text("Split at the cursor", "カーソルの位置で分割")
WEB_NOTE_PART = Text("part", "パート")
WEB_NEW_PART = Text("new part", "新しいパート")
WEB_NO_PART = Text("no part", "パートなし")
WEB_GIVE = Text("Move to this part", "このパートに移動")
WEB_PITCH = Text("pitch", "音高")
WEB_SET_NOTE = Text("Change the selected note", "選択した音符を変更")
WEB_DRAW_NOTE = Text("Add a note", "音符を追加")
WEB_FROM_TO = Text("{start}–{end} s", "{start}〜{end} 秒")
WEB_N_SELECTED = Text("{n} notes selected", "音符 {n} 個を選択中")
WEB_NONE_SELECTED = Text("no note selected", "音符は選択されていません")
WEB_CURSOR = Text("cursor at {when}, {pitch}", "カーソル: {when}、{pitch}")
WEB_ROLL_KEYS = Text("Piano roll: mouse and keyboard", "ピアノロール: マウスとキーボードの操作")
WEB_ROLL_HELP = Text(
    "Click a note to select it; hold Shift or drag a box to select several. Drag a note to move "
    "it, or its end to change its length; in draw mode, drag over an empty area. Keys: N and P "
    "select the next and previous note (add Shift to extend the selection). The arrows move the "
    "selected notes; Shift + up or down moves them by an octave, Shift + left or right changes "
    "their length. Without a selection the arrows move the cursor; comma and full stop always do. "
    "Delete deletes, S splits at the cursor, G moves to the part in the menu, Enter adds a note "
    "at the cursor, Escape clears the selection, Ctrl+A selects all, + and − zoom, Ctrl+Z undoes, "
    "Ctrl+Shift+Z redoes. Space plays from the cursor and stops: the recording on the left, the "
    "detected notes on the right.",
    "クリックで音符を選択します。Shift を押しながらクリックするか、枠で囲むと、"
    "複数の音符を選択できます。音符をドラッグすると移動し、"
    "終わりの端をドラッグすると長さが変わります。「書き込み」では、"
    "何もない場所をドラッグして音符を追加します。"
    "キー: N と P で次・前の音符を選択（Shift で追加選択）。矢印キーで選択した音符を移動し、"
    "Shift＋上下で 1 オクターブ移動、Shift＋左右で長さを変更します。選択がないときは、矢印キーで"
    "カーソルが動きます。「,」と「.」では、いつでもカーソルが動きます。"
    "Delete で削除、S でカーソルの位置から 2 つに分割、"
    "G でメニューのパートに移動、Enter でカーソルの位置に追加、Escape で選択を解除、"
    "Ctrl+A ですべて選択、+ と − で拡大・縮小、Ctrl+Z で元に戻す、Ctrl+Shift+Z でやり直します。"
    "スペースキーで、カーソルの位置から再生・停止します（左から録音、右から検出した音符の音）。",
)
WEB_THEORY_EDITOR = Text("Key, tempo, metre, tuning", "調・テンポ・拍子・基準ピッチ")
WEB_THEORY_NOW = Text("Now: {facts}", "現在: {facts}")
WEB_TODO_KEY = Text("key: {which}", "調: {which}")
WEB_TODO_TEMPO = Text("tempo: {which} beats per minute", "テンポ: {which} 拍/分")
WEB_TODO_METRE = Text("metre: {which}", "拍子: {which}")
WEB_TODO_TUNING = Text("reference pitch: A4 = {which} Hz", "基準ピッチ: A4 = {which} Hz")
WEB_KEY = Text("key", "調")
WEB_TEMPO = Text("beats per minute", "テンポ（拍/分）")
WEB_METRE = Text("metre", "拍子")
WEB_TUNING = Text("A4 in Hz", "A4（Hz）")
WEB_SET = Text("Set", "設定")
WEB_COMPONENT_NAME = Text("Name of the selected component", "選択した成分の名前")
WEB_PART_EDITOR = Text("Instruments", "楽器")
WEB_MERGE_PARTS = Text("Merge the selected instruments", "選択した楽器を 1 つにまとめる")
WEB_TODO_INSTRUMENT = Text("{which} becomes {how}", "{which} を {how} に変更")
WEB_PAINT_FOR = Text("Component to paint", "塗る対象の成分")
WEB_BELONGS = Text("belongs to it", "この成分に含める")
WEB_BELONGS_NOT = Text("does not belong to it", "この成分から除く")
WEB_SPECTROGRAM = Text(
    "Spectrogram: drag to paint. With the keyboard, enter seconds and hertz below.",
    "スペクトログラム: ドラッグで塗ります。キーボードでは、下の欄に秒と Hz を入力します。",
)
WEB_FROM_S = Text("from (s)", "開始（秒）")
WEB_TO_S = Text("to (s)", "終了（秒）")
WEB_FROM_HZ = Text("from (Hz)", "下限（Hz）")
WEB_TO_HZ = Text("to (Hz)", "上限（Hz）")
WEB_ADD_STROKE = Text("Paint", "塗る")
WEB_MERGE = Text("Merge", "統合")
WEB_SPLIT = Text("Split in two", "2 つに分割")
WEB_DELETE = Text("Delete", "削除")
WEB_SELECTED_COMPONENTS = Text("Select components", "成分を選択")
WEB_TODO_COUNT = Text("Changes: {n} (✓ applied)", "修正: {n} 件（✓ は適用済み）")
WEB_TODO_GIVE = Text("move {which} to {part}", "{which}を {part} に移動")
WEB_TODO_ADD = Text("add note {pitch}, {when}", "音符を追加: {pitch}、{when}")
WEB_TODO_CHANGE = Text("change {which}: {how}", "{which}を変更: {how}")
WEB_TODO_NAME = Text("name component {which} “{name}”", "成分 {which} の名前を「{name}」に変更")
WEB_TODO_AND = Text("{first}, and {n} more like it", "{first}、ほか {n} 件")
WEB_TODO_MERGE = Text("merge {which}", "{which} を統合")
WEB_TODO_SPLIT = Text("split {which}", "{which}を分割")
WEB_TODO_DELETE = Text("delete {which}", "{which}を削除")
WEB_TODO_PAINT = Text(
    "{which}: {how}, {start}–{end} s, {low}–{high} Hz",
    "{which}: {how}、{start}〜{end} 秒、{low}〜{high} Hz",
)
WEB_RESTORE = Text("Restore the original components", "成分を最初の状態に戻す")
WEB_TODO_RESTORE = Text(
    "restore all original components, without names and changes",
    "すべての成分を最初の状態に戻す（名前と修正も消去）",
)
WEB_APPLY = Text("Apply", "適用")
WEB_UNDO = Text("Undo", "元に戻す")
WEB_REDO = Text("Redo", "やり直す")
WEB_TAKE_BACK = Text("remove", "取り消す")
