"""Words of the report, in both languages; the page's program picks them by name."""

from __future__ import annotations

from otowake.text import figure_labels, result
from otowake.text.language import Text

PART_WITH_NOTES = Text("{title} ({n} {n|note|notes})", "{title}（音符 {n} 個）")
RESULTS = Text("Detected: {facts}.", "検出結果: {facts}")

WORDS: dict[str, Text] = {
    # The top of the page.
    "noscript": Text(
        "This page needs JavaScript; the other files in this folder hold the same results.",
        "このページを表示するには JavaScript を有効にしてください。同じ結果は、"
        "このフォルダーのほかのファイルにもあります。",
    ),
    "skip": Text("To the player", "プレーヤーへ移動"),
    "comma": result.BETWEEN,
    "nNotes": figure_labels.N_NOTES,
    "language": Text("Language", "言語"),
    "sections": Text("Contents", "目次"),
    "nothing": Text("This page has no results to show.", "表示する結果はありません。"),
    "length": Text("length", "長さ"),
    "key": Text("key", "調"),
    "tempo": Text("tempo", "テンポ"),
    "metre": Text("metre", "拍子"),
    "tuning": Text("tuning", "基準ピッチ"),
    "a4": Text("A4 = {hz} Hz", "A4 = {hz} Hz"),
    # The player.
    "listen": Text("Listen", "聴く"),
    "source": Text("What is played", "再生する音"),
    "parts": Text("Parts", "パート別"),
    "original": Text("Original", "元の録音"),
    "overview": Text("Waveform and chords", "波形と和音"),
    "overviewHelp": Text(
        "Click to move the cursor; drag over the waveform to repeat a passage.",
        "クリックで再生位置を移動、波形をドラッグすると、その範囲を繰り返し再生します。",
    ),
    "player": Text("Player", "プレーヤー"),
    "play": Text("Play", "再生"),
    "pause": Text("Pause", "一時停止"),
    "position": Text("Position", "再生位置"),
    "positionOf": Text("{at} of {length}", "{at} / {length}"),
    "loop": Text("Loop", "繰り返し"),
    "loopHelp": Text(
        "Repeat the selected passage, or everything (L); A and B set its start and end",
        "選択した範囲（なければ全体）を繰り返し再生します（L）。A・B キーで始点と終点を指定",
    ),
    "speed": Text("Speed", "速さ"),
    "transpose": Text("Pitch", "移調"),
    "transposeLimit": Text(
        "Only sounds embedded in this page can be transposed.",
        "移調できるのは、このページに埋め込まれた音だけです。",
    ),
    "metronome": Text("Click", "メトロノーム"),
    "metronomeHelp": Text("Click on the detected beats (M)", "検出した拍を鳴らします（M）"),
    "countIn": Text("Count-in", "カウントイン"),
    "countInHelp": Text("Count a bar before playing", "再生の前に 1 小節分の拍を鳴らします"),
    "volume": Text("Volume", "音量"),
    "volumeOf": Text("Volume: {name}", "音量: {name}"),
    "onlyOf": Text("Solo: {name}", "ソロ: {name}"),
    "muteOf": Text("Mute: {name}", "ミュート: {name}"),
    "addOf": Text("Add to the mix: {name}", "ミックスに追加: {name}"),
    "panOf": Text("Pan: {name} (double-click: centre)", "定位: {name}（ダブルクリックで中央）"),
    "reset": Text("Reset", "元に戻す"),
    "mixture": Text("Original recording", "元の録音"),
    "synthesised": Text("Synthesised notes", "音符の合成音"),
    "other": result.OTHER_SOUNDS,
    "componentOf": Text("Component {n}", "成分 {n}"),
    "playing": Text("Playing: {names}", "再生中: {names}"),
    "selected": Text("Selected: {names}", "再生する音: {names}"),
    "silence": Text("nothing", "なし"),
    "paused": Text("Paused at {at}.", "{at} で一時停止しました。"),
    "missing": Text(
        "{name}: the audio is in the result folder; open this page from that folder to hear it.",
        "{name}: 音声は結果フォルダーにあります。聴くには、"
        "このページを結果フォルダーから開いてください。",
    ),
    "linked": Text("in the folder", "フォルダー内"),
    "noSound": Text("The audio is no longer available.", "音声は残っていません。"),
    "keys": Text(
        "Keys: Space plays and pauses, ← → move by 1 s (with Shift by 5 s), A and B mark a passage "
        "to repeat, L loops, O switches to the original, M clicks the beats, + − zoom, 0 shows "
        "everything.",
        "キー操作: スペースで再生・一時停止、← → で 1 秒（Shift を押すと 5 秒）移動、"
        "A・B で繰り返す範囲の始点・終点、L で繰り返し、O で元の録音に切り替え、"
        "M でメトロノーム、+ − で拡大・縮小、0 で全体を表示。",
    ),
    "pointer": Text(
        "Click to move the cursor; drag to scroll; Ctrl + wheel or pinch to zoom; Shift + drag to "
        "select.",
        "クリックで再生位置を移動、ドラッグで表示範囲を移動、"
        "Ctrl＋ホイールまたはピンチで拡大・縮小、Shift＋ドラッグで範囲を選択。",
    ),
    "zoomIn": Text("Zoom in", "拡大"),
    "zoomOut": Text("Zoom out", "縮小"),
    "showAll": Text("Show all", "全体を表示"),
    # Notes.
    "notes": Text("Notes", "音符"),
    "roll": Text("Piano roll", "ピアノロール"),
    "pale": figure_labels.PALE,
    "noteList": Text("List of {n} {n|note|notes}", "音符の一覧（{n} 個）"),
    "instrument": Text("instrument", "楽器"),
    "onset": Text("onset", "オンセット"),
    "duration": Text("duration", "長さ"),
    "velocity": Text("velocity", "強さ"),
    "unknown": Text("unknown", "不明"),
    "noNotes": Text("No notes detected.", "音符は検出されませんでした。"),
    # The score.
    "score": Text("Score", "楽譜"),
    "fullScore": Text("All parts", "すべてのパート"),
    "scorePart": Text("Part", "パート"),
    "scoreInterval": Text("Written for", "記譜"),
    "intervalC": Text("concert pitch (C)", "実音（C）"),
    "intervalM2": Text("instruments in B♭", "B♭ 管"),
    "intervalM6": Text("instruments in E♭", "E♭ 管"),
    "intervalP5": Text("instruments in F", "F 管"),
    "scorePage": Text("Score, page {n} of {of}", "楽譜 {n} / {of} ページ"),
    "print": Text("Print", "印刷"),
    "scoreNeeds": Text(
        "score.musicxml has the score. To see it here, install the extra: "
        "pip install 'otowake[engraving]'",
        "楽譜は score.musicxml にあります。ここに表示するには追加機能が必要です: "
        "pip install 'otowake[engraving]'",
    ),
    # Components.
    "components": Text("Components", "成分"),
    "panels": Text("Factorisation V ≈ W·H", "分解 V ≈ W·H"),
    "loss": figure_labels.LEARNING_CURVE,
    "H": figure_labels.ACTIVATIONS,
    "W": figure_labels.SPECTRA,
    "WH": figure_labels.PRODUCT,
    "V": Text("Spectrogram V", "スペクトログラム V"),
    "component": figure_labels.COMPONENT,
    "lnLoss": figure_labels.LN_LOSS,
    "iteration": figure_labels.ITERATION,
    "time": figure_labels.TIME,
    "frequency": figure_labels.FREQUENCY,
    "level": Text("dB below each panel's maximum", "各図の最大値を 0 とした dB"),
    "learning": Text("Learning", "学習の過程"),
    "playLearning": Text("Replay the learning", "学習の過程を再生"),
    "pauseLearning": Text("Pause the learning", "学習の過程を一時停止"),
    "after": Text("after {n} {n|iteration|iterations}", "反復 {n} 回"),
    "before": figure_labels.BEFORE_LEARNING,
    "table": Text("Table of components", "成分の表"),
    "number": result.COMPONENT,
    "pitch": result.PITCH,
    "hz": result.FREQUENCY_HZ,
    "cents": result.CENTS,
    "deviation": Text("{cents} cents", "{cents} セント"),
    "confidence": result.CONFIDENCE,
    "energy": result.ENERGY,
    "when": result.SOUNDS_FROM_TO,
    "name": result.NAME,
    "spectrum": Text("spectrum", "スペクトル"),
    "activation": Text("activation", "アクティベーション"),
    "sound": Text("audio", "音"),
    # Settings and files.
    "made": Text("Settings and convergence", "設定と学習の結果"),
    "option": Text("option", "設定項目"),
    "value": Text("value", "値"),
    "meaning": Text("meaning", "意味"),
    "changed": Text("not the default", "既定値から変更"),
    "downloads": Text("Downloads", "ダウンロード"),
    "saveOf": Text("Save: {name}", "保存: {name}"),
    "program": Text("Made with otowake {version}", "otowake {version} で作成"),
}

FILES: dict[str, Text] = {
    "notes.mid": Text("MIDI", "MIDI"),
    "score.musicxml": Text("score (MusicXML)", "楽譜（MusicXML）"),
    "notes.csv": Text("table of notes", "音符の表"),
    "components.csv": Text("table of components", "成分の表"),
    "chords.csv": Text("table of chords", "和音の表"),
    "notes.labels.txt": Text("labels for Audacity", "Audacity のラベル"),
    "notes.jams": Text("JAMS", "JAMS"),
    "notes.flac": Text(
        "left: the recording; right: the synthesised notes",
        "左: 元の録音、右: 音符の合成音",
    ),
    "factors.npz": Text("W and H (NumPy)", "W と H（NumPy）"),
    "figure.png": Text("figure of the factorisation", "分解の図"),
    "piano-roll.png": Text("piano roll", "ピアノロール"),
    "analysis.json": Text("settings and results (JSON)", "設定と結果（JSON）"),
}
"""The files of a result folder that the page offers, in this order."""
