#!/usr/bin/env python3
"""Kills `alexnet train`, `similar` and `convert` at random system calls on their files, and makes such calls fail (ENOSPC, EIO, EINTR) or move half of
what they were asked to; calls of fsync fail too, where there is strace. Then, whatever happened:

- a command ends with 0 or 1, never by a signal of its own, in less than five minutes (of a machine that may be busy), with one line of error and no stack trace;
- with 0, its result has the bits of one that nobody disturbed; with 1, no temporary file is left;
- a file that is there is whole: the old one, or the new one;
- a training continues from its checkpoints to the same weights, optimizer state and metrics; `similar` and `convert` give the same when they run again.

    tools/faults.py [--faults 500] [--kills 500] [--seed 1] [--command alexnet]       needs gcc; Linux
"""
import argparse
import errno
import hashlib
import json
import os
import random
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EINTR": errno.EINTR, "short": -2}
TRAIN = ["--network", "cifar10-quick", "--initial", "he", "--normalize", "channel", "--learning-rate", "0.001", "--batch-size", "8", "--epochs", "2",
         "--checkpoint-steps", "2", "--seed", "9", "--threads", "1"]


def bmp(path, seed):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    rows = random.Random(seed).randbytes(32 * 32 * 3)
    with open(path, "wb") as file:
        file.write(b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 32, 32, 1, 24, 0, len(rows), 2835, 2835, 0, 0) + rows)


def tensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: hashlib.sha256(data[8 + length:][slice(*tensor["data_offsets"])]).digest() for name, tensor in header.items()}


class Job:
    """A command, what it leaves, and how it is checked."""

    def __init__(self, name, folder, arguments, files):
        self.name, self.folder, self.arguments, self.files = name, folder, arguments, files

    def clean(self):
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def result(self):
        """What an undisturbed run gives, to be compared."""
        values = []
        for file in self.files:
            path = os.path.join(self.folder, file)
            if file.endswith(".safetensors"):
                values.append(tensors(path))
            elif file.endswith(".json"):
                with open(path, "rb") as content:
                    values.append(json.load(content)["nearest"])
            elif file == "run/metrics.csv":
                with open(path, encoding="utf-8") as lines:
                    values.append([line.split(",")[:9] for line in lines])
            else:
                with open(path, "rb") as content:
                    values.append(content.read())
        return values

    def again(self):
        """The arguments that take up what is there."""
        if self.name == "train" and os.path.exists(f"{self.folder}/run/config.json"):
            return ["train", "--out", f"{self.folder}/run", "--resume"]
        return self.arguments


class Runner:
    def __init__(self, command, work):
        self.command, self.work = shlex.split(command), work
        self.shim, self.count = f"{work}/faults.so", f"{work}/count"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", self.shim, f"{HERE}/faults.c", "-ldl"], check=True)

    def run(self, arguments, folder=None, at=-1, kind=0, wrap=()):
        environment = dict(os.environ)
        if folder:
            environment |= {"LD_PRELOAD": self.shim, "FAULT_FOLDER": folder, "FAULT_COUNT": self.count, "FAULT_AT": str(at), "FAULT_KIND": str(kind)}
            with open(self.count, "wb") as file:
                file.write(bytes(8))
        done = subprocess.run([*wrap, *self.command, *arguments], env=environment, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def calls(self):
        with open(self.count, "rb") as file:
            return struct.unpack("<q", file.read(8))[0]


def main(faults, kills, seed, command):
    choose, bad, tally = random.Random(seed), [], {}
    with tempfile.TemporaryDirectory() as work:
        runner = Runner(command, work)
        for i in range(24):
            bmp(f"{work}/data/{'val' if i % 4 == 0 else 'train'}/{'ab'[i // 4 % 2]}/{i}.bmp", i)
        assert runner.run(["init", f"{work}/model.safetensors", "--network", "cifar10-quick", "--classes", "10"])[0] == 0
        jobs = []
        for name, arguments, files in (
                ("train", lambda f: ["train", f"{work}/data", "--out", f"{f}/run", *TRAIN],
                 ["run/checkpoints/last.safetensors", "run/checkpoints/best.safetensors", "run/metrics.csv", "run/metrics-steps.csv"]),
                ("convert", lambda f: ["convert", f"{work}/model.safetensors", f"{f}/model.onnx"], ["model.onnx"]),
                ("similar", lambda f: ["similar", f"{work}/model.safetensors", f"{f}/pictures", f"{f}/pictures/1.bmp", "--json", f"{f}/found.json"], ["found.json"])):
            folder = f"{work}/{name}"
            os.makedirs(folder)
            jobs.append(Job(name, folder, arguments(folder), files))
        def prepare(job):
            job.clean()
            if job.name == "similar":
                for i in range(12):
                    bmp(f"{job.folder}/pictures/{i}.bmp", i)
        whole, calls = {}, {}
        for job in jobs:
            prepare(job)
            code, _, error = runner.run(job.arguments, job.folder)
            if code != 0:
                sys.exit(f"{job.name} fails undisturbed: {error}")
            whole[job.name], calls[job.name] = job.result(), runner.calls()
            print(f"{job.name}: {calls[job.name]} system calls on its files", flush=True)
        strace = shutil.which("strace")
        start = time.time()
        for number in range(faults + kills):
            # Most of the files, and all states, are those of a training.
            job = jobs[choose.choices((0, 1, 2), (3, 1, 1))[0]]
            prepare(job)
            kill, what = number >= faults, choose.choice([*KINDS, "fsync"])
            at = choose.randrange(calls[job.name])
            try:
                if kill:
                    what = "kill"
                    code, _, error = runner.run(job.arguments, job.folder, at, -1)
                elif what == "fsync" and strace:
                    what, at = "fsync EIO", choose.randrange(1, 14)
                    code, _, error = runner.run(
                        job.arguments, wrap=[strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={at}"])
                else:
                    what = "EIO" if what == "fsync" else what
                    code, _, error = runner.run(job.arguments, job.folder, at, KINDS[what])
            except subprocess.TimeoutExpired:
                bad.append(f"{job.name}, {what} at {at}: no end")
                continue
            tag, wrong = f"{job.name}, {what} at call {at}, exit code {code}", []
            tally[(job.name, what, code)] = tally.get((job.name, what, code), 0) + 1
            left = [name for _, _, names in os.walk(job.folder) for name in names if name.endswith(".tmp")]
            if not kill:
                if code not in (0, 1):
                    wrong.append("the exit code")
                if code == 0 and job.result() != whole[job.name]:
                    wrong.append("another result with exit code 0")
                if code == 1 and len([line for line in error.splitlines() if line.startswith(f"alexnet {job.name}: ")]) != 1:
                    wrong.append("not one line of error")
                # What cannot be removed because that fails, too, stays: unlink is among the calls.
                if left and what not in ("EIO", "ENOSPC", "EINTR"):
                    wrong.append(f"left {left}")
            if "Unhandled" in error or "   at " in error:
                wrong.append("a stack trace")
            for _ in range(2 if kill and job.name == "train" and choose.random() < 0.3 else 0):
                runner.run(job.again(), job.folder, choose.randrange(calls[job.name]), -1)
            second = runner.run(job.again())
            if second[0] != 0:
                wrong.append(f"the next run fails: {second[2].strip().splitlines()[-1:]}")
            elif job.result() != whole[job.name]:
                wrong.append("the next run gives another result")
            if wrong:
                bad.append(f"{tag}: {'; '.join(wrong)}\n    {error.strip()[-400:]}")
                print("WRONG", bad[-1], flush=True)
        for key, times in sorted(tally.items()):
            print(f"{key[0]:8} {key[1]:9} exit code {key[2]:4}: {times}")
        print(f"{faults} faults, {kills} kills, {time.time() - start:.0f} s: {len(bad)} wrong")
    sys.exit(1 if bad else 0)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--faults", type=int, default=500)
parser.add_argument("--kills", type=int, default=500)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--command", default=os.path.join(HERE, "../src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet"))
main(**vars(parser.parse_args()))
