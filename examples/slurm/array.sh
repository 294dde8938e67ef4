#!/bin/bash
# One sweep as a job array: no scheduler, no Dask. Each task takes its part of the grid; tasks may run in any order,
# at the same time, and again after a failure. The folder must lie on a file system all nodes share.
#
#   sbatch --array=1-100 examples/slurm/array.sh sweep.toml results/bulk
#   tutelage sweep resume results/bulk        # afterwards: whatever is missing, and the compaction; workers may die
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=02:00:00
set -euo pipefail
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NPROC=1
export PYTHONSAFEPATH=1 # a numpy.py that lies in the current folder is not NumPy
tutelage sweep run "$1" --store "$2" --workers 0 --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
