import pyarrow.parquet as pq

from vaekit.sources import read


def test_what_was_compressed_comes_back(here, run):
    assert run("compress", "label.vae", "rows.csv", "-o", "rows.vz").status == 0
    assert run("decompress", "label.vae", "rows.vz", "-o", "back.parquet").status == 0
    assert pq.read_table("back.parquet").equals(read("rows.csv").arrow)


def test_mistakes_are_told(here, run):
    (here / "other.vz").write_bytes(b"PK")
    for words, message in (
        (["compress", "label.vae", "rows.csv", "-o", "-"], "compressed rows go into a file"),
        (["compress", "label.vae", "rows.csv", "-o", "out.csv"], "the ending of something else"),
        (["decompress", "label.vae", "absent.vz"], "absent.vz: cannot be read"),
        (["decompress", "label.vae", "other.vz"], "no compressed rows"),
    ):
        done = run(*words)
        assert done.status == 2 and message in done.err
