"""The contact sheet of a run: one static page with every candidate beside good photos."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template
from urllib.parse import quote

from core.places import Place
from offline.cleaning.findings import Candidate, Reason, Scan
from offline.cleaning.histogram import histogram
from offline.gallery import Gallery, GalleryPhoto

TO_DATA_DIR = "../.."  # from a run's folder
GOOD_PHOTOS = 3  # beside each candidate

MEANING: Mapping[Reason, str] = {
    Reason.UNREADABLE: "The file is missing or no picture any more.",
    Reason.BLACK_AND_WHITE: "Without colour, or with only the trace of it a scan leaves.",
    Reason.SEPIA: "Toned in one hue, as old prints are.",
    Reason.COLLAGE: "Several pictures in one.",
    Reason.INTERIOR: "Taken inside, where a passer-by would see the outside.",
    Reason.NO_INFORMATION: "Blank, tiny, blurred, or mostly text or a map.",
    Reason.NEAR_DUPLICATE: "The same shot as another photo of its place, perhaps cropped.",
    Reason.OFF_TOPIC: "Shows no sight at all.",
    Reason.WRONG_PLACE: "Looks more like other places than like its own.",
}

_TILE = Template("<a$link>$title <strong>$count</strong>$histogram</a>")
_SECTION = Template("""<section id="$reason">
<div class="head"><h2>$title <small>$count</small></h2><span class="why">$why</span>
<span class="buttons"><button type="button" data-stay="no">all go</button>
<button type="button" data-stay="yes">all stay</button></span></div>
<div class="cards">
$groups
</div></section>""")
_GROUP = Template("""<div class="group" data-place="$place_id">
$cards
</div>""")
_CARD = Template("""<figure class="card" tabindex="0" data-photo="$photo"><label class="shots">\
<img class="suspect" loading="lazy" decoding="async" src="$copy" alt="candidate">\
<span class="good">$good</span></label><figcaption>\
<strong class="place" title="$place">$place <small>$city</small></strong><span class="facts">\
<input type="checkbox" checked autocomplete="off" tabindex="-1" aria-label="goes">\
<span class="score" title="score; a candidate from $threshold on">$score</span>$also\
<span class="source" title="$source">$source</span>\
<a href="$copy" target="_blank" tabindex="-1">open</a></span></figcaption></figure>""")
_GOOD = Template('<img loading="lazy" decoding="async" src="$src" alt="good photo of the place">')


def report_page(run: str, created: datetime, scan: Scan, gallery: Gallery) -> str:
    """Return the page as HTML, to lie in the run's folder; it needs nothing but the photos.

    Candidates stand by reason, then by place, then by score, highest first. Beside each are the
    most typical photos of the place that are no candidates; beside a near duplicate, the most
    similar ones.
    """
    here = files(__package__)
    good = _GoodPhotos(scan, gallery)
    grouped = {
        reason: [candidate for candidate in scan.candidates if reason in candidate.scores]
        for reason in Reason
    }
    sections = [
        _section(reason, candidates, scan, gallery, good)
        for reason, candidates in grouped.items()
        if candidates
    ]
    return Template((here / "report.html").read_text(encoding="utf-8")).substitute(
        run=escape(run),
        created=f"{created:%d %B %Y, %H:%M} UTC",
        css=(here / "report.css").read_text(encoding="utf-8"),
        script=(here / "report.js").read_text(encoding="utf-8"),
        candidates=len(scan.candidates),
        photos=len(gallery.photos),
        places=len({photo.place_id for photo in gallery.photos}),
        overview="\n".join(_tile(reason, len(found), scan) for reason, found in grouped.items()),
        sections="\n".join(sections) or '<p class="none">Nothing was found. All photos stay.</p>',
    )


class _GoodPhotos:
    """Photos that are no candidates, by place."""

    def __init__(self, scan: Scan, gallery: Gallery) -> None:
        bad = {candidate.photo.key for candidate in scan.candidates}
        self._by_place: dict[str, list[GalleryPhoto]] = defaultdict(list)
        for photo in gallery.photos:
            if photo.key not in bad:
                self._by_place[photo.place_id].append(photo)
        off_topic = scan.scores.get(Reason.OFF_TOPIC, {})
        for photos in self._by_place.values():
            photos.sort(key=lambda photo: off_topic.get(photo.path, 0.0))

    def beside(self, photo: GalleryPhoto, reason: Reason) -> Sequence[GalleryPhoto]:
        """Up to three photos to compare a candidate with."""
        photos = self._by_place.get(photo.place_id, [])
        if reason is Reason.NEAR_DUPLICATE:
            photos = sorted(photos, key=lambda other: _differing(photo.phash, other.phash))
        return photos[:GOOD_PHOTOS]


def _differing(phash: str, other: str) -> int:
    """In how many hex digits two perceptual hashes differ."""
    return sum(a != b for a, b in zip(phash, other, strict=False))


def _title(reason: Reason) -> str:
    return reason.replace("_", " ").capitalize()


def _tile(reason: Reason, count: int, scan: Scan) -> str:
    drawn = '<small class="unscored">no scores</small>'
    if reason in scan.thresholds:
        scores = scan.scores.get(reason, {}).values()
        drawn = histogram(scores, scan.thresholds[reason]) or drawn
    return _TILE.substitute(
        link=f' href="#{reason}"' if count else "",
        title=_title(reason),
        count=count,
        histogram=drawn,
    )


def _section(
    reason: Reason,
    candidates: Sequence[Candidate],
    scan: Scan,
    gallery: Gallery,
    good: _GoodPhotos,
) -> str:
    ordered = sorted(candidates, key=lambda c: (c.photo.place_id, -c.scores[reason]))
    groups = [
        _group(reason, place_id, list(members), scan, gallery, good)
        for place_id, members in groupby(ordered, key=lambda c: c.photo.place_id)
    ]
    return _SECTION.substitute(
        reason=reason,
        title=_title(reason),
        count=len(candidates),
        why=escape(MEANING[reason]),
        groups="\n".join(groups),
    )


def _group(
    reason: Reason,
    place_id: str,
    candidates: Sequence[Candidate],
    scan: Scan,
    gallery: Gallery,
    good: _GoodPhotos,
) -> str:
    place = gallery.places.get(place_id) or Place(place_id, place_id)
    cards = (_card(reason, candidate, place, scan, good) for candidate in candidates)
    return _GROUP.substitute(place_id=escape(place_id), cards="\n".join(cards))


def _card(reason: Reason, candidate: Candidate, place: Place, scan: Scan, good: _GoodPhotos) -> str:
    photo = candidate.photo
    others = (other for other in candidate.scores if other is not reason)
    return _CARD.substitute(
        photo=escape(photo.path),
        place=escape(place.name),
        city=escape(place.city),
        copy=_url(str(reason), photo.place_id, f"{photo.photo_id}.jpg"),
        good="".join(
            _GOOD.substitute(src=_url(TO_DATA_DIR, *other.path.split("/")))
            for other in good.beside(photo, reason)
        ),
        score=f"{candidate.scores[reason]:.3f}",
        threshold=f"{scan.thresholds[reason]:.3g}" if reason in scan.thresholds else "no threshold",
        also=_also(others),
        source=escape(", ".join(photo.sources)),
    )


def _also(reasons: Iterable[Reason]) -> str:
    return "".join(f'<span class="also">also {_title(reason).lower()}</span>' for reason in reasons)


def _url(*parts: str) -> str:
    return escape("/".join(quote(part) for part in parts))
