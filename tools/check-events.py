#!/usr/bin/env python3
"""Reads event files as TensorBoard does, without any code of this project: every record with both of its checksums, every message by the
field numbers of TensorBoard's event.proto and summary.proto. Prints what is in them; ends with 1 at the first thing that is wrong.

    tools/check-events.py RUN/tensorboard [FOLDER FOR THE IMAGES]
"""
import argparse
import os
import struct
import sys

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


assert masked_crc32c(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    with open(path, "rb") as file:
        while header := file.read(12):
            length, crc = struct.unpack("<QI", header)
            check(masked_crc32c(header[:8]) == crc, path, "checksum of a length")
            data = file.read(length)
            (crc,) = struct.unpack("<I", file.read(4))
            check(len(data) == length and masked_crc32c(data) == crc, path, "checksum of a record")
            yield data


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def fields(data):
    """Protocol buffers: number -> values of a message's fields."""
    result, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            form = {1: "<d", 5: "<f"}[key & 7]
            (value,) = struct.unpack_from(form, data, at)
            at += struct.calcsize(form)
        result.setdefault(key >> 3, []).append(value)
    return result


def check(condition, path, what):
    if not condition:
        sys.exit(f"{path}: {what} is wrong")


def main(folder, images=None):
    steps = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        check("tfevents" in name, path, "the name")
        for number, data in enumerate(records(path)):
            event = fields(data)
            check(event[1][0] > 1e9, path, "wall_time")
            if number == 0:
                check(event[3] == [b"brain.Event:2"], path, "file_version")
                continue
            step = event.get(2, [0])[0]
            for value in (fields(v) for v in fields(event[5][0])[1]):
                tag = value[1][0].decode()
                check(step > steps.get(tag, -1), path, f"the step of {tag} (not after the one before)")
                steps[tag] = step
                if 2 in value:
                    print(f"{name}  step {step:6}  {tag} = {value[2][0]:.6g}")
                else:
                    image = fields(value[4][0])
                    height, width = image[1][0], image[2][0]
                    png = image[4][0]
                    check(png[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", png[16:24]) == (width, height), path, "the image")
                    print(f"{name}  step {step:6}  {tag}: image of {width}x{height}, {image[3][0]} channels")
                    if images:
                        with open(os.path.join(images, f"{tag}-{step}.png"), "wb") as file:
                            file.write(png)
    check(steps, folder, "the folder (no events)")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", help="RUN/tensorboard")
parser.add_argument("images", nargs="?", help="folder for the images")
main(**vars(parser.parse_args()))
