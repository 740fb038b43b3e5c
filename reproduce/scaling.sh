#!/usr/bin/env bash
# Measures how training scales over processes, for docs/distributed.md: one process, two on this machine, two "hosts" joined by a cable of
# 1 and 10 Gbit/s (network namespaces; needs root), gradients of fully connected layers and their factors. One thread a process.
#   reproduce/scaling.sh [NETWORK [BATCH [STEPS]]]
# Results go to docs/distributed; dotnet run tools/scaling.cs makes the table and the plot of them.
set -euo pipefail
cd "$(dirname "$0")/.."
network=${1:-tensorflow} batch=${2:-32} steps=${3:-9}
out=docs/distributed
mkdir -p "$out"
if [ -z "${ALEXNET:-}" ]; then
    dotnet build -c Release src/AlexNetSharp.Cli
    export ALEXNET="dotnet $PWD/src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet.dll"
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
bench="bench --network $network --gradients all --batch-size $batch --threads 1 --burn-in 2 --batches $steps"
mpirun -n 1 -x TERM=dumb $ALEXNET $bench --json "$out/one.json"
for exchange in dense factors; do
    mpirun -n 2 --oversubscribe --bind-to none --mca mpi_yield_when_idle 1 -x TERM=dumb $ALEXNET $bench --exchange $exchange --json "$out/local-$exchange.json"
    for rate in 1gbit 10gbit; do
        tools/mpi-namespaces.sh $rate 0ms alexnet $bench --exchange $exchange --json "$PWD/$out/$rate-$exchange.json"
    done
done
