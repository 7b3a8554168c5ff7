"""Command-line options that the training commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of all training commands."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--samples", type=Path, help="a folder of more single notes, with manifest.tsv"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser


def add_fit_options(
    parser: argparse.ArgumentParser, *, steps: int, size: int, rate: float, every: int, unit: str
) -> None:
    """Add the options of the training loop; `unit` names the examples of a batch."""
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--size", type=int, default=size, help=f"{unit} in a batch")
    parser.add_argument("--rate", type=float, default=rate, help="learning rate")
    parser.add_argument("--every", type=int, default=every, help="steps between two evaluations")


def add_run_options(parser: argparse.ArgumentParser, threads: int = 1) -> None:
    """Add the number of threads, and the folder that keeps a run."""
    parser.add_argument("--threads", type=int, default=threads)
    parser.add_argument(
        "--run", default="run", help="name of the folder in the cache that holds this training"
    )


def use_threads(count: int) -> None:
    """Set the number of threads of PyTorch."""
    torch.set_num_threads(count)
