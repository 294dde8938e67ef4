"""A sweep on SLURM through dask-jobqueue, which submits the workers as jobs of their own.

Run it where jobs can be submitted (a login node): ``python examples/slurm/jobqueue.py sweep.toml results/bulk 40``.
"""

import sys

from dask_jobqueue import SLURMCluster  # pyright: ignore[reportMissingImports]
from distributed import Client

import tutelage


def main(spec: str, store: str, jobs: int) -> None:
    """Run the sweep on that many single-processor jobs."""
    with (
        SLURMCluster(
            cores=1,
            processes=1,
            memory="4GB",
            walltime="02:00:00",
            worker_extra_args=["--preload", "tutelage.sweep.pin", "--resources", "MEMORY=4e9"],
            job_script_prologue=["export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NPROC=1 PYTHONSAFEPATH=1"],
        ) as cluster,
        Client(cluster) as client,
    ):
        cluster.scale(jobs=jobs)
        print(tutelage.sweep.run(spec, client=client, store=store))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
