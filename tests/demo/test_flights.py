import pyarrow as pa
import pytest

from vaekit.demo import flights as room

SCHEDULE = {
    "year": [2013, 2013, 2013], "month": [1, 1, 12], "day": [1, 5, 25], "hour": [5, 6, 7], "minute": [15, 0, 59],
    "time_hour": ["a", "b", "a"], "origin": ["EWR", "JFK", "EWR"], "dest": ["IAH", "LAX", "BOS"],
    "carrier": ["UA", "B6", "UA"], "distance": [1400, 2475, 200], "dep_delay": [2, None, 5], "arr_delay": [11, None, 3],
    "air_time": [227, None, 40], "tailnum": ["N1", None, "N3"],
}  # fmt: skip


def weather():
    hourly = {name: [1.0] for name in room.WEATHER}
    return pa.table(
        {"origin": ["EWR"], "time_hour": ["a"], **hourly, "temp": [39.024], "wind_gust": pa.nulls(1, pa.float64())}
    )


def test_flights_meet_their_weather_and_keep_their_order():
    table = room.tidy(pa.table(SCHEDULE), weather())
    assert table.column_names == [*room.COLUMNS, *room.WEATHER]
    assert table["weekday"].to_pylist() == ["Tue", "Sat", "Wed"]
    assert table["dest"].to_pylist() == ["IAH", "LAX", "BOS"]
    assert table["temp"].to_pylist() == [39.02, None, 39.02]
    assert table["dep_delay"].to_pylist() == [2, None, 5]


def test_the_choice_of_flights_is_seeded():

    few = room.read_flights(50)
    assert few.equals(room.read_flights(50))
    assert not few.equals(room.read_flights(50, seed=1))
    assert few.num_columns == 17
    assert room.names_of_airlines()["UA"] == "United Air Lines Inc."


def test_the_missing_package_is_named(monkeypatch):
    from vaekit.errors import UserError

    monkeypatch.setattr(room, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"vaekit\[demo\]"):
        room.read_flights(5)
