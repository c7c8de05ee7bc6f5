"""Put the page together: main figures first, then curves, pictures and tables."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from string import Template

from offline.evaluating.evaluation import Evaluation
from offline.evaluating.measures import Difference, Measure
from offline.evaluating.report import curves, pictures, rows
from offline.evaluating.report.thumbnails import Thumbnails
from offline.evaluating.report.wording import HEADLINES, MEASURES

_TILE = Template(
    '<div class="tile" title="$meaning"><span>$title</span><b>$value</b>'
    '<span class="range" aria-hidden="true"><i style="left:$low%;right:$rest%"></i>'
    '<u style="left:$at%"></u></span><span>$interval$change</span></div>'
)


def report_page(evaluation: Evaluation, thumbnails: Thumbnails) -> str:
    """Return the page as HTML, photos and all; it opens without a network."""
    here = files(__package__)
    asked = evaluation.asked
    return Template((here / "page.html").read_text(encoding="utf-8")).substitute(
        css=(here / "page.css").read_text(encoding="utf-8"),
        version=escape(asked.snapshot.version),
        lead=_lead(evaluation),
        tiles="\n".join(_tiles(evaluation)),
        changes=rows.changes(evaluation.comparison) if evaluation.comparison else "",
        charts="\n".join(curves.charts(evaluation)),
        confusions=pictures.confusions(evaluation, thumbnails),
        strangers=pictures.claimed_strangers(evaluation, thumbnails),
        places=rows.places(evaluation),
        words=rows.words(evaluation),
        figures=rows.figures(evaluation),
        rounds=evaluation.rounds,
    )


def _lead(evaluation: Evaluation) -> str:
    asked = evaluation.asked
    manifest, outcomes = asked.snapshot.manifest, asked.outcomes
    counts = (
        (len(outcomes.queries), "labelled photos"),
        (len(outcomes.unknown), "photos of unknown places"),
        (len(outcomes.texts), "queries in words"),
    )
    also = "".join(f", {count} {what}" for count, what in counts if count)
    alone = f" {asked.alone} could not be asked, being the only shot of their place." * bool(
        asked.alone
    )
    return (
        f"Snapshot {escape(manifest.version)}: {manifest.photos} photos of {manifest.places} "
        f"places, embedder {escape(manifest.embedder)}. Asked {evaluation.created:%d %B %Y, %H:%M} "
        f"UTC: {len(outcomes.gallery)} gallery photos, each of the gallery without it and its "
        f"copies ({asked.groups} different shots){also}.{alone}"
    )


def _tiles(evaluation: Evaluation) -> Iterator[str]:
    """The main figures: photos once, of the labelled ones if there are any."""
    photos = "queries" if "queries" in evaluation.measures else "gallery"
    sections = {photos: HEADLINES["photos"]}
    sections |= {name: HEADLINES[name] for name in ("unknown", "texts")}
    compared = evaluation.comparison.sections if evaluation.comparison else {}
    for section, names in sections.items():
        measures = evaluation.measures.get(section, {})
        for name in names:
            if name in measures:
                yield _tile(section, name, measures[name], compared.get(section, ()))


def _tile(section: str, name: str, measured: Measure, changes: Sequence[Difference]) -> str:
    title, meaning = MEASURES[name]
    if section == "texts":
        title = f"Words: {title}"
    change = next((change for change in changes if change.name == name), None)
    undefined = math.isnan(measured.interval.low)
    low, high = (0.0, 1.0) if undefined else (measured.interval.low, measured.interval.high)
    return _TILE.substitute(
        title=title,
        meaning=meaning,
        value=rows.figure(measured.value),
        low=f"{100 * low:.1f}",
        rest=f"{100 - 100 * high:.1f}",
        at=f"{100 * (0 if math.isnan(measured.value) else measured.value):.1f}",
        interval="" if undefined else f"{low:.3f} – {high:.3f}",
        change=f" {rows.change_of(change)}" if change else "",
    )
