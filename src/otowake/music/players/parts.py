"""Gather notes into parts that keep their identity through a piece.

Every part is played by one instrument. The notes' log-probabilities are taken as votes: a recording is played by a few
instruments, those that make the votes likeliest where each note's owner is as likely as the owners of its neighbours in time and pitch make it
(a Markov random field over the notes, judged by its pseudo-likelihood: Besag, "Statistical analysis of non-lattice data", 1975). So a line's
notes speak for one another, and a note that is taken for another instrument now and then makes no part of its own. An instrument more is
kept only if it makes the votes likelier by more than it costs, as in the Bayesian information criterion. The notes are then given to the parts,
together: a note belongs where its own votes say, and what a network says of it among the notes around it (:mod:`otowake.music.players.assignment`), where notes with
votes like its own belong, where its neighbours belong, and not where the player has no hand free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from otowake import text
from otowake.errors import BadInput
from otowake.music.theory.instruments import (
    DRUMS,
    INSTRUMENT_NAMES,
    INSTRUMENTS,
    KIT,
    UNKNOWN,
    drum_of,
    instrument,
)
from otowake.types import Floats, Note, Part, SharedNote

TRUST = 0.3
"""What a gain in likelihood is multiplied by before it is held against a cost, where another player is like one that is known: the votes of a
part's notes err together. Beside one player, those of its kind are like it (struck and plucked strings and bars; blown, bowed and reeds), as notes
that fade are seldom taken for notes that hold; where two are known, what both are mistaken for is known as well, and only those of a family are alike."""

STRUCK = frozenset({"keyboard", "plucked", "percussion"})
"""The families whose notes fade from their onset."""

EITHER = frozenset({"double-bass"})
"""What is bowed as often as it is plucked."""

SURELY, LEAST_SURE = 0.8, 0.05
"""A note surely fades, or surely holds, from this probability on; where fewer notes than this share do, nobody is looked for who plays
such notes: in every recording a few are mistaken."""

WORST = -5.0
"""The least log-probability of an instrument that one note can vote for."""

COST, COST_PER_LOG, LATER = 2.0, 1.5, 0.5
"""What a second part costs: nats, and nats for each natural logarithm of the number of notes; and what part of that a later one costs."""

LEAST_SHARE = 0.05
"""Less than this share of the notes makes no part, unless it was asked for."""

OUTSIDE = -3.0
"""What a note outside an instrument's range costs, in nats."""

USUAL = {"piano": 0.5, "violin": 0.3, "french-horn": 0.3}
"""By how many nats a note more likely is of an instrument than it sounds like, where the instruments are not given: a recogniser that
was taught on all of them equally often takes a muffled piano for a harp, a violin for a viola, and a horn for a trombone. It decides what players are called and whose
a note is, not how many play: a note of another player is not less of another for being called a piano's more often."""

NO_DRUM = -10.0
"""The same of drums, for whatever: the breath or the key of a pitched note is taken for one."""

NEAR_SECONDS, NEAR_PITCH = 0.6, 3.0
"""How far neighbours reach, in seconds between onsets and in semitones: the distance at which their say falls to 1/e."""

TOGETHER, APART = 0.5, 1.0
"""How much neighbours hold together, and notes at the same time drive each other out of a part whose player has one voice."""

LIKENESS, TAILS, SHRINK = 0.6, 5.0, 15.0
"""How much it counts that a note sounds like the others of a part, how heavy the tails of that likeness are, and how many notes the
piece's mean stands for in a part's own. Set on generated duos and trios."""

ROUNDS = 12
SURE = 0.1
"""A part whose instrument has less than this probability is ``unknown``."""

MOST_PARTS = 12

SHARED = 0.1
"""With this probability a note of another part is shared with a part."""


Owners = Callable[[Sequence[int]], Floats]
"""From players, places in :data:`~otowake.music.theory.instruments.INSTRUMENTS`, to what speaks for each, (note, player), in nats (:mod:`otowake.music.players.assignment`)."""


class Table(NamedTuple):
    """Notes as arrays of shape (note,): onset and offset in seconds, MIDI pitch."""

    onset: Floats
    offset: Floats
    midi: Floats


class NoteGraph(NamedTuple):
    """How notes are tied, (note, note): how near two are, from 0 to 1, and by how much they overlap in time."""

    near: csr_array
    overlap: csr_array


def gather(
    onset: ArrayLike,
    offset: ArrayLike,
    midi: ArrayLike,
    chances: ArrayLike,
    alone: ArrayLike | None = None,
    *,
    owners: Owners | None = None,
    n_parts: int | None = None,
    instruments: Sequence[str] = (),
) -> tuple[Part, ...]:
    """The parts of a piece.

    Parameters
    ----------
    onset, offset, midi
        Shape (note,): the notes, times in seconds.
    chances
        Shape (note, instrument): log-probabilities in the order of :data:`~otowake.music.theory.instruments.INSTRUMENTS`, as
        :func:`otowake.music.players.recognizer.recognize` gives them (`together`): whose a note is, and what a part is called.
    alone
        The same, of each note by itself (`alone`), as a note that heard those around it counts them twice: how many play and, where the
        instruments are given, whose a note is. `chances` if not given.
    owners
        What the notes around each say of who of some players plays it.
    n_parts
        How many parts; found if not given.
    instruments
        The instruments that play, each as often as there are players of it; if given, no other is considered.

    Returns
    -------
    The parts, the one with the most notes first; every note is in exactly one, and shared with those that it may as well be of. None if there are no notes. A part that
    was asked for but got no note is left out.

    Raises
    ------
    BadInput
        If there is no such instrument, the number of parts is below 1, or differs from that of the instruments given.

    Examples
    --------
    >>> chances = np.full((4, len(TABLE)), -6.0)
    >>> chances[:2, NAMES.index("flute")] = chances[2:, NAMES.index("tuba")] = -0.1
    >>> [(part.name, part.notes) for part in gather([0, 1, 0, 1], [1, 2, 1, 2], [80, 81, 40, 38], chances)]
    [('flute', (0, 1)), ('tuba', (2, 3))]
    """
    named = [
        INSTRUMENT_NAMES.index(instrument(name).name)
        for name in instruments
        if instrument(name).name != UNKNOWN
    ]
    if n_parts is not None and not 1 <= n_parts <= MOST_PARTS:
        raise BadInput(text.OPTION, name="parts", must=text.MUST_BE_WHOLE, value=n_parts)
    notes = Table(*(np.asarray(column, float) for column in (onset, offset, midi)))
    if not len(notes.onset):
        return ()
    together, single = (
        np.asarray(chances if each is None else each, float) for each in (chances, alone)
    )
    by_itself, votes = (
        votes_of(each, notes.midi) for each in (single, single if named else together)
    )
    usual = np.zeros(len(INSTRUMENTS))
    if not named:
        by_itself, votes = (
            each + NO_DRUM * (np.array(INSTRUMENT_NAMES) == DRUMS) for each in (by_itself, votes)
        )
        usual = np.array([USUAL.get(row.name, 0.0) for row in INSTRUMENTS])
    votes = votes + usual
    ties = _neighbours(notes)
    players = named or chosen(ties, by_itself, usual, n_parts, _heard(single))
    if n_parts is not None and len(players) < n_parts:
        players = _doubled(players, by_itself + usual, n_parts)
    while not named and n_parts is None and len(players) > 1:
        counts = np.bincount(
            assigned(notes, ties, votes, players).argmax(axis=1), minlength=len(players)
        )
        if counts.min() >= LEAST_SHARE * len(votes):
            break
        players.pop(int(counts.argmin()))
    belief = assigned(notes, ties, votes, players, owners)
    if not named:
        players = _renamed(players, belief, votes)
    return _parts(belief, players, votes, sorted(set(named)) or list(range(len(INSTRUMENTS))))


def drum_parts(notes: Sequence[Note]) -> tuple[Part, ...]:
    """The drums among some notes, each a part of all its strokes, in the order of :data:`~otowake.music.theory.instruments.KIT`.

    Examples
    --------
    >>> [(part.name, part.notes) for part in drum_parts([Note(0, 1, 36, is_drum=True), Note(0, 1, 60), Note(1, 2, 36, is_drum=True)])]
    [('kick', (0, 2))]
    """
    detect_drums = [drum_of(note.midi) if note.is_drum else -1 for note in notes]
    mine = {
        name: tuple(place for place, each in enumerate(detect_drums) if each == drum)
        for drum, name in enumerate(KIT)
    }
    return tuple(Part(name, DRUMS, places, {DRUMS: 1.0}) for name, places in mine.items() if places)


def votes_of(chances: Floats, midi: Floats) -> Floats:
    """What log-probabilities of instruments count, (note, instrument), in nats: at least :data:`WORST`, and less outside an instrument's range."""
    low, high = (np.array([getattr(row, end) for row in INSTRUMENTS]) for end in ("low", "high"))
    outside = (midi[:, None] < low) | (midi[:, None] > high)
    return np.maximum(chances, WORST) + OUTSIDE * outside


def _heard(chances: Floats) -> list[int]:
    """The instruments, as places in the table, of whose kind enough notes surely are."""
    decay_end = np.array([row.family in STRUCK for row in INSTRUMENTS])
    fading = np.exp(chances)[:, decay_end].sum(axis=1)
    enough = {
        True: np.mean(fading >= SURELY) >= LEAST_SURE,
        False: np.mean(fading <= 1 - SURELY) >= LEAST_SURE,
    }
    return [
        i for i, row in enumerate(INSTRUMENTS) if row.name in EITHER or enough[row.family in STRUCK]
    ]


def chosen(
    ties: NoteGraph, votes: Floats, usual: Floats, n_parts: int | None, heard: Sequence[int]
) -> list[int]:
    """The instruments that play, as places in the table: one by one, the one that explains the most of the votes is added, and each
    that was taken before is changed for another if that is better, the `usual` ones counting for more, until another is not worth its cost. Where the
    number of parts is not given, all but the first are among those `heard` or of the first one's kind."""
    n = len(votes)
    cost = COST + COST_PER_LOG * np.log(n)
    found = [int((votes + usual).sum(axis=0).argmax())]
    kind = INSTRUMENTS[found[0]].family in STRUCK
    every = [
        i
        for i, row in enumerate(INSTRUMENTS)
        if n_parts or i in heard or (row.family in STRUCK) == kind
    ]
    while len(found) < min(n_parts or MOST_PARTS, n, MOST_PARTS):
        best = likely(ties, votes, found)
        tried = {i: likely(ties, votes, [*found, i]) for i in every if i not in found}
        gains = {i: _trust(i, found) * (reached - best) for i, reached in tried.items()}
        new = max(gains, key=lambda i: gains[i])
        if n_parts is None and gains[new] < (cost if len(found) == 1 else LATER * cost):
            break
        found = _exchanged(ties, votes + usual, [*found, new], every)
    return found


def likely(ties: NoteGraph, votes: Floats, players: Sequence[int]) -> float:
    """The log-likelihood of the votes where each note's owner is as likely as its neighbours' owners and the players' shares make
    it: a pseudo-likelihood, with the probabilities of owners in the place of owners, and the shares that make it highest, by EM."""
    mine = votes[:, list(players)]
    said = _said(ties, players, _settled(ties, players, mine))
    for _ in range(ROUNDS):
        more = _softmax(mine + said).mean(axis=0) / _softmax(said).mean(axis=0)
        said = said + np.log(np.maximum(more, 1e-3))
    before = said - np.logaddexp.reduce(said, axis=1, keepdims=True)
    return float(np.logaddexp.reduce(mine + before, axis=1).sum())


def _trust(new: int, found: Sequence[int]) -> float:
    """What the gain by one more instrument is multiplied by."""
    if len(found) == 1:
        alike = (INSTRUMENTS[new].family in STRUCK) == (INSTRUMENTS[found[0]].family in STRUCK)
    else:
        alike = INSTRUMENTS[new].family in {INSTRUMENTS[i].family for i in found}
    return TRUST if alike else 1.0


def _exchanged(ties: NoteGraph, votes: Floats, team: list[int], every: Sequence[int]) -> list[int]:
    """The team with each member changed for the one of `every` that fits best beside the others."""
    best = likely(ties, votes, team)
    for place in range(len(team)):
        for other in every:
            if other not in team:
                changed = [*team[:place], other, *team[place + 1 :]]
                reached = likely(ties, votes, changed)
                if reached > best + 1e-9:
                    team, best = changed, reached
    return team


def _doubled(players: list[int], votes: Floats, n_parts: int) -> list[int]:
    """More players of the instruments that have the most notes each, until there are enough."""
    notes = np.bincount(
        np.array(players)[votes[:, players].argmax(axis=1)], minlength=len(INSTRUMENTS)
    )
    players = list(players)
    while len(players) < n_parts:
        players.append(max(dict.fromkeys(players), key=lambda i: notes[i] / players.count(i)))
    return players


def assigned(
    notes: Table,
    ties: NoteGraph,
    votes: Floats,
    players: Sequence[int],
    owners: Owners | None = None,
) -> Floats:
    """Which player plays each note, as probabilities (note, player), by mean-field rounds over the notes' neighbours; what
    the `owners` say is added to the votes.

    The players' shares do not count: they would only make the rich richer, as the largest part takes what the votes are
    weak on.
    """
    if len(players) == 1:
        return np.ones((len(notes.onset), 1))
    field = votes[:, list(players)] + _desks(notes, players)
    if owners is not None:
        field += owners(players)
    belief = _settled(ties, players, field)
    field += LIKENESS * _alike(notes, votes, field, belief)
    return _settled(ties, players, field)


def _alike(notes: Table, votes: Floats, field: Floats, belief: Floats) -> Floats:
    """By how much each note sounds as the notes of each part do, (note, player), in nats: a part's notes are alike in the votes
    they give, right or wrong, and in pitch. Student's distributions about the parts' means, found by EM from `belief`."""
    heard = np.column_stack([np.maximum(votes, WORST) / 2.5, (notes.midi - 60) / 12])
    belief = 0.8 * np.eye(belief.shape[1])[belief.argmax(axis=1)] + 0.2 / belief.shape[1]
    cosine_similarity = np.zeros_like(belief)
    for _ in range(8):
        mean = (belief.T @ heard + SHRINK * heard.mean(axis=0)) / (
            belief.sum(axis=0)[:, None] + SHRINK
        )
        far = (heard[:, None] - mean) ** 2
        spread = np.einsum("np,npd->d", belief, far) / len(heard) + 0.05
        cosine_similarity = -0.5 * (TAILS + 8) * np.log1p(8 / TAILS * (far / spread).mean(axis=2))
        belief = 0.5 * belief + 0.5 * _softmax(field + LIKENESS * cosine_similarity)
    return cosine_similarity


def _settled(ties: NoteGraph, players: Sequence[int], field: Floats) -> Floats:
    """Probabilities of the players of each note, (note, player), from what speaks for each and from the note's neighbours."""
    belief = _softmax(field)
    for _ in range(ROUNDS if len(players) > 1 else 0):
        belief = 0.5 * belief + 0.5 * _softmax(field + _said(ties, players, belief))
    return belief


def _said(ties: NoteGraph, players: Sequence[int], belief: Floats) -> Floats:
    """What a note's neighbours say of its owner, (note, player), in nats."""
    single = np.array([INSTRUMENTS[p].voices == 1 for p in players], float)
    return TOGETHER * (ties.near @ belief) - APART * (ties.overlap @ belief) * single


def _renamed(players: Sequence[int], belief: Floats, votes: Floats) -> list[int]:
    """The players, each the instrument that its notes say most surely and no other plays; several of one instrument stay what they are."""
    renamed = list(players)
    for place, player in enumerate(players):
        if players.count(player) == 1:
            evidence = belief[:, place] @ votes
            evidence[renamed[:place] + renamed[place + 1 :]] = -np.inf
            renamed[place] = int(evidence.argmax())
    return renamed


def _desks(notes: Table, players: Sequence[int]) -> Floats:
    """Where several play the same instrument: the first the higher notes of what sounds, the next the lower ones."""
    leaning = np.zeros((len(notes.onset), len(players)))
    for p in set(players):
        desks = [k for k, other in enumerate(players) if other == p]
        if len(desks) > 1:
            centre = np.quantile(notes.midi, np.linspace(1, 0, 2 * len(desks) + 1)[1::2])
            leaning[:, desks] = -0.5 * ((notes.midi[:, None] - centre) / 6) ** 2
    return leaning


def _neighbours(notes: Table) -> NoteGraph:
    """The pairs of notes that may influence each other."""
    order = np.argsort(notes.onset, kind="stable")
    first, second = [], []
    for step in range(1, min(len(order), 24)):
        a, b = order[:-step], order[step:]
        close = notes.onset[b] - notes.onset[a] < max(4 * NEAR_SECONDS, 2.0)
        first.append(a[close])
        second.append(b[close])
        if not close.any():
            break
    i, j = np.concatenate([*first, np.zeros(0, int)]), np.concatenate([*second, np.zeros(0, int)])
    later = notes.onset[j] - notes.onset[i]
    overlap = np.minimum(notes.offset[i], notes.offset[j]) - notes.onset[j]
    shorter = np.minimum(notes.offset[i] - notes.onset[i], notes.offset[j] - notes.onset[j])
    together = np.clip(overlap / np.maximum(shorter, 0.05), 0, 1)
    apart = np.abs(notes.midi[i] - notes.midi[j])
    near = np.exp(-later / NEAR_SECONDS - apart / NEAR_PITCH)
    return NoteGraph(
        _pairs(i, j, near, len(order)),
        _pairs(i, j, np.where(together > 0.5, together, 0), len(order)),
    )


def _pairs(i: NDArray[np.int64], j: NDArray[np.int64], values: Floats, n: int) -> csr_array:
    """A symmetric matrix of shape (note, note) from its values at some pairs."""
    half = csr_array((values, (i, j)), shape=(n, n))
    return half + half.T


def _softmax(x: Floats) -> Floats:
    return np.exp(x - np.logaddexp.reduce(x, axis=1, keepdims=True))


def _parts(
    belief: Floats, players: Sequence[int], votes: Floats, considered: Sequence[int]
) -> tuple[Part, ...]:
    """Parts from the probabilities of owners, named so that a second of a kind has a number; the largest first."""
    found: list[Part] = []
    owner, shares = belief.argmax(axis=1), 0
    counts: dict[str, int] = {}
    for player in sorted(set(owner.tolist()), key=lambda k: (-int((owner == k).sum()), k)):
        mine = np.flatnonzero(owner == player)
        evidence = votes[mine][:, considered].sum(axis=0, keepdims=True)
        chances = _softmax(evidence / np.sqrt(len(mine)))[0]
        order = np.argsort(-chances, kind="stable")[:5]
        probabilities = {INSTRUMENT_NAMES[considered[i]]: float(chances[i]) for i in order}
        name = INSTRUMENT_NAMES[players[player]]
        if len(considered) == len(INSTRUMENTS) and probabilities.get(name, 0) < SURE:
            name = UNKNOWN
        counts[name] = counts.get(name, 0) + 1
        number = f"-{counts[name]}" if counts[name] > 1 else ""
        others = np.flatnonzero((owner != player) & (belief[:, player] >= SHARED)).tolist()
        shared = tuple(
            SharedNote(i, float(belief[i, player]), -shares - n) for n, i in enumerate(others, 1)
        )
        shares += len(shared)
        found.append(Part(f"{name}{number}", name, tuple(mine.tolist()), probabilities, shared))
    return tuple(found)
