from __future__ import annotations

from typing import Any

import numpy as np

from vaekit.about import card, history


def test_the_card_tells_what_was_fitted(mixed: Any) -> None:
    found = card(mixed.model.fitted)
    assert found == mixed.model.card
    assert (found["rows"], found["train_rows"], found["held_out_rows"], found["seed"]) == (700, 560, 140, 0)
    assert found["columns"]["debt"]["kind"] == "mixed" and found["columns"]["debt"]["why"]
    assert set(found["set_aside"]) == {"id", "country"} and "identifier" in found["set_aside"]["id"]
    assert found["latents"]["count"] == 8 == len(found["latents"]["kl_nats"])
    assert min(found["latents"]["kl_nats"]) >= 0 and sum(found["latents"]["kl_nats"]) > 1, "nothing collapsed"
    assert set(found["ended"]) == {"model", "prior", "ratio"} and found["modes"] == mixed.model.modes()
    assert found["versions"]["vaekit"] and found["seconds"] > 0 and found["parameters"] > 1000
    assert found["kept_training_rows"] == 560


def test_conditions_that_were_kept_are_counted(fitted: Any) -> None:
    assert fitted("given").model.card["kept_training_rows"] == 630


def test_the_history_has_a_row_an_epoch(mixed: Any) -> None:
    table = history(mixed.model.fitted)
    names = table.column_names
    assert {"stage", "epoch", "loss", "reconstruction", "kl", "rows_per_s", "validation"} <= set(names)
    assert [name for name in names if name.startswith("kl_")] == [f"kl_{i}" for i in range(8)]
    first = table.filter(pa_equal(table, "stage", "model"))
    assert first["epoch"].to_pylist() == list(range(len(first))) and len(first) <= 30
    summed = sum(first[f"kl_{i}"].to_numpy() for i in range(8))
    np.testing.assert_allclose(first["kl"].to_numpy(), summed, rtol=1e-5)
    losses = first["loss"].to_numpy()
    assert losses[-1] < losses[0]


def pa_equal(table: Any, name: str, value: str) -> Any:
    import pyarrow.compute as pc

    return pc.equal(table[name], value)
