"""Every command on tables that nobody prepared: mixed kinds, gaps, spikes, hundreds of levels."""

import pyarrow.parquet as pa_parquet
import pytest

from vaekit.cli.app import modes, typed

TABLES = {
    "tabular/adult": ("marital-status=Divorced", "income"),
    "tabular/diabetes_130": ("gender=Female", "readmitted"),
    "tabular/bank_marketing": ("marital=single", "y"),
    "anomaly/census_nominal": ("label=1", "label"),
}
QUICK = ["train.epochs=1", "train.prior_epochs=1", "net.width=32", "net.depth=1"]
ROWS = {
    "sample": "MODEL -n 20 --given GIVEN",
    "impute": "MODEL DATA --interval 0.9",
    "decode": "MODEL LATENTS",
    "decompress": "MODEL SMALL",
    "traverse": "MODEL --row 3 --data DATA --dim 0",
    "interpolate": "MODEL DATA --rows 0 1",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_every_command_answers(name, real_table, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = real_table(name)
    given, label = TABLES[name]
    pa_parquet.write_table(table.slice(0, 1500), "known.parquet")
    pa_parquet.write_table(table.slice(1500, 30), "DATA.parquet")
    settings = [word for setting in QUICK for word in ("--set", setting)]
    assert run("fit", "known.parquet", "-o", "MODEL.vae", "--label", label, *settings).status == 0
    assert run("encode", "MODEL.vae", "DATA.parquet", "-o", "LATENTS.csv").status == 0
    files = {"MODEL": "MODEL.vae", "DATA": "DATA.parquet", "LATENTS": "LATENTS.csv", "GIVEN": given, "SMALL": "rows.vz"}
    for mode in modes():
        words = [files.get(word, word) for word in ROWS.get(mode, "MODEL DATA").split()]
        out = {"evaluate": "r.json", "compress": "rows.vz"}.get(mode, "out.parquet")
        done = run(typed(mode), *words, "-o", out)
        assert done.status == 0, (mode, done.err)
        assert done.out == ""
        if mode in ("score", "log_prob", "impute", "reconstruct", "denoise", "encode", "decode", "classify", "cluster"):
            assert pa_parquet.read_table("out.parquet").num_rows == 30
        if mode == "decompress":
            assert pa_parquet.read_table("out.parquet").equals(pa_parquet.read_table("DATA.parquet"))
    assert run("inspect", "MODEL.vae").status == 0
    drawn = run("sample", "MODEL.vae", "-n", 20, "-o", "new.parquet")
    assert drawn.status == 0
    assert pa_parquet.read_table("new.parquet").column_names == table.column_names
