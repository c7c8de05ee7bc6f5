"""Photos side by side: what was asked and what argued for the wrong answer."""

from html import escape
from string import Template

from core.places import Place
from offline.evaluating import tables
from offline.evaluating.evaluation import Evaluation
from offline.evaluating.outcomes import PhotoOutcome
from offline.evaluating.report.thumbnails import Thumbnails
from offline.evaluating.report.wording import SECTIONS

PAIRS = 18  # shown of each section
STRANGERS = 24

_SECTION = Template('<section><h2>$title</h2><p class="dim">$about</p>$body</section>')
_PAIR = Template(
    '<figure class="pair"><div class="shots">$asked$argued</div><figcaption>'
    "<span><small>$asked_as</small>$truth</span>"
    "<span><small>answered</small>$answer</span>"
    '<span class="note">$note</span></figcaption></figure>'
)


def confusions(evaluation: Evaluation, thumbnails: Thumbnails) -> str:
    """Pairs of places that are confused, with an example each."""
    body = ""
    outcomes = evaluation.asked.outcomes
    for section, photos in (("queries", outcomes.queries), ("gallery", outcomes.gallery)):
        pairs = tables.confusions(photos)
        if pairs:
            cards = "".join(
                _card(evaluation, thumbnails, section, pair.example, _count(pair))
                for pair in pairs[:PAIRS]
            )
            wrong = sum(pair.count for pair in pairs)
            more = f", the {PAIRS} most frequent shown" * (len(pairs) > PAIRS)
            body += (
                f"<h3>{SECTIONS[section]} <small>{wrong} of {len(photos)} answers are wrong, "
                f'{len(pairs)} pairs{more}</small></h3><div class="pairs">{cards}</div>'
            )
    if not body:
        return ""
    about = (
        "On the left the photo that was asked about, on the right the gallery photo that argued "
        "most for the wrong answer. A gallery photo taken for another place may be mislabelled."
    )
    return _SECTION.substitute(title="Taken for another place", about=about, body=body)


def claimed_strangers(evaluation: Evaluation, thumbnails: Thumbnails) -> str:
    """Photos of no known place that were given a name with confidence."""
    unknown = evaluation.asked.outcomes.unknown
    claimed = sorted((o for o in unknown if o.confident), key=lambda outcome: -outcome.share)
    if not claimed:
        return ""
    cards = "".join(
        _card(evaluation, thumbnails, "unknown", outcome, "") for outcome in claimed[:STRANGERS]
    )
    return _SECTION.substitute(
        title="Unknown places given a name",
        about=f"{len(claimed)} of {len(unknown)} photos of no known place were claimed.",
        body=f'<div class="pairs">{cards}</div>',
    )


def name(evaluation: Evaluation, place_id: str) -> str:
    """A place's name and city, escaped; its id where it has left the gallery."""
    place = evaluation.places.get(place_id) or Place(place_id, place_id)
    city = f" <small>{escape(place.city)}</small>" if place.city else ""
    return escape(place.name) + city


def _card(
    evaluation: Evaluation,
    thumbnails: Thumbnails,
    section: str,
    outcome: PhotoOutcome,
    count: str,
) -> str:
    claim = '<span class="claim">claimed</span>, ' if outcome.confident else "not claimed, "
    strange = section == "unknown"
    return _PAIR.substitute(
        asked=_image(thumbnails.of(section, outcome.query), "photo asked about"),
        argued=_image(thumbnails.of("gallery", outcome.photo), "photo that argued"),
        asked_as="in the folder" if strange else "shows",
        truth=escape(outcome.place_id) if strange else name(evaluation, outcome.place_id),
        answer=name(evaluation, outcome.answer),
        note=f"{count}{claim}share {outcome.share:.2f}, similarity {outcome.score:.2f}",
    )


def _image(source: str, alt: str) -> str:
    if not source:
        return "<i>no photo</i>"
    return f'<img loading="lazy" decoding="async" src="{source}" alt="{alt}">'


def _count(pair: tables.Confusion) -> str:
    return f"{pair.count} photos; this one: " if pair.count > 1 else ""
