"""The Python API: a running site, or the files of one that does not run.

import isthmus

with isthmus.connect("http://127.0.0.1:8800", token="...") as plant:
print(plant.history("packaging/**/power", last="8h", every="1h").pandas())
"""
