"""The help of the command line."""

from otowake.text.language import Text

HELP_PROGRAM = Text(
    "Separate music recordings into components, notes, instruments and stems.",
    "音楽の録音を分析し、成分・音符・楽器を推定して、それぞれの音を取り出します。",
)
HELP_SPLIT = Text(
    "Analyse recordings and write one result folder for each.",
    "録音を分析し、ファイルごとに結果フォルダーを作ります。",
)
HELP_DEMO = Text(
    "Analyse the demo recording (a scale and chords on an accordion).",
    "付属の録音（アコーディオンの音階と和音）を分析します。",
)
HELP_SONG = Text(
    "Separate songs into vocals, bass, drums and other, without looking for notes.",
    "曲を歌・ベース・ドラム・その他に分けます（音符は調べません）。",
)
HELP_ONLY = Text(
    "files to write: {names} (comma-separated; default: all)",
    "書き出すファイル: {names}（コンマ区切り。省略時はすべて）",
)
HELP_AGAIN = Text(
    "Repeat the analysis recorded in a result folder and compare the two results.",
    "結果フォルダーの記録（analysis.json）どおりに分析をやり直し、"
    "ビット単位で一致するかを調べます。",
)
HELP_AGAIN_OUTPUT = Text(
    "folder for the new result (default: compare only)",
    "新しい結果を残すフォルダー（省略時は比較だけを行います）",
)
HELP_COMPLETION = Text(
    "Print a shell completion script for commands, options, values and files: "
    'eval "$(otowake completion bash)".',
    "コマンド、オプション、値、ファイル名をシェルで補完するスクリプトを出力します: "
    'eval "$(otowake completion bash)"',
)
HELP_SHOW = Text("Show the summary of a result folder.", "結果フォルダーの概要を表示します。")
HELP_COMPARE = Text(
    "Compare two or more results side by side.",
    "2 つ以上の結果を並べて比較します。",
)
HELP_EVALUATE = Text(
    "Evaluate the notes of a result against a reference (MIDI, or CSV/TSV of onset, offset, "
    "pitch) and draw correct, missed and false notes.",
    "結果の音符を正解データ（MIDI、またはオンセット・オフセット・音高の CSV/TSV）と比べて評価し、"
    "正しい検出・検出漏れ・誤検出を図にします。",
)
HELP_FOLDER = Text("FOLDER", "フォルダー")
HELP_EDIT = Text(
    "Apply the manual corrections in edits.json to a result and rewrite its files.",
    "結果フォルダーの edits.json に書いた手動の修正を適用し、結果を書き直します。",
)
HELP_REPAIR = Text(
    "Write the missing files of a result, for example after the disk was full.",
    "ディスクの空き不足などで書き込めなかった結果のファイルを作ります。",
)
HELP_EXIT_CODES = Text(
    "Exit codes: 0 success; 1 failure; 2 usage error; 3 success, but a file of a result could not "
    "be written (otowake repair writes it); 130 stopped by the user.",
    "終了コード: 0 成功、1 失敗、2 使い方の誤り、3 成功（書き込めなかったファイルがあり、"
    "otowake repair で作れる場合）、130 中止。",
)
HELP_EDITS = Text(
    "read the corrections from this file and save them as edits.json in the folder",
    "修正を読み込むファイル（フォルダーの edits.json として保存します）",
)
HELP_REFERENCE = Text("REFERENCE", "正解データ")
HELP_EVALUATION_FIGURE = Text(
    "figure file (PNG, SVG or PDF; default: agreement.png in the folder)",
    "図のファイル（PNG、SVG、PDF。省略時はフォルダー内の agreement.png）",
)
HELP_FOLDERS = Text("FOLDER...", "フォルダー...")
HELP_COMPARISON = Text("figure file (PNG, SVG or PDF)", "図のファイル（PNG、SVG、PDF）")
HELP_MANUAL_FIGURE = Text(
    "also save the four panels as the lecture manual draws them: linear axes, components in the "
    "order of the factorisation (PNG, SVG or PDF)",
    "授業マニュアルと同じ描き方の 4 枚の図も保存します。軸は線形、成分は分解で得られた順です"
    "（PNG、SVG、PDF）",
)
HELP_FILES = Text("FILE...", "ファイル...")
HELP_OUTPUT = Text("folder for the results", "結果を保存するフォルダー")
HELP_OVERWRITE = Text("replace earlier results", "以前の結果を上書きします")
HELP_SCORE_FILE = Text(
    "use the notes of this MIDI file, aligned to the recording, instead of detecting notes",
    "MIDI ファイルの音符を録音の時刻に合わせ、音符の検出の代わりに使います",
)
HELP_STAGES = Text(
    "stages to run: {stages} (comma-separated; default: all)",
    "実行する処理段階: {stages}（コンマ区切り。省略時はすべて）",
)
HELP_OPTIONS = Text(
    "TOML file of options, with _ in place of - in their names (n_components = 30)",
    "設定を書いた TOML ファイル（項目名の - は _ に変えます。例: n_components = 30）",
)
HELP_LANG = Text(
    "language: en or ja (default: from the system)",
    "言語: en または ja（省略時はシステムの設定）",
)
HELP_ANIMATION = Text(
    "also write learning.gif, an animation of the factorisation, and figure-before.png, the "
    "initial factors; these are random with --solver mu, and the best start of the multistart "
    "screening with the default solver",
    "学習の過程のアニメーション learning.gif と学習前の図 figure-before.png も作ります。"
    "アニメーションの始まりは、--solver mu では乱数の初期値、"
    "既定の解法では選ばれた初期値です",
)
HELP_HELP = Text("show this help", "このヘルプを表示します")
HELP_VERSION = Text("show the version", "バージョンを表示します")
HEADING_USAGE = Text("Usage: ", "使い方: ")
USAGE_OPTIONS = Text("[OPTIONS]", "[オプション]")
USAGE_COMMANDS = Text("COMMAND [ARGS]...", "コマンド [引数]...")
HEADING_COMMANDS = Text("Commands", "コマンド")
HEADING_OPTIONS = Text("Options", "オプション")
HEADING_READING = Text("Input", "入力")
HEADING_STFT = Text("Spectrogram", "スペクトログラム")
HEADING_FIT = Text("Factorisation", "分解")
HEADING_NOTES = Text("Notes", "音符")
HEADING_THEORY = Text("Key, tempo, metre, tuning", "調・テンポ・拍子・基準ピッチ")
HEADING_PARTS = Text("Instruments", "楽器")
HEADING_RUN = Text("Execution", "実行")
DEFAULT = Text(" [default: {value}]", "［既定値: {value}］")
USAGE_NO_OPTION = Text(
    "there is no option {name}; see --help.",
    "{name} というオプションはありません。--help で確認してください。",
)
USAGE_NO_COMMAND = Text(
    "there is no command {name}; see --help.",
    "{name} というコマンドはありません。--help で確認してください。",
)
COMMAND_RENAMED = Text(
    "the command {old} is now called {new}; the old name works in this version only.",
    "コマンド {old} の名前は {new} に変わりました。古い名前が使えるのはこのバージョンまでです。",
)
USAGE_NO_FILE = Text(
    "give at least one file; see --help.",
    "ファイルを 1 つ以上指定してください。使い方は --help で確認できます。",
)
NO_MEMORY = Text(
    "there is not enough memory; analyse a shorter excerpt or use fewer components.",
    "メモリーが足りません。範囲を短くするか、成分の数を減らしてください。",
)
USAGE_OTHER = Text(
    "{message} See --help.",
    "使い方が正しくありません（{message}）。--help で確認してください。",
)
