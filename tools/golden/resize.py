#!/usr/bin/env python3
"""Pillow's bilinear resize of a few images, as reference values for tests.

    tools/golden/resize.py > tests/AlexNetSharp.Tests/Golden/resize.bin

Made with Pillow 9.4 (Debian 12, python3-pil). The source images are not stored: value i of a image is the top byte of
(i * 2654435761 + 12345)^2 mod 2^32 where the case says "noise", else a smooth ramp; tests compute them the same way.
Each case: six 32-bit little-endian integers (kind 0 noise or 1 ramp, channels, source height, source width, height, width), then the bytes.
"""
import argparse, struct, sys
from PIL import Image

from resize_values import values

argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()

CASES = [
    # source h, w -> h, w
    (32, 32, 56, 56), (32, 32, 24, 24), (32, 32, 32, 32), (37, 53, 20, 31), (53, 37, 61, 40), (75, 100, 16, 21), (1, 1, 7, 5), (1, 9, 4, 4),
    (9, 1, 3, 6), (5, 7, 1, 1), (2, 2, 9, 9), (64, 64, 3, 63), (13, 200, 13, 50), (200, 13, 50, 13), (28, 28, 32, 32), (101, 99, 33, 33),
]


out = sys.stdout.buffer
for kind in (0, 1):
    for channels, mode in ((3, "RGB"), (1, "L")):
        for sh, sw, h, w in CASES:
            source = Image.frombytes(mode, (sw, sh), values(kind, channels, sh, sw))
            resized = source.resize((w, h), Image.BILINEAR)
            out.write(struct.pack("<6i", kind, channels, sh, sw, h, w) + resized.tobytes())
