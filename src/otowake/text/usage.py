"""The command line's help."""

from otowake.text.language import Text

HELP_AGAIN = Text(
    "Make a result again from what its analysis.json says, and compare: bit for bit the same, or how far off.",
    "analysis.json の記録どおりに分析をやり直し、結果がビット単位で同じかどうかを比べます。",
)
HELP_AGAIN_OUTPUT = Text(
    "keep the new result in this folder; only compared if not given",
    "新しい結果を残すフォルダー。省略すると比べるだけです",
)
HELP_PROGRAM = Text(
    "Take recordings of music apart: components, their pitches, and each of them as sound.",
    "音楽の録音を成分に分け、それぞれの音高と音を取り出します。",
)
HELP_SPLIT = Text(
    "Analyse recordings; one result folder each.",
    "録音を分析し、1 つずつ結果フォルダーを作ります。",
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
HELP_REPAIR = Text(
    "Make the files of a result that are missing, for instance because the disk was full.",
    "ディスクの空き不足などで欠けている結果のファイルを作ります。",
)
HELP_EXIT_CODES = Text(
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done, but a file of a result could not be written (otowake repair "
    "makes it); 130 stopped by hand.",
    "終了コード: 0 成功、1 失敗、2 使い方の誤り、3 成功したが書き込めなかったファイルがある（otowake repair で作成）、"
    "130 中止。",
)
HELP_EDITS = Text(
    "take the corrections from this file, which becomes the folder's edits.json",
    "修正をこのファイルから読み、フォルダーの edits.json にします",
)
HELP_REFERENCE = Text("REFERENCE", "参照")
HELP_SCORE_FIGURE = Text(
    "the figure (PNG, SVG or PDF); agreement.png in the folder if not given",
    "図のファイル（PNG・SVG・PDF）。省略するとフォルダー内の agreement.png",
)
HELP_FOLDERS = Text("FOLDER...", "フォルダー...")
HELP_COMPARISON = Text("the figure (PNG, SVG or PDF)", "図のファイル（PNG・SVG・PDF）")
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
HELP_OPTIONS = Text(
    "a TOML file with options, by the same names", "設定を書いた TOML ファイル（名前は同じ）"
)
HELP_LANG = Text(
    "language: en or ja (from the system if not given)",
    "言語: en または ja（省略するとシステムの設定）",
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
    "there is no option {name}; see --help.",
    "{name} というオプションはありません。--help を見てください。",
)
USAGE_NO_COMMAND = Text(
    "there is no command {name}; see --help.",
    "{name} というコマンドはありません。--help を見てください。",
)
USAGE_NO_FILE = Text(
    "give at least one file; see --help.",
    "ファイルを 1 つ以上指定してください。--help を見てください。",
)
NO_MEMORY = Text(
    "there is not enough memory for this; take a shorter part or fewer components.",
    "メモリーが足りません。短くするか、成分の数を減らしてください。",
)
USAGE_OTHER = Text(
    "{message} See --help.", "使い方が正しくありません（{message}）。--help を見てください。"
)
