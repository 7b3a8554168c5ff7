"""Whole archives: every recording under folders analysed by many processes, on this machine or a Dask cluster.

`inputs` finds the recordings, `manifest` keeps what has come of each, `work` is what a worker does, `crew` are the workers
and how work reaches them in bounded numbers, `run` is the driver, `table` gathers the results. `learn` is the driver that learns one dictionary for all recordings, and
`portion` what its workers do.
"""

from otowake.cluster.learn import learn_dictionary
from otowake.cluster.run import run_archive
from otowake.cluster.table import write_tables

__all__ = ["learn_dictionary", "run_archive", "write_tables"]
