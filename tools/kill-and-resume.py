#!/usr/bin/env python3
"""Kills trainings at random moments (SIGKILL), continues them, and compares them with runs that nobody disturbed: weights and velocities bit
for bit, metrics without the times. Ends with 1 at the first difference.

    tools/kill-and-resume.py DATA [SEED]       DATA: class folders in train/ and test/, some hundred images
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ALEXNET = os.path.join(os.path.dirname(__file__), "../src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet")
COMMON = ["--network", "cifar10-quick", "--initial", "he", "--batch-size", "64", "--learning-rate", "0.0001", "--epochs", "12", "--seed", "5"]
RUNS = {
    "images in memory": ["--checkpoint-steps", "4", "--flip", "--crop-padding", "2"],
    "images from files": ["--cache", "0", "--checkpoint-steps", "3", "--random-resized-crop", "--color-pca"],
    "batches in parts": ["--micro-batch", "24", "--checkpoint-epochs", "3", "--schedule", "plateau", "--plateau-patience", "0", "--flip"],
    "validation every second epoch": [
        "--validation-epochs", "2", "--checkpoint-epochs", "2", "--clip-norm", "1", "--label-smoothing", "0.1", "--schedule", "cosine",
        "--warmup-steps", "10"],
}


def tensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__")
    return {name: hashlib.sha256(data[8 + length:][slice(*tensor["data_offsets"])]).digest() for name, tensor in header.items()}


def metrics(run):
    """Of epochs without seconds and images a second, and of single steps."""
    with open(f"{run}/metrics.csv", encoding="utf-8") as epochs, open(f"{run}/metrics-steps.csv", encoding="utf-8") as steps:
        return [line.split(",")[:9] for line in epochs], list(steps)


def train(*arguments):
    subprocess.run([ALEXNET, "train", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def main(data, seed):
    random.seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = f"{folder}/whole", f"{folder}/killed"
        for name, options in RUNS.items():
            for run in (whole, killed):
                shutil.rmtree(run, ignore_errors=True)
            start = time.time()
            train(data, "--out", whole, "--threads", "2", *COMMON, *options)
            seconds = time.time() - start
            arguments, kills = [data, "--out", killed, *COMMON, *options], 0
            while kills < 6:
                process = subprocess.Popen([ALEXNET, "train", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                while not os.path.exists(f"{killed}/config.json") and process.poll() is None:
                    time.sleep(0.01)
                try:
                    process.wait(random.uniform(0.3, seconds / 2))
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    kills += 1
                arguments = ["--out", killed, "--resume"]
            train("--out", killed, "--resume", "--threads", "1")
            for file in ("last", "best"):
                if tensors(f"{whole}/checkpoints/{file}.safetensors") != tensors(f"{killed}/checkpoints/{file}.safetensors"):
                    sys.exit(f"{name}: {file}.safetensors differs after {kills} kills")
            if metrics(whole) != metrics(killed):
                sys.exit(f"{name}: metrics.csv or metrics-steps.csv differs after {kills} kills")
            print(f"{name}: the same after {kills} kills", flush=True)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", help="class folders in train/ and test/")
parser.add_argument("seed", nargs="?", type=int, default=1, help="of the moments")
main(**vars(parser.parse_args()))
