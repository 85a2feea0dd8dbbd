"""What Prometheus reads at /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Meters:
    """The meters of one server, in a registry of its own.

    >>> b"vaekit_reloads_total" in Meters().text()
    True
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own, asked = self.registry, ("model", "mode")
        self.requests = Counter(
            "vaekit_requests", "Requests by model, mode and status", (*asked, "status"), registry=own
        )
        self.seconds = Histogram("vaekit_request_seconds", "Time to the answer", asked, buckets=SECONDS, registry=own)
        self.rows = Counter("vaekit_rows", "Rows asked about", asked, registry=own)
        self.busy = Gauge("vaekit_requests_at_work", "Requests that wait for their answer", registry=own)
        self.passes = Histogram(
            "vaekit_pass_requests", "Requests that went through a model together", buckets=SIZES, registry=own
        )
        self.reloads = Counter("vaekit_reloads", "Models read anew", ("model",), registry=own)

    def text(self) -> bytes:
        """All meters as Prometheus reads them."""
        return generate_latest(self.registry)
