import pytest

from bot.sandbox.markup import Formatted, parse_html, with_detected
from bot.sandbox.refusals import Refused


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("plain", "plain", []),
        ("a <b>bold</b> word", "a bold word", [("bold", 2, 4)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("🏛 <b>Кремль</b>", "🏛 Кремль", [("bold", 3, 6)]),
        ("  <b> x </b>  y ", "x   y", [("bold", 0, 2)]),
        ("a &lt;b&gt; &amp; &quot;c&quot; &#33;", 'a <b> & "c" !', []),
        ("Fish & Chips &c; 1 > 0", "Fish & Chips &c; 1 > 0", []),
        ('<a href="https://example.org/?a=1&amp;b=2">x</a>', "x", [("text_link", 0, 1)]),
        ('<a href="nonsense">x</a>', "x", []),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("<b></b>x", "x", []),
    ],
)
def test_html_is_read_as_telegram_reads_it(
    markup: str, text: str, entities: list[tuple[str, int, int]]
) -> None:
    read = parse_html(markup)
    assert read.text == text
    assert [(e["type"], e["offset"], e["length"]) for e in read.entities] == entities


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("1 < 2", "Unsupported start tag"),
        ("<h1>x</h1>", "Unsupported start tag"),
        ("<b>x", "Can't find end tag corresponding to start tag b"),
        ("x</b>", "Unmatched end tag"),
        ("<b><i>x</b></i>", "Unmatched end tag"),
        ("<b", "Unsupported start tag"),
        ("<span>x</span>", "must have class"),
        ("<br>", "Unsupported start tag"),
    ],
)
def test_broken_html_is_refused(markup: str, reason: str) -> None:
    with pytest.raises(Refused, match="can't parse entities") as refused:
        parse_html(markup)
    assert reason in refused.value.description


def test_commands_mentions_links_and_tags_are_found_by_telegram_itself() -> None:
    text = "/help@city_guide_bot 🏛 @ann see https://example.org/a. #walk and/or a@b.org"
    found = with_detected(Formatted(text))
    pieces = text.encode("utf-16-le")
    assert [
        (e["type"], pieces[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le"))
        for e in found
    ] == [
        ("bot_command", "/help@city_guide_bot"),
        ("mention", "@ann"),
        ("url", "https://example.org/a"),
        ("hashtag", "#walk"),
    ]
