"""Labels of the figures; the report uses some of them too."""

from __future__ import annotations

from otowake.text.language import Language, Text
from otowake.text.result import OTHER_SOUNDS

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
    "itakura-saito": Text("Itakura–Saito divergence", "板倉・斎藤擬距離"),
}
BETA_DIVERGENCE = Text("β-divergence (β = {beta:g})", "β-ダイバージェンス (β = {beta:g})")

N_COMPONENTS = Text("{n} {n|component|components}", "{n} 成分")
AFTER = Text("{n:,} {n|iteration|iterations}", "反復 {n:,} 回")
BEFORE_LEARNING = Text("before learning", "学習前")
AGREEMENT = Text("similarity to the first: {similarity}", "最初の結果との類似度: {similarity}")
NUMBER_OF_COMPONENTS = Text("number of components", "成分数")
HELD_OUT_LOSS = Text("loss per held-out entry", "隠した値 1 個あたりの損失")
SELECTED_NUMBER = Text("Selected: {n} {n|component|components}", "選択した成分数: {n}")
NO_CURVE = Text("random start:\nbefore learning", "乱数による初期値\n（学習前）")

N_NOTES = Text("{n} {n|note|notes}", "音符 {n} 個")
PALE = Text("pale: low confidence", "淡い音符: 確信度が低い")
HITS = Text("correct ({n})", "正しい検出 ({n})")
MISSES = Text("missed ({n})", "検出漏れ ({n})")
FALSE = Text("false positives ({n})", "誤検出 ({n})")
SCORES = Text(
    "precision {precision:.2f} · recall {recall:.2f} · F1 {f1:.2f} · with offsets {f1_offsets:.2f}",
    "適合率 {precision:.2f} · 再現率 {recall:.2f} · F1 {f1:.2f} · オフセットを含む F1 "
    "{f1_offsets:.2f}",
)
ERRORS = Text("Errors by kind", "誤りの種類")

REST = OTHER_SOUNDS
PARTS_PAINTED = Text(
    "colour: the parts that sound at each point; brightness: level (60 dB)",
    "色: 各点で鳴っているパート、明るさ: レベル（60 dB）",
)
HARMONIC_ENVELOPE = Text("Harmonic envelope", "倍音の強さ")
ATTACK = Text("Attack", "立ち上がり")
PARTIAL = Text("partial", "倍音の番号")
PART_LEVEL = Text("level (dB; 0 = each part's maximum)", "レベル (dB; 0 = 各パートの最大値)")
AFTER_ONSET = Text("time after the onset (ms)", "オンセットからの時間 (ミリ秒)")
SHARE_OF_HIGHEST = Text("magnitude (1 = the note's maximum)", "振幅 (1 = その音符の最大値)")


def moment(n_components: int, iteration: int, language: Language) -> str:
    """Describe a moment of the learning: the number of components and of iterations."""
    when = AFTER if iteration else BEFORE_LEARNING
    return f"{N_COMPONENTS.format(language, n=n_components)} · {when.format(language, n=iteration)}"
