#!/usr/bin/env python3
"""What each network's own preprocessing makes of a few images before it normalizes them, as reference values for tests.

    /usr/bin/python3 tools/golden/preprocess.py > tests/AlexNetSharp.Tests/Golden/preprocess.bin

Made with torchvision 0.14.1 and Pillow 9.4 (Debian 12, python3-torchvision and python3-pil). tensorflow (which has no preprocessing of its
own), torchvision and paper: torchvision.transforms.Resize(256), CenterCrop(224). caffe and caffenet: both sides to 256 by Pillow, then the
crop of 227 that Caffe's DataTransformer takes, beginning at (256 - 227) / 2 in whole numbers. The source images are those of resize.py.
Each case: 16 bytes of name, six 32-bit little-endian integers (kind 0 noise or 1 ramp, source height, source width, rows, columns,
step from one stored row to the next), then the stored rows, three bytes a pixel.
"""
import argparse, struct, sys
from PIL import Image
from torchvision import transforms

from resize_values import values

argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()

STEP = 32
SOURCES = [(0, 375, 500), (1, 500, 333), (0, 97, 131)]


def torchvision_preset(image):
    return transforms.CenterCrop(224)(transforms.Resize(256)(image))


def caffe(image):
    offset = (256 - 227) // 2
    return image.resize((256, 256), Image.BILINEAR).crop((offset, offset, offset + 227, offset + 227))


for name, reference in (("tensorflow", torchvision_preset), ("torchvision", torchvision_preset), ("paper", torchvision_preset),
                        ("caffe", caffe), ("caffenet", caffe)):
    for kind, height, width in SOURCES:
        crop = reference(Image.frombytes("RGB", (width, height), values(kind, 3, height, width)))
        sys.stdout.buffer.write(name.encode().ljust(16) + struct.pack("<6i", kind, height, width, crop.height, crop.width, STEP))
        row = crop.width * 3
        pixels = crop.tobytes()
        for y in range(0, crop.height, STEP):
            sys.stdout.buffer.write(pixels[y * row:(y + 1) * row])
