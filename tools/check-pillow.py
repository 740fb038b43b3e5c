#!/usr/bin/env python3
"""Holds the decoding of images against Pillow: how many of a folder's images both decode to the same bytes. Names the others; ends with 1 if there are any.

    tools/check-pillow.py FOLDER

Needs Pillow (Debian's python3-pil; made with 9.4) and the .NET SDK. Gray images count as three equal channels, as they are decoded here.
"""
import argparse
import hashlib
import os
import subprocess
import sys

from PIL import Image, ImageOps

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", help="images, also in folders below it")
folder = parser.parse_args().folder
program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "decoded.cs")
lines = subprocess.run(["dotnet", "run", "-c", "Release", program, os.path.abspath(folder)], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
different = 0
for line in lines:
    sha, height, width, path = line.split(" ", 3)
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    if (upright.height, upright.width) != (int(height), int(width)) or hashlib.sha256(upright.tobytes()).hexdigest() != sha:
        different += 1
        print(f"different: {path} ({width}x{height})")
print(f"{len(lines) - different} of {len(lines)} images decoded to the same bytes as by Pillow {Image.__version__}")
sys.exit(different > 0 or not lines)
