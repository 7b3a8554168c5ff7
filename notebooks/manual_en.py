# %% [markdown]
# # Separating sounds with NMF
#
# This notebook follows the eight chapters of "NMF with Google Colaboratory", a manual for a course
# on music information processing. What takes a block of code in the manual takes a line or two
# with the library otowake. The notebook then continues with notes, instruments and separated
# sounds, and saves the results.
#
# Run the cells from top to bottom with Shift + Enter, in Colab or in Jupyter on your own computer.

# %%
OTOWAKE = "otowake"  # source: a package name, a wheel file, a folder or git+https://…

from importlib.util import find_spec

if find_spec("otowake") is None:  # skip if it is already installed
    get_ipython().run_line_magic("pip", f"install --quiet {OTOWAKE}")

# %% [markdown]
# The next cell has all the settings you may want to change. For the first run, leave them as they
# are.

# %%
FILE = None  # your music; None: the demo recording (scale and chords on an accordion, 15.8 s)
SECONDS = 30  # length to use, from the beginning
N_COMPONENTS = 20  # number of components (nbasis in the manual)
MAX_ITER = 10_000  # number of iterations, as in the manual

# %% [markdown]
# ## 1. Importing the libraries
#
# otowake does all computations and draws the figures; librosa and TensorFlow are not needed. After
# `notebook.enable`, recordings appear as players and results as tables.

# %%
import otowake
from otowake import notebook

notebook.enable("en")

# %% [markdown]
# ## 2. Google Drive
#
# In Colab, this cell mounts Drive, and the results are saved there. Elsewhere, they are saved in a
# folder next to the notebook.

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
# To use your own music from Drive, set `FILE = "/content/drive/MyDrive/music_test.mp3"` (or
# similar) in the settings cell.

# %%
audio = otowake.load(FILE or otowake.demo_path(), duration=SECONDS)
audio

# %% [markdown]
# The magnitude of the short-time Fourier transform, divided by its mean, is the magnitude
# spectrogram V. In the manual, this is `abs(librosa.stft(y).T)` followed by `y_stft /=
# y_stft.mean()`. The mean of the spectrogram becomes 1, not that of the waveform y.
#
# The manual transposes the matrix to shape (frame, frequency). otowake keeps (frequency, frame).

# %%
V = otowake.spectrogram(audio)
V.values.shape, float(V.values.mean())

# %% [markdown]
# ## 4. NMF
#
# Non-negative matrix factorisation approximates a non-negative matrix V by the product W·H of two
# non-negative matrices.
#
# - A column of W is a **basis spectrum**: which frequencies a component contains, and how much of
#   each.
# - A row of H is an **activation**: how strongly that component sounds at each time.
#
# In the 3 × 4 matrix below, rows 1 and 2 always change together in the ratio 1 : 2, and row 3
# changes separately. A factorisation into two components reveals this structure.

# %%
toy = otowake.factorize([[1, 0, 2, 1], [2, 0, 4, 2], [0, 3, 0, 3]], n_components=2)
toy.W.round(2), toy.H.round(2), (toy.W @ toy.H).round(2)

# %% [markdown]
# **The roles of ① and ②.** The manual's text and its program swap the two:
#
# | | text (chapter 4) | program |
# |---|---|---|
# | ① `lw` | common features: basis spectra | log **activations**, (frame, component) |
# | ② `lh` | individual features: activations | log **basis spectra**, (component, frequency) |
#
# The text describes a matrix of shape (frequency, frame), but the program factorises its
# transpose. W and H in otowake are ① and ② of the text: the transposes of the program's `exp(lh)`
# and `exp(lw)`.
#
# A component is not necessarily an instrument. It usually represents one pitch, an attack, or
# noise. Chapter 10 identifies the instruments with another method.

# %% [markdown]
# ## 5. Implementing NMF
#
# W has as many rows as V, and H has as many columns as V. The number of columns of W and of rows
# of H is the number of components, which you choose.
#
# Both matrices start from random numbers. The same `seed` gives the same initial values.

# %%
spec = otowake.FitSpec(n_components=N_COMPONENTS, solver="adam", max_iter=MAX_ITER, seed=0)
begin = otowake.factorize(
    V.values, spec=spec.with_options(max_iter=1)
)  # one iteration, to get the initial values
begin.initial.W.shape, begin.initial.H.shape

# %% [markdown]
# The manual adds 10⁻¹⁰ to V to avoid the logarithm of 0. otowake does the same; `V` already
# includes it.

# %% [markdown]
# ## 6. The figure
#
# The learning curve is at the top left, the activations H at the top right, the basis spectra W at
# the bottom left, and their product W·H at the bottom right, as in the manual. Each panel is cut
# off at −60 dB (1/1000) of its maximum. The axes are in seconds and hertz; the frequency axis is
# logarithmic.
#
# Nothing has been learnt yet, so the panels show no structure.

# %%
otowake.plot.learning_figure(begin, V.frequencies, V.times, before=True, size=(9, 6))

# %% [markdown]
# ## 7. Learning
#
# The updates change W and H step by step to reduce the loss, a measure of how far W·H is from V.
# The manual offers two losses:
#
# - squared error (`loss="euclidean"`): $\sum (V - WH)^2$
# - I-divergence (`loss="kl"`, the default):
#   $\sum \left( V \log \dfrac{V}{WH} - V + WH \right)$
#
# As in the manual, Adam (learning rate 0.1) minimises the I-divergence. The figure is updated
# during the learning.

# %%
with notebook.live_figure(V, "Adam") as watch:
    fit = otowake.factorize(V.values, spec=spec, watch=watch)

# %% [markdown]
# **The formula of the I-divergence.** The manual prints
#
# $$x = WH \log \frac{WH}{V} - (WH - V)$$
#
# but its program `loss_idiv` computes the loss with V and W·H swapped:
#
# $$\sum \left( V \log \frac{V}{WH} - V + WH \right)$$
#
# The I-divergence is not symmetric, so the two values differ. otowake computes the same loss as
# the program. The next cell shows the final loss, the value of the program's formula, and the
# value of the printed formula.

# %%
from otowake.nmf.divergence import divergence

WH = fit.W @ fit.H
fit.loss, float(divergence(V.values, WH, beta=1)), float(divergence(WH, V.values, beta=1))

# %% [markdown]
# **The formula of Adam.** The update printed in the manual is AdaGrad's, which accumulates the
# squares of all gradients. Adam, which the program uses, takes exponential moving averages of the
# gradients and of their squares. The printed formula also updates "the product of ① and ②", but
# the program updates the logarithms of ① and of ②. Their exponentials, W and H, are therefore
# always positive.
#
# **A faster solver.** The default solver of otowake reduces the same loss in fewer iterations. The
# next cell also detects notes and instruments and separates the sounds, which may take another ten
# to twenty seconds after the learning.

# %%
with notebook.live_figure(V, "accelerated") as watch:
    analysis = otowake.analyse(audio, V=V, n_components=N_COMPONENTS, watch=watch)
{"adam": (fit.n_iter, fit.loss), "accelerated": (analysis.fit.n_iter, analysis.fit.loss)}

# %% [markdown]
# ## 8. The results
#
# The components are sorted by pitch. Compare this figure with the one before the learning: W shows
# the partials of each pitch, and H shows when the pitch sounds. The loss decreases from iteration
# to iteration.

# %%
otowake.plot.analysis_figure(analysis, size=(9, 6))

# %%
analysis

# %% [markdown]
# You can listen to each component. Here are the three with the most energy.

# %%
loudest = sorted(analysis.components, key=lambda component: -component.energy)[:3]
notebook.player(*loudest)

# %% [markdown]
# ---
#
# The manual ends here. The remaining chapters go beyond it.
#
# ## 9. Notes
#
# A trained neural network has estimated the pitch, onset and offset of each note. The piano roll
# also shows chord names and bar lines.

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
# The notes are grouped into parts, one for each instrument. The next cell shows the probabilities
# of the instruments. If you know which instruments play, name them: `otowake.analyse(audio,
# instruments="piano,violin")`.

# %%
{
    part.name: {name: round(chance, 3) for name, chance in part.probabilities.items()}
    for part in analysis.parts
}

# %% [markdown]
# ## 11. Sound
#
# You can listen to each part without the other instruments, and to single notes.

# %%
notebook.player(*analysis.parts, *analysis.notes[:2])

# %% [markdown]
# ## 12. Saving the results
#
# This cell saves the figures, the audio of components and parts (FLAC), the table of notes (CSV),
# the MIDI file and more in one folder, on Drive in Colab. `otowake.load_analysis(folder)` loads
# the result again.

# %%
folder = otowake.save_analysis(analysis, RESULTS / Path(audio.name).stem, overwrite=True)
folder, sorted(path.name for path in folder.iterdir())

# %% [markdown]
# To analyse your own music, change `FILE` in the settings cell and run all cells again. The page
# "How to choose" of the documentation explains how to choose the number of components and the
# loss.
