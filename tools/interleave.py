#!/usr/bin/env python3
"""Compares builds of alexnet on a machine that is never quiet: `bench` with each of them in turn, round after round.

    tools/interleave.py BUILD BUILD... [--rounds 8] [-- --network torchvision --forward-only --batches 25]

BUILD is a folder with the program `alexnet` (a copy of src/AlexNetSharp.Cli/bin/Release/net10.0), the first one is compared with. What follows -- goes to
`alexnet bench`. Every other round takes the builds in reverse. Printed are, for each kind of run, the middle of the rounds' medians and the shortest step;
and the ratio to the first build: the middle of the rounds, the smallest and the largest. Needs Python 3.9, nothing else.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys


def bench(build, arguments):
    run = subprocess.run([os.path.join(build, "alexnet"), "bench", "--json", *arguments], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"interleave: {build}: {run.stderr.strip()}")
    return {r["name"]: (r["medianSeconds"], r["minSeconds"]) for r in json.loads(run.stdout)["runs"]}


def main():
    arguments = sys.argv[1:]
    at = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("builds", metavar="BUILD", nargs="+")
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args(arguments[:at])
    if options.rounds < 1 or len(options.builds) < 2:
        parser.error("at least one round and two builds are needed")
    for build in options.builds:
        if not os.access(os.path.join(build, "alexnet"), os.X_OK):
            parser.error(f"{build}: there is no program alexnet in it")

    rounds = []
    for number in range(options.rounds):
        order = options.builds if number % 2 == 0 else options.builds[::-1]
        rounds.append({build: bench(build, arguments[at + 1:]) for build in order})
    first = options.builds[0]
    for run in rounds[0][first]:
        print(run)
        for build in options.builds:
            medians, least = [[r[build][run][k] for r in rounds] for k in (0, 1)]
            ratios = [r[first][run][0] / r[build][run][0] for r in rounds]
            ratio = "" if build == first else f"   {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f}–{max(ratios):.2f})"
            print(f"  {build}: {1e3 * statistics.median(medians):.1f} ms, shortest {1e3 * min(least):.1f}{ratio}")


main()
