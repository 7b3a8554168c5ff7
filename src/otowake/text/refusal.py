"""Why something is refused: what it is about, what it must be, what it is, what to try."""

from otowake.text.language import Text

OPTION = Text(
    "{name} must be {must}; it is {value}.",
    "{name} は{must}でなければなりませんが、{value} が指定されています。",
)
UNKNOWN_OPTION = Text(
    "there is no option called {name}; the options are: {known}.",
    "{name} という設定項目はありません。使えるのは {known} です。",
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
DAMAGED = Text(
    "{path}: a part of the file is damaged and was left out ({why}); {got} s could be read.",
    "{path}: ファイルの一部が壊れているため、その部分を除いて {got} 秒を読み取りました（{why}）。",
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
OUT_OF_RANGE = Text(
    "{name} must have a mean from {low:.0e} to {high:.0e} for this loss and precision; it is {mean:.3g}; "
    "multiply it by a constant.",
    "この距離規準と精度では、{name} の平均が {low:.0e} から {high:.0e} までの範囲になければなりませんが、"
    "{mean:.3g} です。定数を掛けてください。",
)
HEAVY_PENALTY = Text(
    "{name} must be at most {most:.3g} for a V of this scale; it is {value:g}; beside it V would count for nothing.",
    "V がこの大きさのとき、{name} は {most:.3g} 以下でなければなりませんが、{value:g} です（V の影響がなくなるため）。",
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
NEEDS_SKLEARN = Text(
    "otowake.NMF needs scikit-learn 1.6 or newer; install the extra: pip install 'otowake[sklearn]'.",
    "otowake.NMF には scikit-learn 1.6 以降が必要です: pip install 'otowake[sklearn]'",
)
CUSTOM_START = Text(
    "init='custom' and a given W or H need each other; init is {init}.",
    "W や H を渡すことと init='custom' は、一緒に指定しなければなりません（init は {init}）。",
)
NOT_A_CHORD = Text(
    "a chord's name must be N, or a root such as C, F# or Bb with nothing or one of {qualities} "
    "after it, and a bass after a / if that is another tone; it is {value!r}.",
    "和音の名前は N か、C・F#・Bb のような根音に、必要なら {qualities} のどれかと、/ に続くベース音を付けたものでなければ"
    "なりませんが、{value!r} です。",
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
MUST_BE_WITHIN = Text(
    "within the note, between {low} and {high}", "音符の中（{low} と {high} の間）"
)
MUST_PART_THE_NOTES = Text(
    "a pitch that leaves notes on both sides", "上と下の両方に音符が残る音高"
)
MUST_BE_SHORT = Text(
    "printable text of at most {most} characters", " {most} 文字以内の印字できる文字列"
)
MUST_BE_LIST = Text("a list, each item {what}", "{what}を並べたリスト")
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
    "a whole number from {low} to {high}, or {choices}",
    " {low} から {high} までの整数または {choices} ",
)
MUST_BE_TWO = Text("at least two of them", " 2 つ以上")
MUST_BE_TEXT = Text("text", "文字列")
MUST_BE_FLAG = Text("true or false", " true か false ")
COMPARE_TWO = Text(
    "give at least two result folders to compare.",
    "比べる結果フォルダーを 2 つ以上指定してください。",
)
COMPARE_SUFFIX = Text(
    "{name}: the figure must end in .png, .svg or .pdf.",
    "{name}: 図の名前は .png・.svg・.pdf のいずれかで終わらせてください。",
)
