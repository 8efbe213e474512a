"""The Python API: a running site, or the files of one that does not run."""
