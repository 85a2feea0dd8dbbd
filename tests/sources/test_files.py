import datetime as dt
import gzip
import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from vaekit.errors import DataError, VaekitWarning
from vaekit.schema import Schema
from vaekit.sources import give_back, read, write
from vaekit.sources.files import read_values
from vaekit.sources.images import Images

TABLE = pa.table({"a": [1, None, 3], "b": ["x", "y, z", None], "c": [0.5, 1.5, None]})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name, content):
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def refused(data):
    with pytest.raises(DataError) as caught:
        read(data)
    return str(caught.value)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".feather", ".jsonl"])
def test_every_format_is_read_as_it_was_written(folder, ending):
    write(TABLE, f"t{ending}")
    table = read(folder / f"t{ending}")
    assert table.flavour == "file"
    assert table.arrow.equals(TABLE)


def test_arrow_files_and_streams(folder):
    with pa.ipc.new_file("f.arrow", TABLE.schema) as sink:
        sink.write_table(TABLE)
    with pa.ipc.new_stream("s.ipc", TABLE.schema) as sink:
        sink.write_table(TABLE)
    assert read("f.arrow").arrow.equals(TABLE)
    assert read("s.ipc").arrow.equals(TABLE)


def test_compressed_text(folder):
    put("t.csv.gz", gzip.compress(b"a,b\n1,x\n"))
    put("t.jsonl.gz", gzip.compress(b'{"a": 1, "b": "x"}\n'))
    assert read("t.csv.gz").arrow.to_pylist() == read("t.jsonl.gz").arrow.to_pylist() == [{"a": 1, "b": "x"}]


def test_several_files_and_a_glob(folder):
    put("b.csv", "y,x\n3,4.5\n")
    put("a.csv", "x,y\n1,2\n")
    assert read("?.csv").arrow.to_pydict() == {"x": [1.0, 4.5], "y": [2, 3]}
    assert read(["b.csv", Path("a.csv")]).arrow.to_pydict() == {"y": [3, 2], "x": [4.5, 1.0]}


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a,b\n1,x\n")))
    assert read("-").arrow.to_pylist() == [{"a": 1, "b": "x"}]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    assert "standard input is empty" in refused("-")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(folder, separator):
    put("t.csv", f"a{separator}b\n1{separator}x\n")
    assert read("t.csv").arrow.to_pylist() == [{"a": 1, "b": "x"}]


def test_missing_cells_of_csv(folder):
    put("t.csv", 'a,b,c\n1,NA,""\n,x,2.5\n')
    assert read("t.csv").arrow.to_pydict() == {"a": [1, None], "b": [None, "x"], "c": [None, 2.5]}


def test_quotes_and_byte_order_mark(folder):
    put("t.csv", '\ufeffa,b\n1,"x, y\nz"\n')
    assert read("t.csv").arrow.to_pylist() == [{"a": 1, "b": "x, y\nz"}]


def test_a_type_that_shows_late_is_found(folder):
    rows = 2_500_000
    put("t.csv", b"number,gaps\n" + b"1,NA\n" * rows + b"\n" * 0 + b"2.5,x\n" + b"1,NA\n" * rows)
    table = read("t.csv").arrow
    assert [str(kind) for kind in table.schema.types] == ["double", "string"]


def test_codes_stay_text_where_that_is_asked_for(folder):
    put("t.csv", "code\n7\n8\n")
    assert read("t.csv").arrow.column("code").to_pylist() == [7, 8]
    assert read("t.csv", text=["code"]).arrow.column("code").to_pylist() == ["7", "8"]


def test_files_of_which_one_shows_codes_or_durations_are_read_alike(folder):
    put("a.csv", "zip,took\n80331,01:00:00\n")
    put("b.csv", "took,zip\n26:00:00.5,00123\n")
    with pytest.warns(VaekitWarning, match="begin with zeros"):
        table = read(["a.csv", "b.csv"]).arrow
    assert table["zip"].to_pylist() == ["80331", "00123"]
    assert table["took"].to_pylist() == [dt.timedelta(hours=1), dt.timedelta(hours=26, seconds=0.5)]


def test_a_nameless_pandas_index_is_left_out(folder):
    pd = pytest.importorskip("pandas")
    pd.DataFrame({"a": [1, 2]}, index=[5, 7]).to_parquet("t.parquet")
    assert read("t.parquet").names == ["a"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", "", "'t.csv' is empty, expected a line of column names and rows below"),
        ("t.csv", "a,b\n", "'t.csv' is empty: it holds 0 rows and 2 columns\nHint: at least one row"),
        ("t.csv", "a,a\n1,2\n", "column names must differ, but 'a' occur more than once"),
        (
            "t.csv",
            "a,b\n1,2\n3,4,5\n",
            "'t.csv', row 1 (counted from 0, after the line of names): 3 cells were given, 2",
        ),
        (
            "t.csv",
            "a,b\n1,2\n3\n",
            "row 1 (counted from 0, after the line of names): 1 cells were given, 2 expected: '3'",
        ),
        ("t.csv.gz", "a,b\n", "'t.csv.gz' cannot be read as .csv"),
        ("t.parquet", "nonsense", "'t.parquet' cannot be read as .parquet"),
        ("t.feather", "nonsense", "'t.feather' cannot be read as .feather"),
        ("t.arrow", "nonsense", "'t.arrow' cannot be read as .arrow"),
        ("t.jsonl", "", "'t.jsonl' is empty, expected one JSON object a line"),
        ("t.jsonl", '{"a": 1}\n{"a":\n', "'t.jsonl' cannot be read as .jsonl"),
        ("t.jsonl", '{"a": 1}\n{"a": "x"}\n', "Column(/a) changed from number to string in row 1"),
        ("t.xlsx", "x", "'t.xlsx' has an unknown ending, expected .csv, .tsv, .parquet"),
        ("t.xlsx", "x", "Hint: save the sheet as CSV (UTF-8), or give the frame of pandas.read_excel(path)"),
        ("t.json", "[]", "Hint: write one JSON object a line, and call it .jsonl"),
        ("t", "x", "'t' has an unknown ending"),
    ],
)
def test_files_that_cannot_be_read_say_why(folder, name, content, says):
    assert says in refused(put(name, content))


def test_a_truncated_parquet_file(folder):
    pa_parquet.write_table(TABLE, "t.parquet")
    put("t.parquet", Path("t.parquet").read_bytes()[:-20])
    assert "'t.parquet' cannot be read as .parquet" in refused("t.parquet")
    assert "Hint: the file may be damaged, incomplete, or of another format" in refused("t.parquet")


def test_missing_files_say_so(folder):
    assert refused("adult.csv") == "there is no file 'adult.csv'\nHint: check the name and the folder"
    put("adult.csv", "a\n1\n")
    assert refused("adutl.csv") == "there is no file 'adutl.csv'\nHint: did you mean 'adult.csv'?"
    assert "there is no file 'nowhere/x.csv'\nHint: the folder 'nowhere' does not exist" in refused("nowhere/x.csv")
    assert "no file matches '*.parquet' in " in refused("*.parquet")
    says = refused(str(folder))
    assert f"'{folder}' is a folder without pictures (.png, .jpg, .jpeg); pictures or a file were expected" in says
    assert f"Hint: name its files: '{folder}/*.csv'" in says


def test_files_with_different_columns_are_refused(folder):
    put("a.csv", "x,y\n1,2\n")
    put("b.csv", "x,z\n1,2\n")
    message = refused(["a.csv", "b.csv"])
    assert "the files differ in their columns: compared with 'a.csv', 'b.csv' lacks 'y' and has 'z' more" in message
    put("b.csv", "x,y\n1,word\n")
    message = refused(["a.csv", "b.csv"])
    assert "column 'y' holds int64 in 'a.csv' and string in 'b.csv', expected one type\nHint:" in message


def test_a_word_among_numbers_of_a_csv_is_refused_at_inference(folder):
    put("t.csv", "a,b\n" + "".join(f"{row}.5,{row}\n" for row in range(40)) + "oops,1\n")
    with pytest.raises(DataError, match=r"column 'a', row 40 \(counted from 0\): 'oops' was given among numbers"):
        Schema.infer(read("t.csv").arrow)


def test_a_process_may_end_right_after_reading(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "1,x\n" * 400)
    script = f"import torch; from vaekit.sources import read; read({str(tmp_path / 't.csv')!r})"
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_files_of_images(folder):
    images = np.arange(48, dtype=np.uint8).reshape(2, 4, 6)
    np.save("t.npy", images)
    np.savez("t.npz", anything=images, digit=[3, 5])
    put("t-images-idx3-ubyte", bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 6]) + images.tobytes())
    put("t-images-idx3-ubyte.gz", gzip.compress(Path("t-images-idx3-ubyte").read_bytes()))
    for name in ("t.npy", "t.npz", "t-images-idx3-ubyte", "t-images-idx3-ubyte.gz"):
        table = read(name)
        assert table.native == {"image": {"layout": "hw", "dtype": "uint8"}}, name
        back = give_back(table.arrow, table)
        np.testing.assert_array_equal(back.array, images)
        assert list(back.columns) == (["digit"] if name == "t.npz" else [])
    assert read(["t.npy", "t-images-idx3-ubyte"]).rows == 4


def test_files_of_rows_as_arrays(folder):
    np.save("t.npy", np.arange(6.0).reshape(3, 2))
    assert read("t.npy").arrow.to_pydict() == {"x0": [0.0, 2.0, 4.0], "x1": [1.0, 3.0, 5.0]}
    put("labels-idx1-ubyte", bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    assert read_values("labels-idx1-ubyte").tolist() == [7, 9]
    assert "'labels-idx1-ubyte' holds 2 single values, images were expected\nHint: labels go" in refused(
        "labels-idx1-ubyte"
    )
    with pytest.raises(DataError, match=r"'t.csv' holds no column of values\nHint: give a .npy or an IDX file"):
        read_values(put("t.csv", "a\n1\n"))


def test_columns_beside_pictures_are_as_many(folder):
    write(Images(np.zeros((3, 4, 4), np.uint8), {"digit": [1, 2, 3]}).to_arrow(), "new")
    Path("new/000001.png").unlink()
    assert f"'{Path('new/columns.csv')}' holds 3 rows, for 2 pictures\nHint: give one row for each" in refused("new")
    Path("new/columns.csv").write_text("picture,digit\n000002.png,3\n000000.png,1\n")
    says = refused("new")
    assert "row 0 (counted from 0): '000002.png' was given, the picture '000000.png' was expected" in says
    Path("new/columns.csv").write_text("digit,file\n3,a\n1,b\n")
    assert read("new").arrow.select(["digit", "file"]).to_pydict() == {"digit": [3, 1], "file": ["a", "b"]}


def test_images_of_several_sizes_are_refused(folder):
    np.save("a.npy", np.zeros((2, 4, 4), np.uint8))
    np.save("b.npy", np.zeros((2, 4, 5), np.uint8))
    assert (
        "column 'image' holds extension<arrow.fixed_shape_tensor[value_type=uint8, shape=[4,4,1]]> in 'a.npy'"
        in refused(["a.npy", "b.npy"])
    )
