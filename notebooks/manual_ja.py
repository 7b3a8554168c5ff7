# %% [markdown]
# # NMF で音を分ける
#
# 講義「音楽情報処理」の補助資料「Google Colaboratory を用いた NMF マニュアル」の内容を、
# 同じ 8 章の構成で順に実行します。
# マニュアルで数十行かかる処理を、ライブラリ otowake では 1〜2 行で書けます。
# 第 9 章からは、音符と楽器を推定し、音を取り出して、結果を保存します。
#
# Shift + Enter を押して、上のセルから順に実行してください。
# Colab でも、手元の Jupyter でも動作します。

# %%
OTOWAKE = "otowake"  # 入手先: パッケージ名、wheel ファイル、フォルダー、git+https://… のいずれか

from importlib.util import find_spec

if find_spec("otowake") is None:  # インストール済みなら何もしません
    get_ipython().run_line_magic("pip", f"install --quiet {OTOWAKE}")

# %% [markdown]
# 変更できる設定は、次のセルにまとめてあります。最初は、このまま実行してください。

# %%
FILE = None  # 音楽ファイル。None なら付属の録音（アコーディオンの音階と和音、15.8 秒）
SECONDS = 30  # 使う長さ（先頭からの秒数）
N_COMPONENTS = 20  # 成分の数（マニュアルの nbasis）
MAX_ITER = 10_000  # 学習の反復回数（マニュアルと同じ）

# %% [markdown]
# ## 1. ライブラリのインポート
#
# 計算と作図には otowake を使います。librosa や TensorFlow は必要ありません。
# `notebook.enable` を呼ぶと、これ以降、録音はプレーヤーとして、分析結果は表として表示されます。

# %%
import otowake
from otowake import notebook

notebook.enable("ja")

# %% [markdown]
# ## 2. Google Drive との連携
#
# Colab では Drive をマウントし、結果も Drive に保存します。
# Colab 以外では、ノートブックと同じ場所にある `otowake-results` フォルダーに保存します。

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
# 短時間フーリエ変換（STFT）の絶対値を全体の平均で割ったものが、振幅スペクトログラム V です。
# マニュアルの `abs(librosa.stft(y).T)` と `y_stft /= y_stft.mean()` に当たります。
# つまり、平均が 1 になるのは、波形 y ではなく、スペクトログラムです。
#
# 行列の形は、マニュアルでは転置した（フレーム, 周波数）、otowake では（周波数, フレーム）です。

# %%
V = otowake.spectrogram(audio)
V.values.shape, float(V.values.mean())

# %% [markdown]
# ## 4. NMF
#
# NMF（非負値行列因子分解）は、非負の行列 V を、2 つの非負の行列の積 W·H で近似します。
#
# - W の列は**基底スペクトル**です。1 つの成分が、どの周波数をどれだけ含むかを表します。
# - H の行は**アクティベーション**です。その成分が、各時刻にどれだけ強く鳴るかを表します。
#
# 次の 3 行 4 列の行列では、1 行目と 2 行目の比がつねに 1 : 2 で、
# 3 行目はほかの行とは別に変化します。2 つの成分に分解すると、この構造が現れます。

# %%
toy = otowake.factorize([[1, 0, 2, 1], [2, 0, 4, 2], [0, 3, 0, 3]], n_components=2)
toy.W.round(2), toy.H.round(2), (toy.W @ toy.H).round(2)

# %% [markdown]
# **①と②の役割。** マニュアルの本文とプログラムでは、①と②の役割が逆になっています。
#
# | | 本文（第 4 章）の説明 | プログラムでの実際の値 |
# |---|---|---|
# | ① `lw` | 共通の特徴（基底スペクトル） | **アクティベーション**の対数（フレーム, 成分） |
# | ② `lh` | 固有の特徴（アクティベーション） | **基底スペクトル**の対数（成分, 周波数） |
#
# 本文で説明しているのは、形（周波数, フレーム）の行列の分解です。
# 一方、プログラムは、それを転置した行列を分解します。
# otowake の W と H は、本文の①と②に当たります。プログラムの `exp(lh)` と `exp(lw)` を
# それぞれ転置した行列です。
#
# また、成分は楽器と 1 対 1 に対応するわけではありません。
# 1 つの成分は、多くの場合、ある高さの音、音の立ち上がり、雑音のいずれかを表します。
# 楽器は、第 10 章で別の方法を使って推定します。

# %% [markdown]
# ## 5. NMF の実装
#
# W の行数は V の行数に、H の列数は V の列数に等しくなります。
# W の列数と H の行数は、どちらも成分の数です。成分の数は自分で決めます。
#
# 初期値は乱数です。同じ `seed` を指定すると、同じ初期値になります。

# %%
spec = otowake.FitSpec(n_components=N_COMPONENTS, solver="adam", max_iter=MAX_ITER, seed=0)
begin = otowake.factorize(
    V.values, spec=spec.with_options(max_iter=1)
)  # 初期値を見るために 1 回だけ
begin.initial.W.shape, begin.initial.H.shape

# %% [markdown]
# マニュアルでは、0 の対数をとらないように、V に 10⁻¹⁰ を加えます。
# otowake の `V` にも、同じ値が加えてあります。

# %% [markdown]
# ## 6. グラフの設定
#
# 左上が学習曲線、右上がアクティベーション H、左下が基底スペクトル W、右下がその積 W·H です。
# 配置はマニュアルと同じです。表示の下限は、各図の最大値の 1/1000（−60 dB）です。
# 軸の単位は秒とヘルツで、周波数軸は対数目盛です。
#
# 学習前なので、どの図にも規則性はありません。

# %%
otowake.plot.learning_figure(begin, V.frequencies, V.times, before=True, language="ja", size=(9, 6))

# %% [markdown]
# ## 7. 学習
#
# W·H と V の差を表す値（損失）が小さくなるように、W と H を少しずつ更新します。
# マニュアルには、損失（距離規準）が 2 つ挙げられています。
#
# - 2 乗誤差（`loss="euclidean"`）: $\sum (V - WH)^2$
# - I-ダイバージェンス（`loss="kl"`、既定値）:
#   $\sum \left( V \log \dfrac{V}{WH} - V + WH \right)$
#
# マニュアルと同じく、Adam で I-ダイバージェンスを小さくします。
# 学習率（マニュアルでは学習係数）は 0.1 です。
# 図は学習中に更新されます。

# %%
with notebook.live_figure(V, "Adam", language="ja") as watch:
    fit = otowake.factorize(V.values, spec=spec, watch=watch)

# %% [markdown]
# **I-ダイバージェンスの式。** マニュアルに書かれた式は次のとおりです。
#
# $$x = WH \log \frac{WH}{V} - (WH - V)$$
#
# 一方、マニュアルのプログラム `loss_idiv` は、V と W·H を入れ替えた次の式を計算します。
#
# $$\sum \left( V \log \frac{V}{WH} - V + WH \right)$$
#
# I-ダイバージェンスは対称ではないので、2 つの式の値は異なります。
# otowake は、プログラムと同じ式を計算します。
# 次のセルで、学習後の損失、プログラムの式の値、マニュアルに書かれた式の値を順に表示します。

# %%
from otowake.nmf.divergence import divergence

WH = fit.W @ fit.H
fit.loss, float(divergence(V.values, WH, beta=1)), float(divergence(WH, V.values, beta=1))

# %% [markdown]
# **Adam の式。** マニュアルに書かれた更新式は、勾配の 2 乗を足し続ける AdaGrad の式です。
# プログラムが使う Adam は、勾配と、その 2 乗の指数移動平均を使います。
# また、マニュアルの式は「①と②の積」を更新しますが、
# プログラムが実際に更新するのは、①と②それぞれの対数です。
# 対数を更新するので、指数関数で戻した W と H は必ず正になります。
#
# **より速い解法。** otowake の既定の解法では、より少ない反復回数で、損失が同じ程度まで下がります。
# 次のセルでは、音符と楽器の推定、音の取り出しもまとめて行います。
# 学習の後に十数秒かかることがあります。

# %%
with notebook.live_figure(V, "accelerated", language="ja") as watch:
    analysis = otowake.analyse(audio, V=V, n_components=N_COMPONENTS, watch=watch)
{"adam": (fit.n_iter, fit.loss), "accelerated": (analysis.fit.n_iter, analysis.fit.loss)}

# %% [markdown]
# ## 8. 結果の出力
#
# 図では、成分を音高の順に並べています。学習前の図と比べてください。
# W には音高ごとの倍音の列が、H にはその音が鳴った時刻が現れています。
# 損失は、反復を重ねるにつれて小さくなります。

# %%
otowake.plot.analysis_figure(analysis, language="ja", size=(9, 6))

# %%
analysis

# %% [markdown]
# 成分の音は 1 つずつ聴けます。次のセルで、エネルギーの大きい 3 つの成分を再生できます。

# %%
loudest = sorted(analysis.components, key=lambda component: -component.energy)[:3]
notebook.player(*loudest, language="ja")

# %% [markdown]
# ---
#
# マニュアルの内容はここまでです。第 9 章からは、マニュアルにない分析を行います。
#
# ## 9. 音符
#
# 各音符の音高、オンセット（発音時刻）、オフセット（消音時刻）は、
# 学習済みのニューラルネットワークで推定しました。
# ピアノロールには、和音名と小節線も表示します。

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
# 各音符の楽器を推定し、パートにまとめました。次のセルで、各パートの楽器の確率を表示します。
# 使われている楽器がわかっているときは、
# `otowake.analyse(audio, instruments="piano,violin")` のように指定できます。

# %%
{
    part.name: {name: round(chance, 3) for name, chance in part.probabilities.items()}
    for part in analysis.parts
}

# %% [markdown]
# ## 11. 音
#
# ほかの楽器の音を除いた、パートごとの音を聴けます。1 つの音符の音も取り出せます。

# %%
notebook.player(*analysis.parts, *analysis.notes[:2], language="ja")

# %% [markdown]
# ## 12. 結果の保存
#
# 図、成分とパートの音（FLAC）、音符の表（CSV）、MIDI などを 1 つのフォルダーに保存します。
# Colab では、保存先は Drive です。次回は `otowake.load_analysis(folder)` で読み込めます。

# %%
folder = otowake.save_analysis(
    analysis, RESULTS / Path(audio.name).stem, overwrite=True, language="ja"
)
folder, sorted(path.name for path in folder.iterdir())

# %% [markdown]
# 自分の曲を分析するには、設定のセルの `FILE` を変更し、上から順に実行し直してください。
# 成分の数と損失の選び方は、ドキュメントの「選び方」にあります。
