#!/usr/bin/env python3
"""What narrower fully connected weights do to the answers of a model: `alexnet classify` of all images with float32 weights, and with --bfloat16 and
--int8, and how far the probabilities lie apart.

    tools/int8.py MODEL IMAGES… [--command alexnet]

Needs Python 3.9, nothing else.
"""
import argparse, json, os, shlex, subprocess, sys, tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("images", nargs="+")
parser.add_argument("--command", default=os.path.join(os.path.dirname(__file__), "../src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet"))
arguments = parser.parse_args()


def probabilities(*options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "classes.json")
        command = [*shlex.split(arguments.command), "classify", arguments.model, *arguments.images, "--top", "1000000", "--json", path, *options]
        result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if result.returncode:
            sys.exit(result.stderr.strip() or f"{command[0]} ended with {result.returncode}")
        with open(path, encoding="utf-8") as file:
            return {image["path"]: {c["index"]: c["probability"] for c in image["classes"]} for image in json.load(file)["images"]}


reference = probabilities()
print("| weights | images | same top-1 | largest difference of a probability | 99.9 % of images | mean |\n|---|---|---|---|---|---|")
for option in ("--bfloat16", "--int8"):
    found = probabilities(option)
    if found.keys() != reference.keys():
        sys.exit(f"{option}: other images were classified")
    apart = sorted(max(abs(p - found[path][c]) for c, p in classes.items()) for path, classes in reference.items())
    same = sum(max(classes, key=classes.get) == max(found[path], key=found[path].get) for path, classes in reference.items())
    print(f"| {option[2:]} | {len(apart)} | {100 * same / len(apart):.2f} % | {apart[-1]:.4f} | {apart[int(0.999 * (len(apart) - 1))]:.4f} "
          f"| {sum(apart) / len(apart):.4f} |")
