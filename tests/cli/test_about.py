import json

import pytest

from vaekit.cli.about import families
from vaekit.modes import MODES
from vaekit.presets import PARTS, PRESETS
from vaekit.spec import options


def test_the_card_shows_columns_latents_modes_and_training(here, run):
    shown = run("inspect", "label.vae")
    assert shown.status == 0, shown.err
    lines = {" ".join(line.split()[:3]): line for line in shown.out.splitlines()}
    assert "city categorical label" in lines
    assert "country constant set" in lines and "id identifier set" in lines
    for mode in MODES:
        assert any(line.startswith(f"{mode} ") for line in lines)
    for word in ("700 rows: 630 trained, 70 held out", "KL in nats", "active", "seed 0", "posterior gaussian"):
        assert word in shown.out
    assert lines["calibration rows 70"] and lines["cells 630 of"] and "give no p-value below 0.014085" in shown.out
    assert lines["set aside Columns"].rstrip().endswith("'id (identifier)', 'country (constant)'.")


def test_the_card_says_why_a_mode_is_missing_in_the_words_of_the_command_line(here, run):
    shown = run("inspect", "ae.vae").out
    assert "have no rate" in shown and "KL in nats" not in shown
    assert "a plain autoencoder has no density of rows" in shown
    assert "fit with --label COLUMN" in shown


def test_the_card_as_json(here, run):
    card = json.loads(run("inspect", "label.vae", "--json").out)
    assert card["rows"] == 700 and card["modes"].keys() == MODES.keys()
    assert card["limits"]["privacy"] and card["keeps"][0]["rows"] == 630 and card["quality"]["judged_on"] == 70


def test_every_preset_is_one_line_with_its_reference(run):
    lines = run("presets").out.splitlines()
    assert [line.split()[0] for line in lines] == list(PRESETS)
    for line, preset in zip(lines, PRESETS.values(), strict=True):
        assert preset.line in line and f"[{preset.reference}]" in line


def test_kinds_cover_every_part_but_the_number_of_latents(run):
    assert set(families()) == set(PARTS) - {"latent"}
    shown = run("kinds").out
    for part, family in families().items():
        for kind in family:
            assert f"{part}={kind}" in shown


@pytest.mark.parametrize("part", list(families()))
def test_kinds_list_every_option_with_its_default(part, run):
    shown = run("kinds", part).out
    for chosen in options(families()[part]).values():
        for name, option in chosen.items():
            assert f"{part}.{name}={json.dumps(option.default)}" in shown
            assert option.doc.split()[0] in shown
