"""Sentences of errors: what is wrong, what is required, what was given, what to try."""

from otowake.text.language import Text

OPTION = Text(
    "{name} must be {must}; it is {value}.",
    "{name} には{must}を指定してください（指定された値: {value}）。",
)
UNKNOWN_OPTION = Text(
    "there is no option called {name}; the options are: {known}.",
    "{name} という設定項目はありません。使える項目: {known}",
)
OPTION_RENAMED = Text(
    "the option {old} is now called {new}; the old name works in this version only.",
    "設定項目 {old} の名前は {new} に変わりました。古い名前が使えるのはこのバージョンまでです。",
)
VALUE_RENAMED = Text(
    "{name} = {old} is now written {name} = {new}; the old word works in this version only.",
    "{name} の値 {old} は {new} に変わりました。古い値が使えるのはこのバージョンまでです。",
)
NO_SUCH_INSTRUMENT = Text(
    "there is no instrument called {name}; the instruments are: {known}.",
    "{name} という楽器名はありません。使える楽器名: {known}",
)
NO_SUCH_FILE = Text(
    "{path}: there is no such file; check the name and the folder.",
    "{path}: ファイルがありません。ファイル名とフォルダーを確認してください。",
)
IS_A_FOLDER = Text(
    "{path}: this is a folder; give the audio files in it.",
    "{path}: フォルダーが指定されています。音声ファイルを指定してください。",
)
EMPTY_FILE = Text("{path}: the file is empty.", "{path}: ファイルが空です。")
NOT_WEIGHTS = Text(
    "the weights of a network could not be read ({why}).",
    "ネットワークの重みを読み込めません（{why}）。",
)
NOT_READABLE = Text(
    "{path}: the file could not be opened ({why}).",
    "{path}: ファイルを開けません（{why}）。",
)
NOT_AUDIO = Text(
    "{path}: no sound could be read from this file; it must be audio (WAV, FLAC, MP3, OGG, Opus, "
    "M4A, …) ({why}).",
    "{path}: 音声を読み込めません。音声ファイル（WAV、FLAC、MP3、OGG、Opus、M4A など）"
    "を指定してください（{why}）。",
)
NEEDS_MEDIA = Text(
    "{path}: to read M4A/AAC, WMA, MP4 or WebM, install the extra: pip install 'otowake[media]'.",
    "{path}: M4A/AAC、WMA、MP4、WebM を読み込むには追加機能が必要です: pip install "
    "'otowake[media]'",
)
TOO_LONG = Text(
    "{path}: decoded, it would exceed {limit}; read an excerpt with start and duration.",
    "{path}: デコードすると {limit} を超えます。start と duration で範囲を指定してください。",
)
AFTER_END = Text(
    "{path}: there is no sound from {start} s on; the file is {length} s long.",
    "{path}: {start} 秒以降に音声がありません（ファイルの長さは {length} 秒）。",
)
CUT_SHORT = Text(
    "{path}: the file is damaged or cut short; only {got} s of {promised} s could be read.",
    "{path}: ファイルが壊れているか、途中で切れています。"
    "{promised} 秒のうち {got} 秒だけ読み込みました。",
)
DAMAGED = Text(
    "{path}: the file is partly damaged ({why}); the {got} s that are intact were read.",
    "{path}: ファイルの一部が壊れています（{why}）。読み込めた {got} 秒だけを使います。",
)
SILENT = Text(
    "{name}: the recording, mixed to mono, is silent; there is nothing to analyse.",
    "{name}: モノラルにすると無音になるため、分析できません。",
)
TOO_SHORT = Text(
    "{name}: the recording must be at least one window long ({need} samples at {rate} Hz); it has "
    "{got}.",
    "{name}: 録音が短すぎます。窓の長さ（{rate} Hz で {need} サンプル）以上が必要ですが、"
    "{got} サンプルしかありません。",
)
NOT_FINITE = Text(
    "{name}: there are NaN or infinite values ({count} of {total}); every value must be a finite "
    "number.",
    "{name}: NaN または無限大の値があります（{total} 個中 {count} 個）。"
    "すべて有限の値にしてください。",
)
BAD_SHAPE = Text(
    "{name} must have the shape {need}; it has {got}.",
    "{name} の形は {need} でなければなりませんが、{got} です。",
)
NEGATIVE = Text(
    "{name} must not be negative; its smallest value is {value}.",
    "{name} に負の値は使えません（最小値 {value}）。",
)
ALL_ZERO = Text(
    "{name} is zero everywhere; there is nothing to factorise.",
    "{name} の値がすべて 0 のため、分解できません。",
)
OUT_OF_RANGE = Text(
    "{name} must have a mean from {low:.0e} to {high:.0e} for this loss and precision; it is "
    "{mean:.3g}; multiply it by a constant.",
    "この損失と精度では、{name} の平均が {low:.0e} から {high:.0e} "
    "の範囲になければなりませんが、{mean:.3g} です。定数倍して範囲に収めてください。",
)
HEAVY_PENALTY = Text(
    "{name} must be at most {most:.3g} for a V of this scale; it is {value:g}; the penalty would "
    "outweigh V.",
    "V の値の大きさに対して、{name} は {most:.3g} 以下でなければなりませんが、"
    "{value:g} です（これより大きいと、正則化項が支配的になります）。",
)
ZEROS = Text(
    "no entry of V may be 0 if the loss is a beta below 0 (it is {value:g}); add a small "
    "constant to V.",
    "β が負の損失（β = {value:g}）では、V に 0 を含められません。V に小さな定数を足してください。",
)
NOT_NUMBERS = Text(
    "{name} must be an array of real numbers; it is {got}.",
    "{name} は実数の配列でなければなりませんが、{got} です。",
)
TOO_MANY_COMPONENTS = Text(
    "n_components must be at most the number of frames and of frequency bins ({most}); it is "
    "{value}.",
    "n_components はフレーム数と周波数ビン数（{most}）以下でなければなりませんが、{value} です。",
)
EFFORT_SOLVER = Text(
    "effort {effort} is for the solver {instead}; the solver is {solver}.",
    "effort={effort} は解法 {instead} でだけ使えますが、{solver} が指定されています。",
)
NAN_WITHOUT_WEIGHTS = Text(
    "{name}: there are NaN values ({count} of {total}); give weights='observed' to leave them out.",
    "{name} に NaN があります（{total} 個中 {count} 個）。"
    "除外するには weights='observed' を指定してください。",
)
SOLVER_LOSS = Text(
    "the solver {solver} works only with the squared error; the loss is {loss}; try the solver "
    "accelerated.",
    "解法 {solver} は 2 乗誤差でだけ使えますが、損失は {loss} です。"
    "解法 accelerated を試してください。",
)
SOLVER_LACKS = Text(
    "the solver {solver} does not support {what}; try the solver mu.",
    "解法 {solver} は {what} に対応していません。解法 mu を試してください。",
)
FORGET_SOLVER = Text(
    "forget is for the solver minibatch; the solver is {solver}.",
    "forget は解法 minibatch でだけ使えますが、{solver} が指定されています。",
)
KEEP_WHAT = Text(
    "{keep} needs the {factor} to keep fixed; give it as {factor}.",
    "{keep} を使うには、固定する {factor} を指定してください。",
)
KEEP_INDEX = Text(
    "{keep} must be true, false or component indices from 0 to {last}; it is {value}.",
    "{keep} は true、false、または 0 から {last} までの成分の番号でなければなりませんが、"
    "{value} です。",
)
NOT_IN_BLOCKS = Text(
    "{what} is not possible for recordings processed in blocks; leave it out or read a shorter "
    "excerpt.",
    "{what} は、ブロックに分けて処理する長い録音では使えません。指定を外すか、"
    "範囲を短くしてください。",
)
NOT_LIVE = Text(
    "{what} couples activations over time and is not possible frame by frame; leave it out.",
    "{what} はアクティベーションの時間的なつながりを使うため、フレームごとの処理では使えません。"
    "指定を外してください。",
)
NOT_THE_CHECKPOINT = Text(
    "the checkpoint belongs to another recording or other options; remove it to start again.",
    "このチェックポイントは、別の録音または設定のものです。最初からやり直すには削除してください。",
)
GROUPS_NEEDED = Text(
    "group_H needs groups: the number of the group of each component.",
    "group_H を使うには、groups（各成分が属するグループの番号）を指定してください。",
)
DIVERGED = Text(
    "the loss became {loss} in iteration {iteration}; try another seed or another solver.",
    "反復 {iteration} 回目で損失が {loss} になりました。乱数シードか解法を変えてください。",
)
FOLDER_EXISTS = Text(
    "{path}: this result exists already and is kept; replace it with overwrite (in a shell "
    "--overwrite), or choose another folder.",
    "{path}: すでに結果があります。上書きするには overwrite（シェルでは --overwrite）を使うか、"
    "別のフォルダーを指定してください。",
)
FILE_EXISTS = Text(
    "{path}: this file exists already and is kept; replace it with --overwrite, or choose "
    "another name.",
    "{path}: すでにファイルがあります。上書きするには --overwrite を付けるか、"
    "別の名前を指定してください。",
)
NOT_OURS = Text(
    "{path}: this is not a result of otowake and is kept; choose another folder.",
    "{path}: otowake の結果ではないため、上書きしません。別のフォルダーを指定してください。",
)
NOT_A_RESULT = Text(
    "{path}: this is not a result folder of otowake ({why}).",
    "{path}: otowake の結果フォルダーではありません（{why}）。",
)
CANT_WRITE = Text(
    "{path}: the results could not be written ({why}); no incomplete file was left.",
    "{path}: 結果を書き込めません（{why}）。書きかけのファイルは残していません。",
)
SOUND_GONE = Text(
    "{path}: neither the recording of this result nor its components or stems can be found.",
    "{path}: この結果の元の録音が見つからず、成分やステムの音もフォルダーにありません。",
)
BAD_OPTIONS_FILE = Text(
    "{path}: the option file could not be read as TOML ({why}).",
    "{path}: 設定ファイルを TOML として読み込めません（{why}）。",
)
AGAIN_NO_FILE = Text(
    "{path}: this result does not record its input file, so the analysis cannot be repeated.",
    "{path}: 入力ファイルが記録されていないため、分析をやり直せません。",
)
AGAIN_STOPPED = Text(
    "{path}: this analysis was stopped by the user, so it cannot be repeated.",
    "{path}: 途中で中止した分析のため、やり直せません。",
)
AGAIN_ANOTHER = Text(
    "{path}: this is not the file that was analysed (its SHA-256 is {got}, not {was}).",
    "{path}: 分析したファイルと異なります（SHA-256 は {was} のはずですが、{got} です）。",
)
NEEDS_SKLEARN = Text(
    "otowake.NMF needs scikit-learn 1.6 or newer; install the extra: pip install "
    "'otowake[sklearn]'.",
    "otowake.NMF には scikit-learn 1.6 以降が必要です: pip install 'otowake[sklearn]'",
)
CUSTOM_START = Text(
    "init='custom' requires a W or H, and a given W or H requires init='custom'; init is {init}.",
    "W または H を渡すときは init='custom' を指定し、"
    "init='custom' のときは W か H を渡してください（指定された init: {init}）。",
)
NOT_A_CHORD = Text(
    "a chord's name must be N, or a root such as C, F# or Bb, optionally with one of {qualities}, "
    "and optionally / and another tone as the bass; it is {value!r}.",
    "和音の名前は、N か、C・F#・Bb などの根音（必要なら {qualities} のいずれかと、"
    "/ に続けてベース音）で指定してください（指定された値: {value!r}）。",
)
NOT_A_NOTE = Text(
    "a note must have finite times, 0 or later, its end not before its onset, a pitch and a "
    "programme from 0 to 127, and a velocity from 0 to 1; it is {value}.",
    "音符の時刻は 0 以上の有限の値で、オフセットはオンセット以後、音高と音色番号は 0 から 127、"
    "強さは 0 から 1 でなければなりませんが、{value} です。",
)
NEEDS_NOTEBOOK = Text(
    "notebooks need IPython; install the extra: pip install 'otowake[notebook]'.",
    "ノートブック用の機能には IPython が必要です: pip install 'otowake[notebook]'",
)
NEEDS_SCORE = Text(
    "{what} needs {package}; install the extra: pip install 'otowake[score]'.",
    "{what} には {package} が必要です: pip install 'otowake[score]'",
)
TOO_MANY_NOTES = Text(
    "a score holds at most {most} notes; there are {value}.",
    "楽譜にできる音符は {most} 個までですが、{value} 個あります。",
)
NOT_A_TABLE = Text(
    "{path}: no notes could be read from this file; it must be MIDI, or a table (CSV or TSV) of "
    "onset and offset in seconds and MIDI pitch ({why}).",
    "{path}: 音符を読み込めません。MIDI ファイル、またはオンセット・オフセット（秒）と MIDI "
    "ノート番号の表（CSV・TSV）を指定してください（{why}）。",
)
NO_STAGE = Text(
    "this result has no {stage}; analyse the recording again with the stage {stage}.",
    "この結果には、処理段階 {stage} の結果がありません。{stage} を含めて分析し直してください。",
)
NO_NOTES = Text("there are no pitched notes in the score.", "楽譜に、音高のある音符がありません。")
NOT_MIDI = Text(
    "{path}: no notes could be read from this file; it must be a Standard MIDI File of type 0 or "
    "1 ({why}).",
    "{path}: 音符を読み込めません。標準 MIDI ファイル（フォーマット 0 または 1）"
    "を指定してください（{why}）。",
)
FEW_ONSETS = Text(
    "there {got|is|are} {got} {got|onset|onsets}, too few for {need} drums; take a longer excerpt "
    "or fewer drums.",
    "オンセットが {got} 個しかなく、{need} 種類のドラムに分離するには足りません。範囲を長くするか、"
    "ドラムの数を減らしてください。",
)
COMPARE_TWO = Text(
    "give at least two result folders to compare.",
    "比較する結果フォルダーを 2 つ以上指定してください。",
)
COMPARE_SUFFIX = Text(
    "{name}: the figure's name must end in .png, .svg or .pdf.",
    "{name}: 図のファイル名の末尾は .png、.svg、.pdf のいずれかにしてください。",
)
NO_SNAPSHOTS = Text(
    "there are no snapshots to animate; pass the Snapshots to the fit as its watcher.",
    "アニメーションにする途中経過がありません。"
    "学習時に、引数 watch に Snapshots を渡してください。",
)
NOT_AN_ANIMATION = Text(
    "{path}: an animation's name must end in .gif or .mp4.",
    "{path}: アニメーションのファイル名の末尾は .gif か .mp4 にしてください。",
)
NEEDS_VIDEO = Text(
    "{path}: to write MP4, install the extra: pip install 'otowake[media]'; or choose a name "
    "ending in .gif.",
    "{path}: MP4 の書き出しには追加機能が必要です（pip install 'otowake[media]'）。"
    "追加機能なしで書き出すには、ファイル名の末尾を .gif にしてください。",
)

# What the value of an option must be.
MUST_BE_WHOLE = Text("a whole number", "整数")
MUST_BE_NUMBER = Text("a number", "数値")
MUST_BE_AT_LEAST = Text("{what} of at least {low}", " {low} 以上の{what}")
MUST_BE_BETWEEN = Text("{what} from {low} to {high}", " {low} から {high} までの{what}")
MUST_BE_ABOVE = Text("{what} above {low}", " {low} より大きい{what}")
MUST_BE_ONE_OF = Text("one of {choices}", " {choices} のいずれか")
MUST_BE_CHOICE_OR_NUMBER = Text(
    "one of {choices}, or a number",
    " {choices} のいずれか、または数値",
)
MUST_BE_COUNT_OR = Text(
    "a whole number from {low} to {high}, or {choices}",
    " {low} から {high} までの整数、または {choices} ",
)
MUST_BE_TWO = Text("at least two of the components", " 2 つ以上の成分")
MUST_BE_KEY = Text(
    "a key, such as C major or F# minor",
    "調の名前（ハ長調、F# minor など）",
)
MUST_BE_TEXT = Text("text", "文字列")
MUST_BE_FLAG = Text("true or false", " true か false ")
HELP_FPS = Text("frames per second", "1 秒あたりのコマ数")
