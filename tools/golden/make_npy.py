"""Writes the .npy fixtures with NumPy itself. Usage: python3 make_npy.py FOLDER (made with NumPy 1.24.2)."""
import argparse

import numpy

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
folder = parser.parse_args().folder
values = numpy.arange(6).reshape(2, 3)
for name, dtype in (("f4", "<f4"), ("f8", "<f8"), ("f2", "<f2")):
    numpy.save(f"{folder}/{name}.npy", values.astype(dtype))
numpy.save(f"{folder}/fortran.npy", numpy.asfortranarray(values.astype("<f4")))
