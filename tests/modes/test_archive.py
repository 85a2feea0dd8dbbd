from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaekit.errors import ArtifactError, UserError
from vaekit.modes.archive import SAME, VERSION, expanded, pack, refuse_other, squeezed, unpack


@given(st.lists(st.binary(max_size=50), max_size=4))
def test_parts_come_back(parts: list[bytes]) -> None:
    assert unpack(pack({"a": [1, None]}, parts)) == ({"a": [1, None], "version": VERSION}, parts)
    assert [expanded(squeezed(part)) for part in parts] == parts


def test_no_altered_or_shortened_bytes_are_read() -> None:
    blob = pack({"rows": 3}, [b"some rows"])
    for at in range(len(blob)):
        with pytest.raises(ArtifactError):
            unpack(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :])
        with pytest.raises(ArtifactError):
            unpack(blob[:at])
    with pytest.raises(ArtifactError, match="truncated or damaged"):
        unpack(blob + b"\x00")


def test_foreign_things_are_refused() -> None:
    with pytest.raises(ArtifactError, match="no compressed rows"):
        unpack(b"PK\x03\x04" + b"\x00" * 100)
    for wrong in ("rows.vz", None, np.zeros(3)):
        with pytest.raises(UserError, match="expected bytes"):
            unpack(wrong)


def test_a_newer_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaekit.modes.archive.VERSION", VERSION + 1)
    blob = pack({}, [])
    monkeypatch.undo()
    with pytest.raises(ArtifactError, match="format version 2"):
        unpack(blob)


@pytest.mark.parametrize("name", SAME)
def test_what_must_be_the_same_is_named(name: str) -> None:
    here = dict.fromkeys(SAME, "same")
    refuse_other(here, here)
    with pytest.raises(ArtifactError, match=SAME[name]):
        refuse_other(here | {name: "other"}, here)
