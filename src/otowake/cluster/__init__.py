"""Analyse whole archives with many processes, on this machine or a Dask cluster.

`inputs` lists the recordings, `manifest` stores their states, and `result_folders` names their
folders. `run` is the driver, and `tasks` has the tasks of its workers; `workers` connects workers
and sends them tasks, `local` starts workers on this machine, `progress` reports the state of a run,
and `parquet` collects the results. `learn` is the driver that learns one dictionary for all
recordings, and `portion` has the tasks of its workers.
"""

from otowake.cluster.learn import learn_dictionary
from otowake.cluster.parquet import write_tables
from otowake.cluster.run import run_archive

__all__ = ["learn_dictionary", "run_archive", "write_tables"]
