"""The words on figures, in both languages."""

from __future__ import annotations

from otowake import text
from otowake.text import Language, Text

LEARNING_CURVE = Text("Learning curve", "学習曲線")
ACTIVATIONS = Text("Activations H", "アクティベーション H")
SPECTRA = Text("Spectra W", "基底スペクトル W")
PRODUCT = Text("Product W·H", "積 W·H")

LN_LOSS = Text("ln(loss)", "ln(損失)")
ITERATION = Text("iteration", "反復回数")
COMPONENT = Text("component", "成分")
FREQUENCY = Text("frequency (Hz)", "周波数 (Hz)")
TIME = Text("time (s)", "時間 (秒)")
LEVEL = Text("level (dB; 0 = each panel's maximum)", "レベル (dB; 0 = 各図の最大値)")

LOSS_NAMES = {
    "kl": Text("I-divergence", "I-ダイバージェンス"),
    "euclidean": Text("squared error", "2 乗誤差"),
    "itakura-saito": Text("Itakura–Saito divergence", "板倉・斎藤距離"),
}
BETA_DIVERGENCE = Text("β-divergence (β = {beta:g})", "β-ダイバージェンス (β = {beta:g})")

N_COMPONENTS = Text("{n} {n|component|components}", "{n} 成分")
AFTER = Text("{n:,} {n|iteration|iterations}", "反復 {n:,} 回")
AFTER_AUDITION = Text(
    "{n:,} {n|iteration|iterations} from the best start on", "最良の初期値から反復 {n:,} 回"
)
BEFORE_LEARNING = Text("before learning", "学習前")
AUDITIONS = Text("pale: 1–{n}, tried on few frames", "淡線: 1〜{n}、少数フレームで試行")
AGREEMENT = Text("similarity to the first: {similarity}", "最初の結果との類似度: {similarity}")
NUMBER_OF_COMPONENTS = Text("number of components", "成分の数")
UNSEEN_LOSS = Text("loss per held-out entry", "隠した値 1 個あたりの損失")
CHOSEN_NUMBER = Text("Chosen: {n} {n|component|components}", "選ばれた成分の数: {n}")
NO_CURVE = Text("random start:\nnothing learnt yet", "乱数による初期値\n（学習前）")

N_NOTES = Text("{n} {n|note|notes}", "音符 {n} 個")
PALE = Text("pale: less sure", "淡い音符: 確信度が低い")
HITS = Text("found ({n})", "見つかった音符 ({n})")
MISSES = Text("missed ({n})", "見落とし ({n})")
FALSE = Text("not in the reference ({n})", "参照にない音符 ({n})")
SCORES = Text(
    "precision {precision:.2f} · recall {recall:.2f} · F1 {f1:.2f} · with offsets {f1_offsets:.2f}",
    "適合率 {precision:.2f} · 再現率 {recall:.2f} · F1 {f1:.2f} · 終わりも含む F1 {f1_offsets:.2f}",
)
ERRORS = Text("Errors by kind", "誤りの種類")

REST = text.OTHER_SOUNDS
PARTS_PAINTED = Text(
    "each point in the colours of the parts that sound there, the brighter the louder (60 dB)",
    "各点の色はそこで鳴っているパート、明るさは音の大きさ（60 dB）",
)
HARMONIC_ENVELOPE = Text("Harmonic envelope", "倍音の強さ")
ATTACK = Text("Attack", "立ち上がり")
PARTIAL = Text("partial", "倍音の番号")
PART_LEVEL = Text("level (dB; 0 = each part's highest)", "レベル (dB; 0 = 各パートの最大)")
AFTER_ONSET = Text("time after the onset (ms)", "音の始まりからの時間 (ミリ秒)")
SHARE_OF_HIGHEST = Text("magnitude (1 = the note's highest)", "振幅 (1 = その音符の最大)")

NO_SNAPSHOTS = Text(
    "there are no snapshots to animate; give the Snapshots to the fit as its watcher first.",
    "アニメーションにする途中経過がありません。先に Snapshots を watcher として学習に渡してください。",
)
NOT_AN_ANIMATION = Text(
    "{path}: an animation's name must end in .gif or .mp4.",
    "{path}: アニメーションのファイル名は .gif か .mp4 で終わらなければなりません。",
)
NEEDS_VIDEO = Text(
    "{path}: to write MP4, install the extra: pip install 'otowake[media]'; or choose a name ending in .gif.",
    "{path}: MP4 を書くには追加パッケージが必要です（pip install 'otowake[media]'）。.gif なら不要です。",
)


def moment(n_components: int, iteration: int, language: Language) -> str:
    """So many components, after so many iterations."""
    when = AFTER if iteration else BEFORE_LEARNING
    return f"{N_COMPONENTS.format(language, n=n_components)} · {when.format(language, n=iteration)}"
