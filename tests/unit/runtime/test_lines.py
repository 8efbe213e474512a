"""A line that a disk does not take leaves the file as it was."""

from __future__ import annotations

import json
import resource

import pytest

from isthmus.model.errors import StorageError
from isthmus.runtime import lines
from isthmus.runtime.lines import add_line


def test_a_line_is_whole_or_not_there(tmp_path, monkeypatch):
    file = tmp_path / "folder" / "book.jsonl"
    add_line(file, {"n": 1, "text": "Füller"}, "writing")

    def full(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(lines.os, "fsync", full)
        with pytest.raises(StorageError, match="No space left") as caught:
            add_line(file, {"n": 2}, "writing")
    assert "space" in caught.value.hint
    add_line(file, {"n": 3}, "writing")
    assert [json.loads(line)["n"] for line in file.read_text("utf-8").splitlines()] == [1, 3]


def test_the_beginning_of_a_line_for_which_there_was_no_room_goes_again(tmp_path):
    file = tmp_path / "book.jsonl"
    add_line(file, {"n": 1}, "writing")
    before, (soft, hard) = file.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, hard))
    try:
        for _ in range(2):
            with pytest.raises(StorageError, match="too large"):
                add_line(file, {"n": 2, "text": "longer than what is left"}, "writing")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == before
