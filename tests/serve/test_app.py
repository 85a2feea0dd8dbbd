"""The service answers as Python does, in JSON and in Arrow, and every mistake has one shape."""

from __future__ import annotations

import io
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from starlette.testclient import TestClient
from tests.serve.conftest import QUICK

import vaekit
from vaekit.modes import MODES, cluster
from vaekit.serve.app import ARROW, Server
from vaekit.serve.questions import ELSEWHERE, questions
from vaekit.serve.shelf import Shelf


def _stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


@pytest.fixture(scope="module")
def model(model_file: Path) -> Any:
    return vaekit.load(model_file)


def test_every_mode_is_asked_over_http_or_said_to_be_elsewhere(client: Any) -> None:
    assert {*questions(), *ELSEWHERE} == set(MODES)
    paths = client.get("/openapi.json").json()["paths"]
    assert {f"/v1/models/shop/{mode}" for mode in questions()} <= set(paths)


def test_scores_are_those_of_python(client: Any, model: Any, rows: Any) -> None:
    found = client.post("/v1/models/shop/score", json={"rows": rows, "alpha": 0.2}).json()["rows"]
    wanted = model.score(pa.Table.from_pylist(rows), alpha=0.2)
    assert [row["score"] for row in found] == pytest.approx(wanted.total.tolist(), rel=1e-5)
    assert [row["p_value"] for row in found] == pytest.approx(wanted.p_value.tolist())
    assert [row["reason_1_column"] for row in found] == [why[0].column if why else None for why in wanted.reasons]


@pytest.mark.parametrize(("mode", "options"), [
    ("reconstruct", {}), ("denoise", {"seed": 1}), ("impute", {"seed": 2}), ("encode", {}), ("cluster", {"clusters": 2}),
    ("log_prob", {"samples": 4}),
])  # fmt: skip
def test_rows_are_answered_as_in_python(client: Any, model: Any, rows: Any, mode: str, options: Any) -> None:
    found = client.post(f"/v1/models/shop/{mode}", json={"rows": rows, **options}).json()["rows"]
    answer = getattr(model, mode)(pa.Table.from_pylist(rows), **options)
    if mode == "log_prob":
        assert [row["log_prob"] for row in found] == pytest.approx(answer.tolist(), rel=1e-5)
        return
    table = answer if isinstance(answer, pa.Table) else answer.to_arrow()
    for own, other in zip(found, table.to_pylist(), strict=True):
        assert own.keys() == other.keys()
        for name, value in other.items():
            assert own[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-4, abs=1e-5)), name


def test_durations_and_times_of_day_come_and_go_as_text(tmp_path: Path) -> None:
    seconds = np.random.default_rng(0).integers(0, 86_400, 120)
    table = pa.table({
        "td": pa.array(10**9 * seconds + 1).cast(pa.duration("ns")), "t": pa.array(10**6 * seconds).cast(pa.time64("us"))
    })  # fmt: skip
    vaekit.fit(table, train=QUICK, latent=2).save(tmp_path / "clock.vae")
    client = TestClient(Server(Shelf([tmp_path / "clock.vae"])))
    asked = [
        {"td": "1 days 02:44:49.933745", "t": "21:53:02.091767"},
        {"td": 600, "t": None},
        {"td": None, "t": "03:00"},
    ]
    found = client.post("/v1/models/clock/impute", json={"rows": asked}).json()["rows"]
    assert found[0] == asked[0] and found[1]["td"] == "00:10:00" and found[2]["t"] == "03:00:00"
    assert client.post("/v1/models/clock/score", json={"rows": found}).status_code == 200
    for row in asked[1:]:
        assert client.post("/v1/models/clock/score", json={"rows": [row]}).status_code == 200
    for given in ({"td": 600}, {"td": "600", "t": "03:00"}):
        answer = client.post("/v1/models/clock/sample", json={"n": 2, "given": given})
        assert [row["td"] for row in answer.json()["rows"]] == ["00:10:00"] * 2
    for odd in (
        {"td": "soon", "t": None},
        {"td": True, "t": None},
        {"td": None, "t": "24:00"},
        {"td": 1e300, "t": None},
    ):
        assert client.post("/v1/models/clock/score", json={"rows": [odd]}).status_code == 422
    row = client.get("/openapi.json").json()["components"]["schemas"]["clock_row"]["properties"]
    assert (
        client.post("/v1/models/clock/score", json={"rows": [{n: row[n]["examples"][0] for n in row}]}).status_code
        == 200
    )


def test_new_rows_follow_seed_and_conditions(client: Any, model: Any) -> None:
    body = {"n": 5, "given": {"city": "Bern"}, "seed": 3}
    found, again = (client.post("/v1/models/shop/sample", json=body).json()["rows"] for _ in range(2))
    assert found == again and {row["city"] for row in found} == {"Bern"}
    wanted = model.sample(5, given={"city": "Bern"}, seed=3)
    assert [row["size in cm"] for row in found] == pytest.approx(wanted["size in cm"].tolist(), rel=1e-5)


def test_walks_and_decoding(client: Any, rows: Any) -> None:
    walk = client.post("/v1/models/shop/traverse", json={"dims": [1], "steps": 3}).json()["rows"]
    assert [row["latent"] for row in walk] == [1, 1, 1] and {"where", "city"} <= walk[0].keys()
    between = client.post("/v1/models/shop/interpolate", json={"rows": rows, "steps": 4}).json()["rows"]
    assert [row["where"] for row in between] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    decoded = client.post("/v1/models/shop/decode", json={"rows": [{"mean_0": 0.0, "mean_1": 1.0}]}).json()["rows"]
    assert decoded[0]["city"] in ("Bern", "Oslo", "Rome")
    ends = client.post("/v1/models/shop/impute", json={"rows": rows, "interval": 0.9}).json()["rows"]
    assert ends[1]["size in cm_low"] <= ends[1]["size in cm"] <= ends[1]["size in cm_high"]
    draws = client.post("/v1/models/shop/impute", json={"rows": rows, "draws": 2}).json()["rows"]
    assert [row["draw"] for row in draws] == [0, 0, 1, 1]


def test_arrow_in_and_out(client: Any, model: Any, rows: Any) -> None:
    table = pa.Table.from_pylist(rows)
    headers = {"content-type": ARROW}
    answer = client.post("/v1/models/shop/score?reasons=1&alpha=0.2", content=_stream(table), headers=headers)
    assert answer.headers["content-type"] == ARROW
    found = pa.ipc.open_stream(answer.content).read_all()
    assert found["score"].to_pylist() == pytest.approx(model.score(table, alpha=0.2).total.tolist(), rel=1e-5)
    as_json = client.post(
        "/v1/models/shop/encode", content=_stream(table), headers={**headers, "accept": "application/json"}
    )
    assert len(as_json.json()["rows"]) == 2
    bad = client.post("/v1/models/shop/score", content=b"no stream", headers=headers)
    assert bad.status_code == 400 and bad.json()["detail"].startswith("no Arrow IPC stream")


@pytest.mark.parametrize(("path", "body", "status", "told"), [
    ("nope/score", {"rows": [{}]}, 404, "no model 'nope'"), ("shop/guess", {"rows": [{}]}, 404, "no mode 'guess'"),
    ("shop/score", {"rows": []}, 422, "rows"), ("shop/score", {}, 422, "rows"), ("shop/score", [], 422, "body"),
    ("shop/score", {"rows": [{"size in cm": "much"}]}, 422, "size in cm"), ("shop/score", {"rows": [{"x": 1}]}, 422, "column"),
    ("shop/score", {"rows": [{"city": "Bern"}]}, 422, "absent"),
    ("shop/score", {"rows": [{"size in cm": "much"}]}, 422, "'much' was given"),
    ("shop/encode", {"rows": [{"city": None, "price": 1, "size in cm": 1}], "beside": 1}, 422, "beside"),
    ("shop/sample", {"n": 0}, 422, "n"), ("shop/sample", {"given": {"town": "Bern"}}, 422, "town"),
    ("shop/interpolate", {"rows": [{"city": "Bern", "price": 1, "size in cm": 1}]}, 422, "at least 2"),
    ("shop/classify", {"rows": [{"city": "Bern"}]}, 409, "label"),
])  # fmt: skip
def test_mistakes_have_one_shape(client: Any, path: str, body: Any, status: int, told: str) -> None:
    answer = client.post(f"/v1/models/{path}", json=body)
    problem = answer.json()
    assert answer.status_code == status == problem["status"] and told in problem["detail"], problem
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert set(problem) == {"type", "title", "status", "detail", "hint"}


def test_a_name_that_was_meant_is_told(client: Any) -> None:
    for path, body, hint in (
        ("score", {"rows": [{"city": "Bern", "price": 1, "size in cm": 1}], "alfa": 1}, "did you mean 'alpha'?"),
        ("sample", {"n": 1, "given": {"prise": 1}}, "did you mean 'price'?"),
    ):
        assert client.post(f"/v1/models/shop/{path}", json=body).json()["hint"] == hint


def test_a_form_is_told_how_json_is_sent(client: Any) -> None:
    answer = client.post("/v1/models/shop/score", data={"rows": "[]"})
    assert answer.status_code == 415 and answer.json()["hint"] == "curl -H 'content-type: application/json'"


def test_what_stands_beside_the_modes(client: Any) -> None:
    assert client.get("/health").json()["models"] == ["shop"]
    assert client.get("/v1/models").json()["models"][0]["name"] == "shop"
    card = client.get("/v1/models/shop").json()
    assert card["schema"]["city"]["kind"] == "categorical" and card["modes"]["classify"].startswith(
        "the model was fitted"
    )
    assert "vaekit_requests_total" in client.get("/metrics").text
    assert client.get("/nowhere").json()["status"] == 404 and client.delete("/health").json()["status"] == 405


def test_the_smallest_share_is_answered(client: Any, rows: Any) -> None:
    answer = client.post("/v1/models/shop/score", json={"rows": rows, "alpha": 2e-313})
    assert [row["flagged"] for row in answer.json()["rows"]] == [False, False]


def test_a_defect_has_the_same_shape_and_tells_nothing(
    server: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("password")

    monkeypatch.setattr("vaekit.serve.desk.answered", broken)
    answer = TestClient(server, raise_server_exceptions=False).post("/v1/models/shop/sample", json={"n": 1})
    assert answer.status_code == 500 and answer.headers["content-type"].startswith("application/problem+json")
    assert "password" not in answer.text and answer.json()["title"] == "a defect of ours"
    assert client.put("/v1/models/shop").headers["allow"] == "GET"


def test_the_docs_need_nothing_from_elsewhere(client: Any) -> None:
    page = client.get("/docs").text
    assert "/assets/swagger-ui-bundle.js" in page and "http://" not in page and "https://" not in page
    assert (
        client.get("/assets/swagger-ui.css").status_code
        == client.get("/assets/swagger-ui-bundle.js").status_code
        == 200
    )
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["shop_row"]["properties"]["size in cm"]["description"].startswith("real")
    assert schemas["shop_row"]["properties"]["city"]["examples"]
    assert client.get("/assets/secret").status_code == 404


def test_a_replaced_file_is_served_anew_and_never_half(model_file: Path, tmp_path: Path) -> None:
    place = Path(shutil.copy(model_file, tmp_path / "shop.vae"))
    server = Server(Shelf([place]), every=0.05)
    data = model_file.read_bytes()
    with TestClient(server) as client:
        place.write_bytes(data[: len(data) // 2])  # a writer at work
        assert client.portal.call(server.refresh) == []
        assert client.get("/v1/models/shop").status_code == 200
        other = vaekit.load(model_file)
        other.fitted.about["rows"] = 7
        other.save(place)
        for _ in range(200):
            if client.get("/v1/models").json()["models"][0]["rows"] == 7:
                break
        client.portal.call(server.refresh)
        assert client.get("/v1/models").json()["models"][0]["rows"] == 7


def test_others_are_answered_while_clusters_are_found(
    model_file: Path, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, done, usual = threading.Event(), threading.Event(), cluster._fitted

    def slow(*words: Any) -> Any:
        begun.set()
        assert done.wait(30)
        return usual(*words)

    monkeypatch.setattr(cluster, "_fitted", slow)
    with TestClient(Server(Shelf([model_file]))) as client, ThreadPoolExecutor(1) as beside:
        asked = beside.submit(client.post, "/v1/models/shop/cluster", json={"rows": rows, "clusters": 2})
        assert begun.wait(30)
        assert client.post("/v1/models/shop/score", json={"rows": rows}).status_code == 200 and not asked.done()
        done.set()
        assert len(asked.result(30).json()["rows"]) == len(rows)
