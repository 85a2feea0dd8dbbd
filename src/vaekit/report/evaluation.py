"""The page that `evaluate(...).save("report.html")` writes: what was measured, what it means, when to worry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vaekit.modes.evaluate import Report
from vaekit.report import common, findings, images, rows, streams
from vaekit.report.page import page

Sections = tuple[Callable[[Report], common.Section | None], ...]

SECTIONS: Sections = (
    common.at_a_glance, findings.findings, rows.imputation, rows.samples, common.privacy, findings.drifted, common.calibration,
    common.latents, findings.factors, rows.reconstruction, common.bound, common.training,
)  # fmt: skip
IMAGE_SECTIONS: Sections = (
    common.at_a_glance, findings.findings, images.reconstruction, images.samples, images.imputation, images.latents,
    findings.factors, images.strange, common.privacy, findings.drifted, common.calibration, images.bound, common.training,
)  # fmt: skip
STREAM_SECTIONS: Sections = (
    common.at_a_glance, findings.findings, streams.overlay, streams.imputation, streams.samples, streams.reconstruction,
    findings.drifted, streams.calibration, common.latents, findings.factors, common.bound, common.training,
)  # fmt: skip
PAGES: Mapping[str, Sections] = {"rows": SECTIONS, "images": IMAGE_SECTIONS, "windows": STREAM_SECTIONS}


def write(report: Report) -> str:
    """The whole page as HTML."""
    metrics, about = report.metrics, report.about
    of, used, given = metrics["of"], metrics["rows"]["used"], metrics["rows"]["given"]
    chosen = f"{used:,} {of}" if used == given else f"{used:,} of {given:,} {of}, chosen at random"
    columns = {"rows": f" and {len(about['kinds'])} modelled columns", "images": "",
               "windows": f" and {len(about['kinds'])} channels"}[of]  # fmt: skip
    lead = (
        f"A variational autoencoder ({about['preset']}, {about['latents']} latents) fitted to "
        f"{about['rows']:,} {'steps' if of == 'windows' else of}{columns}, measured on {chosen}."
    )
    made = [part(report) for part in PAGES[of]]
    foot = f"vaekit {about['versions']['vaekit']}. The same numbers for programs: `report.metrics`, or a report saved as .json."
    return page("How good is this model?", lead, [each for each in made if each is not None], foot)
