"""The figures of the house: how the code is built, so that two states of it can be compared.

`python -m benchmarks.house` prints one line a figure and ends with 1 when a bar is broken. It reads
the sources as text and runs nothing of the product. What a figure looks for is found by what it
is (the class `Cause`, calls of `find_all`), not by where it stands; what is not found is broken.
"""
