"""The table of likelihoods."""

from vaekit.likelihoods import LIKELIHOODS
from vaekit.schema import KINDS

CELLS = set(KINDS) - {"constant", "identifier", "image"} | {"pixel"}  # an image is many pixels


def test_every_member_names_kinds_that_exist_and_is_documented():
    for name, maker in LIKELIHOODS.items():
        assert maker.kinds and set(maker.kinds) <= CELLS, name
        assert maker.__doc__ and maker.__module__.endswith(f".{name}"), name


def test_every_modelled_kind_is_served():
    served = {kind for maker in LIKELIHOODS.values() for kind in maker.kinds}
    assert served == CELLS
