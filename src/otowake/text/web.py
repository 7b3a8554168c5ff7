"""Sentences of ``otowake serve`` and of its page, which takes those whose names begin with ``WEB_`` by these names."""

from otowake.text.language import Text
from otowake.text.result import OTHER_SOUNDS

HELP_SERVE = Text(
    "Serve the web page, where people send a recording and look at and hear what it is made of.",
    "録音を送って結果を見聞きできる Web ページを開きます。",
)
HELP_PASSWORD = Text(
    "ask for a password that visitors must know", "訪問者に求めるパスワードを尋ねます"
)
HEADING_SERVE = Text("Web page", "Web ページ")
ASK_PASSWORD = Text("Password", "パスワード")
SERVING = Text(
    "otowake is at {address} (stop it with Ctrl-C)",
    "otowake を {address} で開きました（Ctrl-C で終了）",
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
WEB_TOO_MANY_TRIES = Text(
    "Too many passwords have been tried; please wait a few minutes.",
    "パスワードの試行が多すぎます。数分待ってからやり直してください。",
)
WEB_GONE = Text(
    "There is no such result (any more).", "その結果はありません（期限が過ぎた可能性があります）。"
)
WEB_BAD_REQUEST = Text("this request can't be understood.", "この要求は理解できません。")
WEB_YOURS_FIRST = Text(
    "{n} of your recordings are on their way already; wait until one is done.",
    "すでに {n} 件を受け付けています。1 件が終わるまでお待ちください。",
)
WEB_ADDRESS_FIRST = Text(
    "{n} recordings from your network address are on their way already; wait until one is done.",
    "同じネットワークアドレスからすでに {n} 件を受け付けています。1 件が終わるまでお待ちください。",
)
WEB_FULL = Text(
    "The queue is full at the moment; please come back in a few minutes.",
    "順番待ちがいっぱいです。数分後にもう一度お試しください。",
)
WEB_TOO_BIG = Text(
    "The file is too large; {limit} MiB are the most.",
    "ファイルが大きすぎます。{limit} MiB までです。",
)
WEB_TOO_SLOW = Text(
    "The file took longer than {limit} minutes to arrive.",
    "ファイルの受信に {limit} 分以上かかりました。",
)
WEB_NO_ROOM = Text(
    "There is no room left on the server's disk.", "サーバーのディスクに空きがありません。"
)
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
WEB_NO_PROCESS = Text(
    "The server has no room for another process at the moment; please try again in a few minutes.",
    "サーバーで新しいプロセスを開始できません。数分後にもう一度お試しください。",
)
WEB_DRAFTS_BUSY = Text(
    "Too many corrections are being tried at the moment; please try again.",
    "ほかの修正を確認しているところです。もう一度お試しください。",
)
WEB_DRAFT_TOO_MUCH = Text(
    "These corrections take too much time or memory; make fewer at once.",
    "修正の確認に必要な時間かメモリーが上限を超えました。修正の数を減らしてください。",
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
WEB_ITERATION = Text(
    "iteration {n} of at most {of} · loss {loss}", "反復 {n}（最大 {of}）・損失 {loss}"
)
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
WEB_OFFLINE = Text(
    "The server can't be reached; trying again.", "サーバーに届きません。再試行しています。"
)
WEB_PASSWORD = Text("Password", "パスワード")
WEB_ENTER = Text("Enter", "入る")
WEB_NEEDS_SCRIPT = Text("This page needs JavaScript.", "このページには JavaScript が必要です。")
WEB_PRESET_SONG = Text("Song", "曲")
WEB_PRESET_SONG_HELP = Text(
    "notes, instruments and each alone", "音符と楽器を見つけ、ひとつずつの音に"
)
WEB_PRESET_PIANO = Text("Piano", "ピアノ")
WEB_PRESET_PIANO_HELP = Text("piano alone: its notes as MIDI", "ピアノだけの演奏を MIDI に")
WEB_PRESET_DRUMS = Text("Drums", "ドラム")
WEB_PRESET_DRUMS_HELP = Text(
    "kick, snare and hi-hat alone; six components, finer in time",
    "キック・スネア・ハイハットを別々に。6 成分、時間を細かく",
)
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
    "{which}: {how}, {start}–{end} s, {low}–{high} Hz",
    "{which}: {how}、{start}〜{end} 秒、{low}〜{high} Hz",
)
WEB_RESTORE = Text("Components as they were found", "成分を最初の状態に戻す")
WEB_TODO_RESTORE = Text(
    "all components as they were found, without names and corrections",
    "すべての成分を最初の状態に戻す（名前と修正は消えます）",
)
WEB_APPLY = Text("Apply", "適用")
WEB_UNDO = Text("Undo", "元に戻す")
WEB_REDO = Text("Redo", "やり直す")
WEB_TAKE_BACK = Text("take back", "取り消す")
