"""Score a study on a SLURM cluster, or on this machine in the same way.

    python docs/slurm/score.py --jobs 4 -- --data /shared/study score --backend encoder --model M
    python docs/slurm/score.py --local 2 -- --data study score --backend zero-shot --model M

Needs dask-jobqueue for SLURM (`pip install dask-jobqueue==0.9.0`). Fit `slurm_cluster` to yours.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def slurm_cluster(n_jobs: int) -> Any:
    """Return a cluster whose every worker is a SLURM job with one GPU."""
    from dask_jobqueue import SLURMCluster

    cluster = SLURMCluster(
        queue="gpu",
        cores=1,  # a worker scores one batch at a time; decoding takes the cores of the job
        processes=1,
        job_cpu=8,
        memory="32GB",
        walltime="04:00:00",
        job_extra_directives=["--gres=gpu:1"],
        job_script_prologue=[f"cd {ROOT}", f"export PYTHONPATH={ROOT}"],
        python=sys.executable,
    )
    cluster.scale(jobs=n_jobs)
    return cluster


def local_cluster(n_workers: int) -> Any:
    """Return worker processes on this machine."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )


def main() -> int:
    """Start workers, run the command on them, stop them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, help="SLURM jobs, each with one GPU")
    parser.add_argument("--local", type=int, help="processes on this machine instead")
    parser.add_argument("command", nargs="+", help="what comes after `python app.py`")
    given = parser.parse_args()
    cluster = local_cluster(given.local) if given.local else slurm_cluster(given.jobs or 1)
    with cluster:
        engine = ["--engine", "dask", "--scheduler", cluster.scheduler_address]
        return subprocess.call([sys.executable, str(ROOT / "app.py"), *given.command, *engine])


if __name__ == "__main__":
    sys.exit(main())
