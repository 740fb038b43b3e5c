#!/usr/bin/env python3
"""How long `alexnet classify` takes from the start of its process to the answer, and its largest memory, beside the time to read the model's file.

    tools/start-times.py MODEL IMAGE [--runs 15] [--command "dotnet alexnet.dll"]...

Each --command is a build of alexnet; without any, the just-in-time build in src/AlexNetSharp.Cli. Rounds in which everything runs once follow each other;
the middle of all rounds and the shortest are printed. The file is in the system's cache, processes are new. Reading is measured twice: into a buffer of
1 MB again and again, and as a whole into new memory, as a program does that keeps the weights. Linux; needs Python 3.9, nothing else.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def stream(path):
    buffer = bytearray(1 << 20)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def whole(path):
    # In a process of its own: the memory of this one would count as that of the processes it starts.
    child = os.fork()
    if child == 0:
        with open(path, "rb", buffering=0) as file:
            file.read()
        os._exit(0)
    os.waitpid(child, 0)


def timed(work, *arguments):
    start = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - start, result


def classify(command, model, image):
    process = subprocess.Popen([*command, "classify", model, image], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("image")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--command", action="append")
    options = parser.parse_args()
    commands = options.command or [os.path.join(HERE, "../src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet")]
    rows = [("read, 1 MB at a time", lambda: timed(stream, options.model)), ("read into memory", lambda: timed(whole, options.model))]
    rows += [(f"`{command} classify`", lambda c=command: timed(classify, c.split(), options.model, options.image)) for command in commands]
    results = {name: [] for name, _ in rows}
    for _ in range(options.runs):
        for name, work in rows:
            results[name].append(work())
    print("| what | median | shortest | memory |")
    print("|---|---|---|---|")
    for name, runs in results.items():
        seconds, memory = [run[0] for run in runs], [run[1] for run in runs if run[1]]
        print(f"| {name} | {1000 * statistics.median(seconds):.0f} ms | {1000 * min(seconds):.0f} ms | {f'{max(memory):.0f} MB' if memory else ''} |")


main()
