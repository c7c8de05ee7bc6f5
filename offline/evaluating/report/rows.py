"""The tables of the page."""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

from core.metrics import Interval
from offline.evaluating import tables
from offline.evaluating.evaluation import Comparison, Evaluation
from offline.evaluating.measures import Difference
from offline.evaluating.report.pictures import name
from offline.evaluating.report.wording import (
    LOWER_IS_BETTER,
    MEASURES,
    NEITHER_IS_BETTER,
    SECTIONS,
    section_title,
)

SHOWN = 0.0005  # smaller changes cannot be seen in three digits
WORST = 12  # places shown at once
FAILURES = 60  # of queries in words


def figure(value: float) -> str:
    """A figure with three digits; a dash for what is undefined."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def change_of(change: Difference) -> str:
    """A change with its sign, bold and coloured if it is clear."""
    value = change.now - change.before
    style = "change"
    if change.exceeds:
        better = (value > 0) != (change.name in LOWER_IS_BETTER)
        style += " clear"
        if change.name not in NEITHER_IS_BETTER:
            style += " better" if better else " worse"
    return "–" if math.isnan(value) else f'<span class="{style}">{value:+.3f}</span>'


def changes(comparison: Comparison) -> str:
    """What changed since an earlier evaluation."""
    parts = []
    for section, found in comparison.sections.items():
        rows = [
            [
                MEASURES[change.name][0],
                figure(change.before),
                figure(change.now),
                change_of(change),
                f"{change.interval.low:+.3f} .. {change.interval.high:+.3f}",
            ]
            for change in found
            if abs(change.now - change.before) >= SHOWN
        ]
        if not rows:
            continue
        head = ("", "before", "now", "change", "range")
        asked = f"<small>{found[0].queries} asked both times</small>"
        parts.append(f"<div><h3>{section_title(section)} {asked}</h3>{_table(head, rows)}</div>")
    nothing = "" if parts else "<p>No figure of a query asked both times is different.</p>"
    return (
        f'<section><h2>What changed</h2><p class="dim">Since {escape(comparison.file)}, snapshot '
        f"{escape(comparison.snapshot)}. Bold changes are clear: the middle 95&nbsp;% of paired "
        f"bootstrap samples lie on one side of zero. Figures that stayed are left out.</p>"
        f'<div class="columns">{"".join(parts)}</div>{nothing}</section>'
    )


def places(evaluation: Evaluation) -> str:
    """The worst places, and figures by category and city."""
    outcomes = evaluation.asked.outcomes
    photos = outcomes.known
    if not photos:
        return ""

    def place(part: tables.Part) -> str:
        return name(evaluation, part.key)

    def other(part: tables.Part) -> str:
        return escape(part.label or "none")

    worst = tables.by_place(photos, evaluation.places)
    rest = ""
    if len(worst) > WORST:
        rest = _parts(worst[WORST:], place)
        rest = f"<details><summary>{len(worst) - WORST} more</summary>{rest}</details>"
    by_category = tables.by_category(photos, evaluation.places)
    categories = (
        _parts(by_category, other) if by_category else '<p class="dim">No place has one.</p>'
    )
    cities = _parts(tables.by_city(photos, evaluation.places), other)
    return (
        f'<section><h2>Places, the worst first</h2><p class="dim">'
        f"{SECTIONS['queries' if outcomes.queries else 'gallery']}.</p>"
        f"{_parts(worst[:WORST], place)}{rest}</section>"
        f'<div class="columns"><section><h2>Categories</h2><p class="dim">How well the names of '
        f"places are found; a place counts in every category it has.</p>{categories}</section>"
        f'<section><h2>Cities</h2><p class="dim">How well names are found in each.</p>{cities}'
        f"</section></div>"
    )


def words(evaluation: Evaluation) -> str:
    """Queries in words by kind, and those that went wrong."""
    outcomes = evaluation.asked.outcomes.texts
    if not outcomes:
        return ""
    head = ("kind of query", "lang", "asked", "hit@1", "precision@5", "MRR", "refused")
    kinds = (
        [
            f"<strong>{escape(row['how'])}</strong>" if row["lang"] == "all" else "",
            escape(row["lang"]),
            str(row["queries"]),
            *(figure(row[column]) for column in ("hit_1", "precision_5", "mrr", "refused")),
        ]
        for row in tables.by_how(outcomes)
    )
    failed = [
        outcome
        for outcome in outcomes
        if (outcome.rank != 1 if outcome.relevant else bool(outcome.answers))
    ]
    rows = (
        [
            f"{escape(outcome.query)}<small>{escape(outcome.how)}, {escape(outcome.language)}"
            "</small>",
            _names(evaluation, outcome.relevant),
            _names(evaluation, outcome.answers),
        ]
        for outcome in failed[:FAILURES]
    )
    wrong = ""
    if failed:
        wrong = f"<h3>The first photo is wrong <small>{len(failed)} queries</small></h3>"
        wrong += _table(("words", "fits", "answered"), rows, figures=False)
    return f"<section><h2>Words</h2>{_table(head, kinds)}{wrong}</section>"


def figures(evaluation: Evaluation) -> str:
    """Every measure with its interval."""
    parts = []
    for section, measures in evaluation.measures.items():
        rows = (
            [
                _measure(measure),
                figure(measured.value),
                _range(measured.interval),
            ]
            for measure, measured in measures.items()
        )
        parts.append(
            f"<div><h3>{section_title(section)}</h3>{_table(('', 'value', 'range'), rows)}</div>"
        )
    return f'<div class="columns">{"".join(parts)}</div>'


def _names(evaluation: Evaluation, place_ids: Sequence[str]) -> str:
    """Names of places, each once."""
    places = evaluation.places
    known = (places[place_id].name for place_id in dict.fromkeys(place_ids) if place_id in places)
    return escape(", ".join(known)) or "<em>nothing</em>"


def _parts(parts: Sequence[tables.Part], label: Callable[[tables.Part], str]) -> str:
    rows = (
        [
            label(part),
            f'<span><i style="width:{100 * part.hit_1:.0f}%"></i></span>',
            figure(part.hit_1),
            figure(part.hit_5),
            figure(part.mrr),
            str(part.queries),
        ]
        for part in parts
    )
    return _table(("", "name right", "hit@1", "hit@5", "MRR", "asked"), rows, bar=1)


def _measure(measure: str) -> str:
    title, meaning = MEASURES[measure]
    return f"{title}<small>{meaning}</small>"


def _range(interval: Interval) -> str:
    """From where to where; one dash for what is undefined."""
    if math.isnan(interval.low):
        return figure(interval.low)
    return f"{figure(interval.low)} – {figure(interval.high)}"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, figures: bool = True, bar: int = 0
) -> str:
    """A table of cells that are HTML already; all but the first column are figures."""

    def cell(tag: str, column: int, text: str) -> str:
        style = "bar" if bar and column == bar else "n" if column and figures else ""
        return f"<{tag}{f' class={style}' if style else ''}>{text}</{tag}>"

    def line(tag: str, cells: Sequence[str]) -> str:
        return f"<tr>{''.join(cell(tag, *numbered) for numbered in enumerate(cells))}</tr>"

    body = "".join(line("td", row) for row in rows)
    return (
        f'<div class="scroll"><table><thead>{line("th", head)}</thead><tbody>{body}</tbody>'
        "</table></div>"
    )
