#!/bin/bash
# One job: a Dask scheduler, a worker on every other processor of the allocation, and the sweep on top.
#
#   sbatch examples/slurm/cluster.sh sweep.toml results/bulk
#SBATCH --ntasks=64
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=02:00:00
set -euo pipefail
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NPROC=1
export PYTHONSAFEPATH=1 # a numpy.py that lies in the current folder is not NumPy
scheduler_file=$(mktemp -p "$PWD" scheduler.XXXX.json)
dask scheduler --scheduler-file "$scheduler_file" --port 0 --no-dashboard &
srun dask worker --scheduler-file "$scheduler_file" --nthreads 1 --nworkers 1 --no-dashboard \
    --memory-limit 0 --preload tutelage.sweep.pin --resources "MEMORY=4e9" &
until [ -s "$scheduler_file" ]; do sleep 1; done
address=$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' "$scheduler_file")
status=0
tutelage sweep run "$1" --store "$2" --scheduler "$address" || status=$?
kill $(jobs -p)
rm -f "$scheduler_file"
exit $status
