#!/usr/bin/env python3
"""Trains for an epoch in several ways and compares the peak of resident memory with what the command said before. Then the same under limits, where
the system lets this process make control groups (as root, version 1 or 2): the cache must give way, a training that does not fit must be refused in
one line, and nothing may be killed. Ends with 1 where an estimate is off by more than 20 % or a limit is not kept.

    tools/memory.py [--threads N] [--only NAME]
"""
import argparse
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

ALEXNET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet")
GROUPS = "/sys/fs/cgroup"


def photographs(folder, count):
    """Files of 500 × 375 pixels; BMP, so that they are written without a library."""
    width, height = 500, 375
    rows = random.randbytes(height * 3 * width)
    head = b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    for i in range(count):
        path = f"{folder}/{'val' if i % 5 == 0 else 'train'}/{'ab'[i // 5 % 2]}/{i}.bmp"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(head + rows[i * 3:] + rows[:i * 3])


def cifar10(folder):
    os.makedirs(folder)
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        with open(f"{folder}/{name}", "wb") as file:
            for i in range(10000):
                file.write(bytes([i % 10]) + random.randbytes(3072))
    with open(f"{folder}/batches.meta.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(f"class{i}" for i in range(10)))


def group(limit):
    """A control group with this limit, and the file that takes a process in; None where none can be made."""
    for root, name in ((f"{GROUPS}/memory", "memory.limit_in_bytes"), (GROUPS, "memory.max")):
        path = f"{root}/alexnet-{os.getpid()}-{limit >> 20}"
        try:
            os.mkdir(path)
            with open(f"{path}/{name}", "w", encoding="utf-8") as file:
                file.write(str(limit))
            return path
        except OSError:
            if os.path.isdir(path):
                os.rmdir(path)
    return None


def run(arguments, inside=None):
    """Exit code, output, and peak of resident memory in bytes."""
    def enter():
        if inside:
            with open(f"{inside}/cgroup.procs", "w", encoding="utf-8") as file:
                file.write(str(os.getpid()))
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([ALEXNET, *arguments], stdout=output, stderr=subprocess.STDOUT, preexec_fn=enter)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return process.returncode, output.read(), usage.ru_maxrss * 1024


def main(threads, only):
    random.seed(1)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        photographs(f"{folder}/photos", 300)
        cifar10(f"{folder}/cifar10")
        photos, cifar = f"{folder}/photos", f"{folder}/cifar10"
        subprocess.run([ALEXNET, "init", f"{folder}/model.safetensors", "--network", "torchvision"], check=True, stdout=subprocess.DEVNULL)
        usual = ["--epochs", "1", "--threads", str(threads)]
        cases = {
            "tensorflow, batch 32": [photos, "--network", "tensorflow", "--batch-size", "32"],
            "tensorflow, batch 128": [photos, "--network", "tensorflow", "--batch-size", "128"],
            "tensorflow, batch 128, adamw": [photos, "--network", "tensorflow", "--batch-size", "128", "--optimizer", "adamw"],
            "cifar10-quick, batch 100": [cifar, "--network", "cifar10-quick", "--batch-size", "100"],
            "vgg11, batch 8": [photos, "--network", "vgg11", "--batch-size", "8"],
            "head of torchvision, features": [photos, "--from", f"{folder}/model.safetensors", "--batch-size", "32"],
            "torchvision from a model, all layers": [
                photos, "--from", f"{folder}/model.safetensors", "--batch-size", "32", "--freeze", "none", "--flip"],
        }
        print("| training | estimated | peak | off |\n|---|---|---|---|")
        for number, (name, arguments) in enumerate(cases.items()):
            if only and only not in name:
                continue
            code, output, peak = run(["train", *arguments, *usual, "--out", f"{folder}/run{number}"])
            said = re.search(r"memory about ([\d.]+) GB", output)
            if code != 0 or not said:
                sys.exit(f"{name}: exit code {code}\n{output}")
            estimated = float(said.group(1)) * 1e9
            off = estimated / peak - 1
            failed |= abs(off) > 0.2
            print(f"| {name} | {estimated / 1e9:.2f} GB | {peak / 1e9:.2f} GB | {100 * off:+.0f} % |", flush=True)

        limits = {
            "batch 4096 of 224×224 under 3 GB": (3000, [photos, "--network", "tensorflow", "--batch-size", "4096"], 1, "but 2."),
            "batch 64 under 1.6 GB, 225 MB of decoded images": (
                1600, [photos, "--network", "tensorflow", "--batch-size", "64", "--image-size", "224"], 0, None),
            "batch 32 under 1.1 GB: the cache gives way": (1100, [photos, "--network", "tensorflow", "--batch-size", "32"], 0, "the cache of decoded images shrinks"),
            "vgg11 under 512 MB": (512, [photos, "--network", "vgg11", "--batch-size", "1"], 1, "are available"),
            "cifar10-quick under 512 MB": (512, [cifar, "--network", "cifar10-quick", "--batch-size", "100"], 0, None),
        }
        print("\n| under a limit | ended with | its line |\n|---|---|---|")
        for name, (megabytes, arguments, expected, said) in limits.items():
            if only and only not in name:
                continue
            inside = group(megabytes << 20)
            if inside is None:
                print(f"| {name} | not tried: no control group can be made here | |")
                continue
            try:
                code, output, _ = run(["train", *arguments, *usual, "--out", f"{folder}/limited-{megabytes}-{len(name)}"], inside)
            finally:
                os.rmdir(inside)
            line = next((line for line in output.splitlines() if (said or "memory about") in line), output.strip().splitlines()[-1])
            wrong = code != expected or (said and said not in output)
            failed |= bool(wrong)
            print(f"| {name}{' (WRONG)' if wrong else ''} | {code} | {line} |", flush=True)
    sys.exit(1 if failed else 0)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--only", default="", help="a part of the name of a case")
main(**vars(parser.parse_args()))
