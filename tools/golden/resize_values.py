"""The images that resize.py and preprocess.py start from; the tests compute them the same way."""


def values(kind, channels, height, width):
    if kind == 0:
        return bytes((((i * 2654435761 + 12345) & 0xFFFFFFFF) ** 2 & 0xFFFFFFFF) >> 24 for i in range(height * width * channels))
    return bytes((y * 255 // max(height - 1, 1) + x * 3 + c * 40) & 255 for y in range(height) for x in range(width) for c in range(channels))
