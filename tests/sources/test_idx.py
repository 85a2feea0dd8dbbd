import gzip

import numpy as np
import pytest

from vaekit.errors import DataError
from vaekit.sources.idx import TYPES, is_idx, read_idx


def idx(array, code):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(TYPES[code]).tobytes()


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4)])
def test_every_type_is_read(tmp_path, code, shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    place = tmp_path / "t"
    for content in (idx(array, code), gzip.compress(idx(array, code))):
        place.write_bytes(content)
        assert is_idx(str(place))
        back = read_idx(str(place))
        np.testing.assert_array_equal(back, array)
        assert back.dtype.isnative and back.flags.writeable


@pytest.mark.parametrize(
    "content", [b"", b"\0\0", b"a,b\n1,2\n", b"\x1f\x8b\0", b"\0\0\x07\x01", gzip.compress(b"a,b\n", mtime=0)]
)
def test_other_files_are_not_taken_for_it(tmp_path, content):
    (tmp_path / "t").write_bytes(content)
    assert not is_idx(str(tmp_path / "t"))
    assert not is_idx(str(tmp_path / "nowhere"))


def test_damaged_files_are_refused_by_name(tmp_path):
    place = tmp_path / "t"
    whole = idx(np.zeros((2, 3, 4)), 0x08)
    says = "holds {} bytes of values, its header says {}.*\nHint: the file is incomplete or damaged"
    for content, held, wanted in ((whole[:-1], 23, 24), (whole + b"\0", 25, 24), (whole[:9], 0, 2)):
        place.write_bytes(content)
        with pytest.raises(DataError, match=f"'{place}' " + says.format(held, wanted)):
            read_idx(str(place))
    place.write_bytes(gzip.compress(whole)[:-9])
    with pytest.raises(DataError, match=f"'{place}' cannot be read as IDX: .*\nHint: the file may be damaged"):
        read_idx(str(place))
