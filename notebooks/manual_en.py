# %% [markdown]
# # Taking sound apart with NMF
#
# This follows, in its own eight chapters, the lecture notes "NMF manual with Google Colaboratory" of a course on music
# information processing. What the manual does in a block of code takes a line or two of the library otowake here.
# Then it goes on to notes, instruments and sound, and saves the results to Drive.
#
# Run the cells from the top with Shift + Enter, in Colab or in Jupyter on your own computer.

# %%
OTOWAKE = "otowake"  # where it comes from: a package's name, a wheel file, a folder, git+https://…

from importlib.util import find_spec

if find_spec("otowake") is None:  # nothing is done where it is there already
    get_ipython().run_line_magic("pip", f"install --quiet {OTOWAKE}")

# %% [markdown]
# What you may want to change is all here. Leave it as it is the first time.

# %%
FILE = None  # your music; None is the clip that comes with otowake (a scale and chords on an accordion, 15.8 s)
SECONDS = 30  # how much of it, from the beginning
N_COMPONENTS = 20  # the manual's nbasis
MAX_ITER = 10_000  # how often to update, as in the manual

# %% [markdown]
# ## 1. Importing the libraries
#
# otowake does the computing and the figures; neither librosa nor TensorFlow is needed.
# After `notebook.enable`, recordings are shown as players and results as tables.

# %%
import otowake
from otowake import notebook

notebook.enable("en")

# %% [markdown]
# ## 2. Google Drive
#
# In Colab, Drive is mounted, and the results go there. Elsewhere they go to a folder beside the notebook.

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
# ## 3. Loading the music
#
# To use your own music from Drive, write `FILE = "/content/drive/MyDrive/music_test.mp3"` in the cell of settings.

# %%
audio = otowake.load(FILE or otowake.demo_path(), duration=SECONDS)
audio

# %% [markdown]
# The absolute value of the short-time Fourier transform, divided by its mean, is the magnitude spectrogram V: the
# manual's `abs(librosa.stft(y).T)` and `y_stft /= y_stft.mean()`. (It is the spectrogram whose mean becomes 1, not the
# waveform y.)
#
# The manual transposes it to (frame × frequency); otowake leaves it at (frequency × frame).

# %%
V = otowake.spectrogram(audio)
V.values.shape, float(V.values.mean())

# %% [markdown]
# ## 4. NMF
#
# Non-negative matrix factorisation makes a non-negative matrix V, nearly, from the product W·H of two non-negative ones.
#
# - Each column of W is a **basis spectrum**: which frequencies a component has, and how much of each.
# - Each row of H is an **activation**: when that component sounds, and how loud.
#
# In the matrix below, rows 1 and 2 always sound together as 1 : 2, and row 3 sounds by itself. Two components tell so.

# %%
toy = otowake.factorize([[1, 0, 2, 1], [2, 0, 4, 2], [0, 3, 0, 3]], n_components=2)
toy.W.round(2), toy.H.round(2), (toy.W @ toy.H).round(2)

# %% [markdown]
# **The roles of ① and ②.** In the manual's text they are the other way round than in its program:
#
# | | what the text says (chapter 4) | what it is in the program |
# |---|---|---|
# | ① `lw` | what is shared: basis spectra | (frame × component): (the logarithm of) the **activations** |
# | ② `lh` | what is each one's own: activations | (component × frequency): (the logarithm of) the **basis spectra** |
#
# The text thinks of a matrix (frequency × frame), and the program factorises its transpose. The W and H of otowake are
# ① and ② of the text; they are the program's `exp(lh)` and `exp(lw)`, each transposed.
#
# A component is not always an instrument, either. Mostly it is one pitch, or an attack, or noise. Which instrument plays
# is found in another way, in chapter 10.

# %% [markdown]
# ## 5. Implementing NMF
#
# W has as many rows as V, and H as many columns. How many columns W has, and H rows, is the number of components: yours
# to choose.
#
# Both start from random numbers. The same `seed` gives the same ones.

# %%
spec = otowake.FitSpec(n_components=N_COMPONENTS, solver="adam", max_iter=MAX_ITER, seed=0)
begin = otowake.factorize(
    V.values, spec=spec.with_options(max_iter=1)
)  # once, to see what it starts from
begin.initial.W.shape, begin.initial.H.shape

# %% [markdown]
# The manual adds 10⁻¹⁰ to V, so that there is no logarithm of 0. So does otowake (`V` has it already).

# %% [markdown]
# ## 6. The figure
#
# Top left is the learning curve, top right the activations H, bottom left the basis spectra W, bottom right their
# product W·H: the manual's own arrangement. Each picture ends at −60 dB (1/1000) of its maximum. The axes are in seconds
# and hertz, and frequency is logarithmic.
#
# Nothing has been learnt yet, so there is no pattern anywhere.

# %%
otowake.plot.learning_figure(begin, V.frequencies, V.times, before=True, size=(9, 6))

# %% [markdown]
# ## 7. Learning
#
# W and H are changed little by little to make the difference of W·H from V, the loss, smaller. There are two ways to
# measure it.
#
# - Squared error (`loss="euclidean"`): $\sum (V - WH)^2$
# - I-divergence (`loss="kl"`, the default): $\sum \left( V \log \dfrac{V}{WH} - V + WH \right)$
#
# As in the manual, Adam (learning rate 0.1) makes the I-divergence small. The figure is drawn anew as it learns.

# %%
with notebook.live_figure(V, "Adam") as watch:
    fit = otowake.factorize(V.values, spec=spec, watch=watch)

# %% [markdown]
# **The formula of the I-divergence.** The one printed in the manual is
#
# $$x = WH \log \frac{WH}{V} - (WH - V)$$
#
# but its program `loss_idiv` computes the one with V and W·H swapped:
#
# $$\sum \left( V \log \frac{V}{WH} - V + WH \right)$$
#
# The I-divergence is not symmetric, so their values differ. otowake computes what the program does. Below are the loss
# that was reached, the program's formula, and the printed one.

# %%
from otowake.nmf.divergence import divergence

WH = fit.W @ fit.H
fit.loss, float(divergence(V.values, WH, beta=1)), float(divergence(WH, V.values, beta=1))

# %% [markdown]
# **The formula of Adam.** The update printed in the manual is that of AdaGrad, which adds up the squares of the
# gradients for ever. Adam, which the program uses, takes moving averages of the gradients and of their squares. And the
# printed one changes "the product of ① and ②", where really ① and ② are changed, each by itself, as logarithms: so W
# and H, their exponentials, are always positive.
#
# **Faster.** The default solver of otowake makes the same loss small in fewer iterations. Notes, instruments and sound
# are done in the same call (after the learning this may take some ten seconds).

# %%
with notebook.live_figure(V, "accelerated") as watch:
    analysis = otowake.analyse(audio, V=V, n_components=N_COMPONENTS, watch=watch)
{"adam": (fit.n_iter, fit.loss), "accelerated": (analysis.fit.n_iter, analysis.fit.loss)}

# %% [markdown]
# ## 8. The results
#
# The components are in order of pitch. Compare with the figure before learning: W shows the partials of each pitch, H
# when it sounds. The loss falls as it learns.

# %%
otowake.plot.analysis_figure(analysis, size=(9, 6))

# %%
analysis

# %% [markdown]
# You can hear each component. These are the three of most energy.

# %%
loudest = sorted(analysis.components, key=lambda component: -component.energy)[:3]
notebook.player(*loudest)

# %% [markdown]
# ---
#
# This is where the manual stops. From here it goes on.
#
# ## 9. Notes
#
# A trained neural network says which note sounds from when to when. The piano roll has chord names and bars, too.

# %%
otowake.plot.piano_roll(analysis)

# %%
[
    (otowake.note_name(note.midi), round(note.onset, 2), round(note.offset, 2))
    for note in analysis.notes[:8]
]

# %% [markdown]
# ## 10. Instruments
#
# The notes are gathered by instrument into parts; the figures say how likely each instrument is. If you know what plays,
# say so: `otowake.analyse(audio, instruments="piano,violin")`.

# %%
{
    part.name: {name: round(chance, 3) for name, chance in part.probabilities.items()}
    for part in analysis.parts
}

# %% [markdown]
# ## 11. Sound
#
# Each part sounds without the others. So does a single note.

# %%
notebook.player(*analysis.parts, *analysis.notes[:2])

# %% [markdown]
# ## 12. Saving the results
#
# Figures, the sound of components and parts (FLAC), the notes as a table (CSV) and as MIDI, and more, in one folder: in
# Colab, on your Drive. `otowake.load_analysis(folder)` reads it back.
#
# A score (`score.musicxml`) needs the extra `score`; without it there is a warning, and all the rest is written.

# %%
folder = otowake.save_analysis(analysis, RESULTS / Path(audio.name).stem, overwrite=True)
folder, sorted(path.name for path in folder.iterdir())

# %% [markdown]
# For your own music, change `FILE` in the cell of settings and run it from the top again. How to choose a number of
# components and a loss is in the documentation, under "How to choose".
