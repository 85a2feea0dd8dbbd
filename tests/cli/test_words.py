import pytest

from vaekit.cli.words import as_typed


@pytest.mark.parametrize(
    ("python", "typed"),
    [
        ("sample: n=0, expected a whole number", "sample: -n 0, expected a whole number"),
        ("time_limit='10q', expected seconds", "--time-limit 10q, expected seconds"),
        ("fit with label='grade'", "fit with --label grade"),
        ("override a kind with schema={column: kind}", "override a kind with --kind COLUMN=KIND"),
        ("latent: given 0; latent=32", "latent: given 0; --set latent=32"),
        ("impute: draws=None gives the best", "impute: no --draws gives the best"),
        ("missing=mask says what shall be (True = fill in)", "--mask says what shall be"),
        ("train={'epochs': 40} is more", "--set train.epochs=40 is more"),
        ("column 'n=3' and column 'x.n=3' stay", "column 'n=3' and column 'x.n=3' stay"),
        ("label='column'", "--label COLUMN"),
        ("given=['column']", "--given COLUMN"),
        ("nothing to put right", "nothing to put right"),
    ],
)
def test_options_read_as_they_are_typed(python, typed):
    assert as_typed(python) == typed
