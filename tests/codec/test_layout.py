"""Where the cells of a row lie."""

from vaekit.codec import Field, Layout
from vaekit.codec.layout import window

RED, GREEN, AGE = Field("image.0", "pixel"), Field("image.1", "pixel"), Field("age", "count")
SEX = Field("sex", "binary", levels=2)


def test_a_table_is_plain_cells_alone():
    table = Layout((AGE,), (SEX,))
    assert (table.K, table.grid, table.positions) == (1, 0, 0)
    assert table.names == ("age",) and table.fields == table.columns == (AGE,)
    assert table.every(["gaussian"]) == ["gaussian"]


def test_positions_come_first_and_hold_their_channels_together():
    image = Layout((AGE,), (SEX,), (2, 3), (RED, GREEN))
    assert (image.positions, image.grid, image.K) == (6, 12, 13)
    assert image.names[:4] == ("image.0[0,0]", "image.1[0,0]", "image.0[0,1]", "image.1[0,1]")
    assert image.names[-2:] == ("image.1[1,2]", "age") and len(image.names) == len(image.fields) == image.K
    assert image.fields[:3] == (RED, GREEN, RED) and image.fields[-1] is AGE
    assert image.columns == (RED, GREEN, AGE)
    assert image.every("rga") == [*"rg" * 6, "a"]


def test_a_window_repeats_its_channels_and_what_it_is_given_step_by_step():
    made = window([RED, AGE], [SEX], 3)
    assert made.shape == (3,) and made.channels == (RED, AGE) and made.plain == ()
    assert made.names == ("image.0[0]", "age[0]", "image.0[1]", "age[1]", "image.0[2]", "age[2]")
    assert [field.name for field in made.given] == ["sex[0]", "sex[1]", "sex[2]"]
    assert all(field.levels == 2 for field in made.given) and made.K == 6
