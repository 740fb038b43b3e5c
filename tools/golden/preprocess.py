#!/usr/bin/env python3
"""What each network's own preprocessing makes of a few images before it normalizes them, as reference values for tests.

    /usr/bin/python3 tools/golden/preprocess.py > tests/AlexNetSharp.Tests/Golden/preprocess.bin

Made with torchvision 0.14.1 and Pillow 9.4 (Debian 12, python3-torchvision and python3-pil). tensorflow (which has no preprocessing of its
own), torchvision, paper and overfeat: torchvision.transforms.Resize(256), CenterCrop of 224 or 231. caffe, caffenet and nin: both sides to
256 by Pillow, then the crop of 227 or 224 that Caffe's DataTransformer takes, beginning at (256 - 227) / 2 in whole numbers. The source images are those of resize.py.
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


def torchvision_preset(image, size):
    return transforms.CenterCrop(size)(transforms.Resize(256)(image))


def caffe(image, size):
    offset = (256 - size) // 2
    return image.resize((256, 256), Image.BILINEAR).crop((offset, offset, offset + size, offset + size))


for name, reference, size in (("tensorflow", torchvision_preset, 224), ("torchvision", torchvision_preset, 224), ("paper", torchvision_preset, 224),
                              ("caffe", caffe, 227), ("caffenet", caffe, 227), ("overfeat", torchvision_preset, 231), ("nin", caffe, 224)):
    for kind, height, width in SOURCES:
        crop = reference(Image.frombytes("RGB", (width, height), values(kind, 3, height, width)), size)
        sys.stdout.buffer.write(name.encode().ljust(16) + struct.pack("<6i", kind, height, width, crop.height, crop.width, STEP))
        row = crop.width * 3
        pixels = crop.tobytes()
        for y in range(0, crop.height, STEP):
            sys.stdout.buffer.write(pixels[y * row:(y + 1) * row])
