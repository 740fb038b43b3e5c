#!/usr/bin/env python3
"""What Pillow and torchvision's rules make of a image before normalization, as SHA-256 of the cropped bytes [crop, crop, 3].

    tools/golden/preprocess_hashes.py > tests/AlexNetSharp.Tests/Golden/preprocess.txt

Made with Pillow 9.4 (Debian 12, python3-pil). Each line: how to resize, size, crop, source height, source width, SHA-256.
Sources are the noise images of resize_values.py. torchvision's rules (transforms/functional.py): Resize(int) makes the shorter side SIZE and the
longer one int(size * long / short); CenterCrop starts at int(round((height - crop) / 2.0)). Caffe resizes both sides to 256 and starts its
crop at (256 - crop) / 2, cut off.
"""
import argparse
import hashlib
from PIL import Image
from resize_values import values

argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()

for rule, size, crop in (("ShorterSide", 256, 224), ("ShorterSide", 256, 227), ("Square", 256, 227), ("Square", 256, 224), ("ShorterSide", 24, 24)):
    for height, width in ((375, 500), (500, 375), (333, 331), (90, 71), (32, 32), (256, 300), (1200, 257)):
        image = Image.frombytes("RGB", (width, height), values(0, 3, height, width))
        if rule == "Square":
            size_wh, top, left = (size, size), (size - crop) // 2, (size - crop) // 2
        else:
            short, long = min(height, width), max(height, width)
            longer = int(size * long / short)
            size_wh = (size, longer) if width <= height else (longer, size)
            top, left = int(round((size_wh[1] - crop) / 2.0)), int(round((size_wh[0] - crop) / 2.0))
        cut = image.resize(size_wh, Image.BILINEAR).crop((left, top, left + crop, top + crop))
        print(rule, size, crop, height, width, hashlib.sha256(cut.tobytes()).hexdigest())
