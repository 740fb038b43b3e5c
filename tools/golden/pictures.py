#!/usr/bin/env python3
"""Makes the image files that tests decode, each beside the pixels that Pillow reads from it (NAME.rgb, height*width*3 bytes).

    tools/golden/pictures.py tests/AlexNetSharp.Tests/Golden/pictures

Made with Pillow 9.4 (Debian 12, python3-pil). Every image is 24 wide and 16 high when upright.
"""
import argparse, struct, zlib
from pathlib import Path
from PIL import Image, ImageOps

W, H = 24, 16
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path)
out = parser.parse_args().folder
out.mkdir(parents=True, exist_ok=True)


def pixel(x, y):
    """No two corners alike, smooth enough for JPEG."""
    return (10 * x, 15 * y, 255 - 5 * x - 8 * y)


base = Image.new("RGB", (W, H))
base.putdata([pixel(x, y) for y in range(H) for x in range(W)])


def save(name, image, **options):
    image.save(out / name, **options)
    upright = ImageOps.exif_transpose(Image.open(out / name))
    expect(name, upright.convert("RGB"))


def expect(name, rgb):
    assert rgb.size == (W, H), (name, rgb.size)
    (out / (name + ".rgb")).write_bytes(rgb.tobytes())


def png(bits, color_type, rows):
    """A PNG written by hand: Pillow cannot write 16-bit color."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, bits, color_type, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)) + chunk(b"IEND", b""))


save("plain.jpg", base, quality=90)
save("progressive.jpg", base, quality=90, progressive=True)
save("gray.jpg", base.convert("L"), quality=90)
save("cmyk.jpg", base.convert("CMYK"), quality=95)
save("plain.bmp", base)
save("palette.png", base.quantize(16))
save("frames.gif", base.quantize(64), save_all=True, append_images=[Image.new("P", (W, H))], duration=100)
save("lossless.webp", base, lossless=True)

# EXIF orientation: each file stores the image turned so that the orientation turns it back.
stored = {2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
          6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[274] = orientation
    turned = base.transpose(stored[orientation]) if orientation in stored else base
    save(f"orientation{orientation}.jpg", turned, quality=92, exif=exif)

# 16 bits a channel: the high byte counts.
(out / "rgb16.png").write_bytes(png(16, 2, [b"".join(struct.pack(">HHH", *(v << 8 | 37 for v in pixel(x, y))) for x in range(W)) for y in range(H)]))
expect("rgb16.png", base)
gray = [[(7 * x + 5 * y) & 255 for x in range(W)] for y in range(H)]
(out / "gray16.png").write_bytes(png(16, 0, [b"".join(struct.pack(">H", v << 8 | 200) for v in row) for row in gray]))
expect("gray16.png", Image.frombytes("L", (W, H), bytes(v for row in gray for v in row)).convert("RGB"))

# Transparent pixels lie over white.
alpha = Image.new("L", (W, H))
alpha.putdata([(11 * x * y) & 255 for y in range(H) for x in range(W)])
rgba = base.copy()
rgba.putalpha(alpha)
rgba.save(out / "alpha.png")
white = Image.new("RGBA", (W, H), (255, 255, 255, 255))
expect("alpha.png", Image.alpha_composite(white, rgba).convert("RGB"))
