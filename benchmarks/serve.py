"""The service under load from a second process on loopback: rows a second through Arrow, the time of single rows, overload.

    python benchmarks/serve.py [--rows 20000] [--seconds 10] [--rate 300]

Arrow batches and the offline pass alternate, so that a busy machine slows both. Writes benchmarks/results/serve.json.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa

import vaekit
from vaekit.demo import read_flights

ARROW = "application/vnd.apache.arrow.stream"
PORT = 8765
HERE = Path(__file__).parent


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=20_000)
    words.add_argument("--seconds", type=float, default=10.0)
    words.add_argument("--rate", type=float, default=300.0)
    asked = words.parse_args()
    table = read_flights(asked.rows)
    with tempfile.TemporaryDirectory() as folder:
        model = vaekit.fit(table, train={"epochs": 2, "prior_epochs": 1})
        path = model.save(f"{folder}/flights.vae")
        process = subprocess.Popen([sys.executable, "-m", "vaekit", "serve", str(path), "--port", str(PORT)],
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            wait()
            found = {"arrow": arrow(model, table), "single": asyncio.run(single(table, asked.rate, asked.seconds)),
                     "overload": asyncio.run(overload(table))}  # fmt: skip
        finally:
            process.terminate()
            process.wait(60)
    found["cores"] = os.cpu_count()
    found["load"] = os.getloadavg()[0]
    print(json.dumps(found, indent=2))
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results/serve.json").write_text(json.dumps(found, indent=2) + "\n")


def url(mode: str = "score", query: str = "") -> str:
    return f"http://127.0.0.1:{PORT}/v1/models/flights/{mode}{query}"


def wait() -> None:
    for _ in range(300):
        try:
            if httpx.get(f"http://127.0.0.1:{PORT}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the service did not begin")


def arrow(model: Any, table: pa.Table, rounds: int = 3) -> dict[str, float]:
    """Rows a second of the same table offline and through the service, alternately; medians."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    offline, served = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        model.score(table).to_arrow()
        offline.append(table.num_rows / (time.perf_counter() - began))
        began = time.perf_counter()
        answer = httpx.post(url(), content=sink.getvalue(), headers={"content-type": ARROW}, timeout=600)
        answer.raise_for_status()
        assert pa.ipc.open_stream(answer.content).read_all().num_rows == table.num_rows
        served.append(table.num_rows / (time.perf_counter() - began))
    rate, through = statistics.median(offline), statistics.median(served)
    return {"offline_rows_per_s": round(rate), "served_rows_per_s": round(through), "share": round(through / rate, 3)}


async def single(table: pa.Table, rate: float, seconds: float) -> dict[str, Any]:
    """Requests of one row at a steady rate, whether or not the ones before were answered."""
    rows = json.loads(json.dumps(table.slice(0, 500).to_pylist(), default=str))
    times: list[float] = []
    status: Counter[int] = Counter()

    async def ask(client: httpx.AsyncClient, row: Any) -> None:
        began = time.perf_counter()
        answer = await client.post(url(), json={"rows": [row]})
        times.append(time.perf_counter() - began)
        status[answer.status_code] += 1

    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        for row in rows[:20]:
            await ask(client, row)
        times.clear()
        status.clear()
        begin, tasks = time.perf_counter(), []
        for i in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begin + i / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(ask(client, rows[i % len(rows)])))
        await asyncio.gather(*tasks)
    at = {f"p{q}_ms": round(float(np.percentile(times, q)) * 1000, 2) for q in (50, 90, 99)}
    return {"requests_per_s": rate, "requests": len(times), **at, "status": dict(status)}


async def overload(table: pa.Table, requests: int = 400) -> dict[str, Any]:
    """Far more at once than is taken: every answer is 200 or 503."""
    rows = json.loads(json.dumps(table.slice(0, 200).to_pylist(), default=str))
    status: Counter[int] = Counter()
    limits = httpx.Limits(max_connections=requests)
    async with httpx.AsyncClient(limits=limits, timeout=120) as client:
        asked = [client.post(url(), json={"rows": rows}) for _ in range(requests)]
        status.update(answer.status_code for answer in await asyncio.gather(*asked))
    assert set(status) <= {200, 503}, status
    return {"requests": requests, "status": dict(status)}


if __name__ == "__main__":
    main()
