"""Spectrograms and options for the tests of scale."""

from otowake.nmf.solvers import SOLVER_TABLE

BETAS = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


PAIRS = [
    (s, b)
    for s in SOLVER_TABLE
    for b in BETAS
    if SOLVER_TABLE[s].losses is None or b in SOLVER_TABLE[s].losses
]


SHORT = {"n_components": 3, "max_iter": 12, "tol": 0, "precision": "float64"}
