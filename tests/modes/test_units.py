"""Tiles, channels and columns: every modelled cell is told once."""

import pytest

from vaekit.codec import Field, Layout
from vaekit.modes.units import TILES, units

AGE, SEX = Field("age", "count"), Field("sex", "binary", levels=2)
GREY, COLOUR = (Field("image", "pixel"),), tuple(Field(f"image.{c}", "pixel") for c in range(3))


@pytest.mark.parametrize(
    "layout",
    [
        Layout((AGE, SEX)),
        Layout((), (SEX,), (5,), (AGE, SEX)),
        Layout((), (), (28, 28), GREY),
        Layout((AGE,), (SEX,), (7, 5), COLOUR),
        Layout((SEX,), (), (1, 9), GREY),
        Layout((), (), (2, 2), GREY),
    ],
    ids=["table", "window", "digits", "colour", "line", "four pixels"],
)
def test_every_modelled_cell_is_in_one_unit(layout):
    found = units(layout)
    assert sorted(k for unit in found for k in unit.cells) == list(range(layout.K))
    assert len({unit.name for unit in found}) == len(found)
    assert all(unit.grid == (k < layout.grid) for unit in found for k in unit.cells)
    assert len([unit for unit in found if unit.grid]) <= max(TILES**2, len(layout.channels))


def test_a_tile_is_a_rectangle_of_pixels_with_all_their_colours():
    tile = units(Layout((AGE,), (), (8, 8), COLOUR))[1]
    assert tile.name == "image[0:2,2:4]" and tile.grid
    names = {Layout((AGE,), (), (8, 8), COLOUR).names[k] for k in tile.cells}
    assert names == {f"image.{c}[{y},{x}]" for c in range(3) for y in (0, 1) for x in (2, 3)}
    assert [unit.name for unit in units(Layout((AGE,), (), (8, 8), COLOUR))][-2:] == ["image[6:8,6:8]", "age"]


def test_a_channel_is_its_cells_at_every_step():
    heat, jobs = units(Layout((), (), (3,), (Field("heat", "real"), Field("jobs", "count"))))
    assert (heat.name, heat.cells, jobs.name, jobs.cells) == ("heat", (0, 2, 4), "jobs", (1, 3, 5))
