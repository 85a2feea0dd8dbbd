import datetime as dt
import io
import json
import os
import stat
import sys
import threading
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import UserError
from vaekit.schema import Column
from vaekit.schema.conform import conform_column
from vaekit.sources import WRITERS, give_back, is_folder, read, whole_file, write
from vaekit.sources.images import Images

TABLE = pa.table(
    {
        "n": [1, None],
        "x": [0.5, float("nan")],
        "c": pa.array(["a", "b"]).dictionary_encode(),
        "d": [dt.date(2024, 1, 2), None],
        "t": pa.array([dt.datetime(2024, 1, 2, 3), None], pa.timestamp("s")),
        "m": [Decimal("1.25"), None],
        "b": [True, None],
    }
)


@pytest.mark.parametrize("ending", [ending for ending in WRITERS if ending != ".npy"])
def test_every_writer_writes_every_type_and_leaves_nothing_beside(tmp_path, ending):
    write(TABLE, tmp_path / f"t{ending}")
    assert os.listdir(tmp_path) == [f"t{ending}"]
    back = read(tmp_path / f"t{ending}").arrow
    assert back.column("c").to_pylist() == ["a", "b"]
    assert back.column("n").to_pylist() == [1, None]
    assert back.column("x").to_pylist() == [0.5, None]


@pytest.mark.parametrize("cells", [[1, None], [0.5, None], ["a", None], [None, True], [None, dt.date(2024, 1, 2)]])
def test_a_column_alone_keeps_its_gaps(tmp_path, cells):
    write(pa.table({"x": cells}), tmp_path / "t.csv")
    assert read(tmp_path / "t.csv").arrow["x"].to_pylist() == cells


def test_json_lines_are_plain_json(tmp_path):
    write(TABLE, tmp_path / "t.jsonl")
    first = json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0])
    assert first == {
        "n": 1, "x": 0.5, "c": "a", "d": "2024-01-02", "t": "2024-01-02T03:00:00", "m": 1.25, "b": True
    }  # fmt: skip


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_durations_and_times_of_day_have_one_spelling_which_reads_back(tmp_path, ending):
    kinds = {"td": pa.duration("ns"), "whole": pa.duration("s"), "t": pa.time64("us"), "hour": pa.time32("s")}
    ticks = {"td": [9_889_933_745_001, -1], "whole": [600, 90_000], "t": [78_782_091_767, 0], "hour": [10_800, 0]}
    table = pa.table({name: pa.array(ticks[name], f"int{kind.bit_width}").cast(kind) for name, kind in kinds.items()})
    write(table, tmp_path / f"t{ending}")
    text = (tmp_path / f"t{ending}").read_text()
    for told in ("02:44:49.933745001", "-1 days +23:59:59.999999999", "00:10:00", "1 days 01:00:00", "21:53:02.091767"):
        assert f'"{told}"' in text
    back = read(tmp_path / f"t{ending}").arrow
    for name, kind in kinds.items():
        column = Column(name=name, kind="real", type=str(kind))
        assert conform_column(column, back[name]).equals(table[name].combine_chunks())


def test_standard_output_is_csv(monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    write(TABLE.select(["n", "c"]), "-")
    assert out.getvalue() == b'"n","c"\n1,"a"\n,"b"\n'


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path):
    place = tmp_path / "t.csv"
    place.write_text("old")

    def fail(stream):
        stream.write(b"half")
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        whole_file(place, fail)
    assert place.read_text() == "old"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_an_unknown_ending_is_refused():
    with pytest.raises(UserError) as caught:
        write(TABLE, "t.xlsx")
    assert "'t.xlsx' has an unknown ending, expected .csv, .parquet, .feather, .jsonl, .npz, .npy\nHint:" in str(
        caught.value
    )


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot be written: No such file or directory\nHint: make the folder first"):
        write(TABLE, tmp_path / "nowhere" / "t.csv")
    with pytest.raises(UserError, match="cannot be written: Is a directory\nHint: choose another place"):
        (tmp_path / "t.csv").mkdir()
        write(TABLE, Path(tmp_path, "t.csv"))


GREY = np.random.default_rng(0).integers(0, 256, (3, 5, 4), dtype=np.uint8)
PAIRS = Images(GREY, {"digit": [3, None, 5], "name": ["a", "b", "c"]})


def test_images_as_archives_and_arrow_files_come_back_the_same(tmp_path):
    for ending in (".npz", ".parquet", ".feather"):
        write(PAIRS.to_arrow(), tmp_path / f"t{ending}")
        table = read(tmp_path / f"t{ending}")
        assert table.flavour == "file" and table.names == ["image", "digit", "name"]
        assert table.arrow["image"].combine_chunks() == PAIRS.to_arrow()["image"].combine_chunks()
        assert table.arrow["digit"].to_pylist() == [3, None, 5]
        assert isinstance(give_back(table.arrow, table), Images if ending == ".npz" else pa.Table)
    with np.load(tmp_path / "t.npz", allow_pickle=False) as archive:
        assert archive["image"].shape == (3, 5, 4) and archive["name"].tolist() == ["a", "b", "c"]


def test_images_alone_as_one_array(tmp_path):
    write(Images(GREY).to_arrow(), tmp_path / "t.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "t.npy", allow_pickle=False), GREY)
    for table in (PAIRS.to_arrow(), TABLE):
        with pytest.raises(
            UserError, match=r"\.npy holds one array of images, columns .* were to be written\nHint: \.npz"
        ):
            write(table, tmp_path / "u.npy")


def test_a_folder_of_pictures_comes_back_with_its_columns(tmp_path):
    write(PAIRS.to_arrow(), f"{tmp_path}/new/")
    assert sorted(os.listdir(tmp_path / "new")) == ["000000.png", "000001.png", "000002.png", "columns.csv"]
    back = read(tmp_path / "new").arrow
    assert back["image"].combine_chunks() == PAIRS.to_arrow()["image"].combine_chunks()
    assert back["file"].to_pylist() == ["000000.png", "000001.png", "000002.png"]
    write(Images(GREY, {"digit": [3, None, 5]}).to_arrow(), tmp_path / "gaps")
    assert read(tmp_path / "gaps").arrow["digit"].to_pylist() == [3, None, 5]
    assert back["digit"].to_pylist() == [3, None, 5] and back["name"].to_pylist() == ["a", "b", "c"]


def test_a_folder_is_whole_or_not_there(tmp_path):
    with pytest.raises(UserError, match=r"float64 pixels from -1.0 to 2.0 were given, PNG was expected to hold 0 to 1"):
        write(Images(np.full((2, 5, 4), 2.0) - [[[0]], [[3]]]).to_arrow(), tmp_path / "new")
    assert os.listdir(tmp_path) == []
    (tmp_path / "old").mkdir()
    write(Images(GREY).to_arrow(), tmp_path / "old")
    with pytest.raises(UserError, match=r"'.*old' is there already and not empty\nHint: name a new folder"):
        write(Images(GREY).to_arrow(), tmp_path / "old")
    with pytest.raises(
        UserError, match=r"cannot be written: No such file or directory\nHint: make the folder around it"
    ):
        write(Images(GREY).to_arrow(), tmp_path / "no" / "where")
    assert os.listdir(tmp_path) == ["old"]


@pytest.mark.parametrize("place", ["t.csv", "t.jsonl", "-"])
def test_images_are_no_text(place):
    with pytest.raises(
        UserError, match=r"images cannot be written as text to .*\nHint: name a folder \(of PNG files\)"
    ):
        write(PAIRS.to_arrow(), place)


def test_what_names_a_folder(tmp_path):
    (tmp_path / "a.b").mkdir()
    assert is_folder(tmp_path / "a.b") and is_folder("new") and is_folder("new.v2/")
    assert not is_folder("t.npz") and not is_folder("-")


def test_a_link_leads_to_the_file_and_its_mode_stays(tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_bytes(b"old")
    real.chmod(0o600)
    link.symlink_to(real)
    write(pa.table({"x": [1]}), link)
    assert link.is_symlink() and b"1" in real.read_bytes() and real.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "real.csv"]


def test_a_pipe_is_written_to(tmp_path):
    place, got = tmp_path / "pipe.csv", []
    os.mkfifo(place)
    reader = threading.Thread(target=lambda: got.append(place.read_bytes()))
    reader.start()
    write(pa.table({"x": [1]}), place)
    reader.join(10)
    assert got == [b'"x"\n1\n'] and stat.S_ISFIFO(place.stat().st_mode)
