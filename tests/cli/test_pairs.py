import pytest

from vaekit.cli.pairs import conditions, kinds, parts
from vaekit.errors import DataError, SchemaError, SpecError


@pytest.mark.parametrize("order", [1, -1])
def test_a_kind_and_its_options_meet_in_either_order(order):
    settings = ["net=mlp", "net.hidden=[400, 200]", "latent=8", "prior=normal", "train.patience=None"][::order]
    assert parts(settings) == {
        "net": {"kind": "mlp", "hidden": [400, 200]}, "latent": 8, "prior": "normal", "train": {"patience": None}
    }  # fmt: skip


def test_the_last_word_counts():
    assert parts(["train.epochs=3", "train.epochs=4", "prior=normal", "prior=vamp"]) == {
        "train": {"epochs": 4}, "prior": "vamp"
    }  # fmt: skip


@pytest.mark.parametrize("setting", ["beta", "=4", "objective.=4", ".beta=4", "objective.beta="])
def test_a_setting_without_name_or_value_is_refused(setting):
    with pytest.raises(SpecError, match=r"expected PART=VALUE or PART\.OPTION=VALUE"):
        parts([setting])


def test_a_number_has_no_options():
    with pytest.raises(SpecError, match="'latent' is already set to 8, which has no options"):
        parts(["latent=8", "latent.size=3"])


@pytest.mark.parametrize("pair", ["age", "=count", "age="])
def test_a_kind_without_column_or_kind_is_refused(pair):
    with pytest.raises(SchemaError, match="expected COLUMN=KIND"):
        kinds([pair])


def test_conditions_split_at_a_known_column():
    assert conditions(["a=b=1", "c=d"], ["a", "a=b", "c"]) == {"a=b": "1", "c": "d"}
    assert conditions(["unknown=1=2"], ["a"]) == {"unknown": "1=2"}  # the mode tells that there is no such column
    for pair in ("age", "age=", "=3"):
        with pytest.raises(DataError, match="expected COLUMN=VALUE"):
            conditions([pair], ["age"])
    with pytest.raises(DataError, match="'a' is given twice"):
        conditions(["a=1", "a=2"], ["a"])
