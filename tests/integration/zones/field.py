"""Starts `namespace.py` in a network namespace of its own, or says in a line why it cannot."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("namespace.py")


@cache
def why_not():
    """Why no namespace with rules of its own can be made here; empty where one can."""
    for program, package in (("nft", "nftables"), ("ip", "iproute2"), ("unshare", "util-linux")):
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            return f"no {program}: apt-get install {package}"
    words = ["unshare", "--net", "nft", "add", "table", "inet", "isthmus"]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"no network namespaces with rules for this user: {tried.stderr.strip()[:100]}"
    return ""


def in_namespace(task):
    """What the task came to; the test is skipped where this machine or user cannot."""
    if reason := why_not():
        pytest.skip(reason)
    here = str(Path("/proc/self/ns/net").stat().st_ino)
    done = subprocess.run(
        ["unshare", "--net", sys.executable, str(SCRIPT), here],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
