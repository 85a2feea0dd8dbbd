import pyarrow as pa
import pytest

from vaekit.schema.types import arrow_type, in_words, is_supported

TYPES = [
    *(pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null()),
    *(pa.string(), pa.large_string(), pa.string_view(), pa.date32(), pa.date64()),
    *(pa.timestamp("ns"), pa.timestamp("us", "Europe/Berlin"), pa.time32("s"), pa.time64("ns"), pa.duration("ms")),
    *(pa.decimal128(10, 2), pa.decimal256(50, -2)),
    *(pa.dictionary(pa.int8(), pa.string(), True), pa.dictionary(pa.uint32(), pa.large_string())),
    pa.dictionary(pa.int32(), pa.timestamp("us", "UTC")),
]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_every_type_survives_as_text(kind):
    assert arrow_type(str(kind)) == kind
    assert is_supported(kind)
    assert in_words(kind)


def test_nested_types_are_not_supported():
    assert not is_supported(pa.list_(pa.int64()))
    assert not is_supported(pa.binary())
    with pytest.raises(ValueError, match="list"):
        arrow_type("list<item: int64>")
