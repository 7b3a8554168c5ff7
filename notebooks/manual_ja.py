# %% [markdown]
# # NMF で音を分ける
#
# 講義「音楽情報処理」の補助資料「Google Colaboratory を用いた NMF マニュアル」を、同じ 8 つの章立てでたどります。
# マニュアルが数十行で書いている処理を、ライブラリ otowake の 1〜2 行で行います。
# そのあと、音符・楽器・音へと進み、結果を Drive に保存します。
#
# 上から順に、セルを選んで Shift + Enter で実行してください。Colab でも、手元の Jupyter でも動きます。

# %%
OTOWAKE = (
    "otowake"  # 入手先: パッケージ名のほか、wheel ファイル、フォルダー、git+https://… も書けます
)

from importlib.util import find_spec

if find_spec("otowake") is None:  # すでに入っていれば何もしません
    get_ipython().run_line_magic("pip", f"install --quiet {OTOWAKE}")

# %% [markdown]
# 変えてよい設定はここにまとめてあります。最初はこのまま実行してみてください。

# %%
FILE = None  # 音楽ファイル。None なら付属の音源（アコーディオンの音階と和音、15.8 秒）
SECONDS = 30  # 先頭の何秒を使うか
N_COMPONENTS = 20  # 成分の数（マニュアルの nbasis）
MAX_ITER = 10_000  # 学習を繰り返す回数（マニュアルと同じ）

# %% [markdown]
# ## 1. ライブラリのインポート
#
# 計算も図も otowake が受け持つので、librosa や TensorFlow は要りません。
# `notebook.enable` を呼ぶと、この先、録音はプレーヤー、分析結果は表として表示されます。

# %%
import otowake
from otowake import notebook

notebook.enable("ja")

# %% [markdown]
# ## 2. Google Drive との連携
#
# Colab では Drive をマウントし、結果もそこに置きます。Colab 以外では、手元のフォルダーに置きます。

# %%
from pathlib import Path

try:
    from google.colab import drive
except ImportError:
    RESULTS = Path("otowake-results")
else:
    drive.mount("/content/drive")
    RESULTS = Path("/content/drive/MyDrive/otowake-results")
RESULTS

# %% [markdown]
# ## 3. 音楽ファイルの読み込み
#
# Drive にある自分の曲を使うときは、設定のセルで
# `FILE = "/content/drive/MyDrive/music_test.mp3"` のように指定してください。

# %%
audio = otowake.load(FILE or otowake.demo_path(), duration=SECONDS)
audio

# %% [markdown]
# 短時間フーリエ変換の絶対値をとり、平均で割って平均を 1 にしたものが、振幅スペクトログラム V です。
# マニュアルの `abs(librosa.stft(y).T)` と `y_stft /= y_stft.mean()` にあたります
# （平均が 1 になるのは、波形 y ではなくスペクトログラムです）。
#
# マニュアルは行列を転置して（フレーム × 周波数）としていますが、otowake は転置せず（周波数 × フレーム）とします。

# %%
V = otowake.spectrogram(audio)
V.values.shape, float(V.values.mean())

# %% [markdown]
# ## 4. NMF
#
# NMF（非負値行列因子分解）は、非負の行列 V を、2 つの非負の行列の積 W·H で近似します。
#
# - W の各列は**基底スペクトル**です。1 つの成分が、どの高さの音をどれだけ含むかを表します。
# - H の各行は**アクティベーション**です。その成分が、いつ、どれだけ強く鳴るかを表します。
#
# たとえば、次の 3 行 4 列の行列では、1・2 行目はいつも 1 : 2 の割合で一緒に鳴り、3 行目は別に鳴っています。
# 2 つの成分に分けると、その仕組みが取り出せます。

# %%
toy = otowake.factorize([[1, 0, 2, 1], [2, 0, 4, 2], [0, 3, 0, 3]], n_components=2)
toy.W.round(2), toy.H.round(2), (toy.W @ toy.H).round(2)

# %% [markdown]
# **①と②の役割について。** マニュアルの本文とプログラムでは、①と②の役割が逆になっています。
#
# | | 本文（4 章）の説明 | プログラムでの実際 |
# |---|---|---|
# | ① `lw` | 共通の特徴。基底スペクトル | （フレーム × 成分）。**アクティベーション**（の対数） |
# | ② `lh` | 固有の特徴。アクティベーション | （成分 × 周波数）。**基底スペクトル**（の対数） |
#
# 本文は（周波数 × フレーム）の行列を想定しているのに対し、プログラムは転置した行列を分解しているためです。
# otowake の W と H は本文の①と②にあたり、プログラムの `exp(lh)` と `exp(lw)` をそれぞれ転置したものです。
#
# また、成分は「楽器」そのものとは限りません。多くの場合、1 つの成分は 1 つの音高、または音の立ち上がりや雑音です。
# どの楽器かは、10 章で別の方法で推定します。

# %% [markdown]
# ## 5. NMF の実装
#
# W の行数は V の行数、H の列数は V の列数と同じです。W の列数と H の行数が成分の数で、これは自分で決めます。
#
# 初期値は乱数です。同じ `seed` を指定すれば、同じ初期値になります。

# %%
spec = otowake.FitSpec(n_components=N_COMPONENTS, solver="adam", max_iter=MAX_ITER, seed=0)
begin = otowake.factorize(
    V.values, spec=spec.with_options(max_iter=1)
)  # 初期値を見るために 1 回だけ
begin.initial.W.shape, begin.initial.H.shape

# %% [markdown]
# マニュアルは 0 の対数を避けるために V に 10⁻¹⁰ を加えています。otowake も同じことをしています（`V` に加算済み）。

# %% [markdown]
# ## 6. グラフの設定
#
# 左上が学習曲線、右上がアクティベーション H、左下が基底スペクトル W、右下がその積 W·H です。
# マニュアルと同じ配置で、各図の最大値から −60 dB（1/1000）で足切りします。
# 軸は秒とヘルツで、周波数は対数目盛です。
#
# 学習前なので、どの図も規則性のない模様です。

# %%
otowake.plot.learning_figure(begin, V.frequencies, V.times, before=True, language="ja", size=(9, 6))

# %% [markdown]
# ## 7. 学習
#
# W·H と V の差（損失）が小さくなるように、W と H を少しずつ更新します。差の測り方（距離規準）は 2 つあります。
#
# - 2 乗誤差（`loss="euclidean"`）: $\sum (V - WH)^2$
# - I-ダイバージェンス（`loss="kl"`、既定値）: $\sum \left( V \log \dfrac{V}{WH} - V + WH \right)$
#
# マニュアルと同じく、I-ダイバージェンスを Adam（学習係数 0.1）で小さくします。
# 図は学習しながら更新されます。

# %%
with notebook.live_figure(V, "Adam", language="ja") as watch:
    fit = otowake.factorize(V.values, spec=spec, watch=watch)

# %% [markdown]
# **I-ダイバージェンスの式について。** マニュアルに印刷されている式は
#
# $$x = WH \log \frac{WH}{V} - (WH - V)$$
#
# ですが、マニュアルのプログラム `loss_idiv` が計算しているのは、V と W·H を入れ替えた
#
# $$\sum \left( V \log \frac{V}{WH} - V + WH \right)$$
#
# です。I-ダイバージェンスは対称ではないので、この 2 つは値が異なります。otowake が計算するのはプログラムのほうです。
# 確かめてみましょう。順に、学習で得られた損失、プログラムの式の値、印刷された式の値です。

# %%
from otowake.nmf.divergence import divergence

WH = fit.W @ fit.H
fit.loss, float(divergence(V.values, WH, beta=1)), float(divergence(WH, V.values, beta=1))

# %% [markdown]
# **Adam の式について。** マニュアルに印刷されている更新式は、勾配の 2 乗を足し続ける AdaGrad の式です。
# プログラムが使っている Adam は、勾配と勾配の 2 乗それぞれの指数移動平均を使います。
# また、式では「①と②の積」を更新していますが、実際に更新されるのは①と②それぞれ（の対数）です。
# 対数を更新するので、`exp` をとった W と H は必ず正になります。
#
# **もっと速く。** otowake の既定の解法は、同じ損失を、より少ない反復で小さくします。
# ここでは音符・楽器・音の分析まで、まとめて行います（学習の後、十数秒ほどかかることがあります）。

# %%
with notebook.live_figure(V, "accelerated", language="ja") as watch:
    analysis = otowake.analyse(audio, V=V, n_components=N_COMPONENTS, watch=watch)
{"adam": (fit.n_iter, fit.loss), "accelerated": (analysis.fit.n_iter, analysis.fit.loss)}

# %% [markdown]
# ## 8. 結果の出力
#
# 成分は音の高さの順に並んでいます。学習前の図と比べてください。
# W には音高ごとの倍音の縞が、H にはその音が鳴った時刻が現れます。損失は学習を繰り返すほど小さくなります。

# %%
otowake.plot.analysis_figure(analysis, language="ja", size=(9, 6))

# %%
analysis

# %% [markdown]
# 成分を 1 つずつ聴くこともできます。エネルギーの大きい 3 つです。

# %%
loudest = sorted(analysis.components, key=lambda component: -component.energy)[:3]
notebook.player(*loudest, language="ja")

# %% [markdown]
# ---
#
# ここまでがマニュアルの内容です。ここから先へ進みます。
#
# ## 9. 音符
#
# どの音が、いつからいつまで鳴ったかを、学習済みのニューラルネットワークで推定しました。
# ピアノロールに、和音名と小節線が重ねてあります。

# %%
otowake.plot.piano_roll(analysis, language="ja")

# %%
[
    (otowake.note_name(note.midi, "ja"), round(note.onset, 2), round(note.offset, 2))
    for note in analysis.notes[:8]
]

# %% [markdown]
# ## 10. 楽器
#
# 音符を楽器ごとのパートにまとめます。確信度は、候補の楽器のうちでどれだけ確からしいかです。
# 演奏している楽器が分かっているときは、`otowake.analyse(audio, instruments="piano,violin")` のように指定できます。

# %%
{
    part.name: {name: round(chance, 3) for name, chance in part.probabilities.items()}
    for part in analysis.parts
}

# %% [markdown]
# ## 11. 音
#
# パートごとに、ほかの楽器を除いた音を聴けます。音符 1 つだけを取り出すこともできます。

# %%
notebook.player(*analysis.parts, *analysis.notes[:2], language="ja")

# %% [markdown]
# ## 12. 結果の保存
#
# 図、成分とパートの音（FLAC）、音符の表（CSV）、MIDI などを 1 つのフォルダーに書き出します。
# Colab では Drive に残ります。次からは `otowake.load_analysis(folder)` で読み戻せます。
#
# 楽譜（`score.musicxml`）には追加パッケージ `score` が必要です。ないときは警告を出して、ほかをすべて書き出します。

# %%
folder = otowake.save_analysis(
    analysis, RESULTS / Path(audio.name).stem, overwrite=True, language="ja"
)
folder, sorted(path.name for path in folder.iterdir())

# %% [markdown]
# 自分の曲で試すには、設定のセルの `FILE` を変えて、もう一度上から実行してください。
# 成分の数や距離規準の選び方は、ドキュメントの「選び方」にあります。
