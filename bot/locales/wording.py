"""What the bot says, as fields that every language must fill: one left out fails at import.

Sentences are HTML. The placeholders of a sentence are named beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """The bot's sentences in one language."""

    # what the bot is
    own_name: str  # of the language
    start: str
    help: str  # {username} {max_photo_mb} {inline}
    help_inline: str  # joins it where inline mode is switched on: {username}
    commands: Mapping[str, str]  # command -> its line in Telegram's menu of a private chat
    group_commands: Mapping[str, str]  # the same in a group

    # what it cannot use, by "video", "voice", "sticker" and "other"
    hints: Mapping[str, str]
    unknown_command: str
    where_needs_photo: str

    # a photo
    unsure: str
    unknown: str  # not even candidates
    candidates: str
    looks_like: str  # {categories}
    shares: Mapping[str, str]  # see `bot.texts.share_in_words`

    # words
    nothing_found: str
    mention_needs_words: str  # {username}
    that_is_all: str
    found_photos: str  # above buttons with the places found
    found_without_photos: str

    # a place
    distance_from_you: str  # {distance}
    one_day: str
    days: str  # {number}
    metres: str  # {number}
    kilometres: str  # {number}
    decimal_mark: str
    photo_shown: str  # {first} {total}
    photos_shown: str  # {first} {last} {total}
    no_more_photos: str

    # buttons
    button_right: str
    button_wrong: str
    button_none: str
    button_map: str
    button_photos: str
    button_nearby: str
    button_more: str
    button_article: str
    button_location: str

    # feedback
    thanks_right: str
    thanks_wrong: str
    thanks_none: str

    # where the person is
    location_kept: str  # {minutes}
    location_followed: str
    location_needed: str
    location_needed_in_group: str  # {username}
    near_you: str
    near_place: str  # {name}
    nothing_near: str
    no_positions: str

    # the person's own data
    choose_language: str
    language_chosen: str
    privacy: str  # {days} {minutes}
    forgotten: str  # {queries}

    # inline
    inline_nothing: str  # on a button: plain text, short
    inline_not_ready: str

    # when much is asked
    crowded: str
    too_many: str
    too_many_in_group: str
    interrupted: str

    # for admins
    stats: str  # {days} {queries} {people} {by_day} {languages} {confident} {places} {slowest}
    stats_none: str  # in place of a part without data

    errors: Mapping[type[Exception], str]  # a type not listed uses its closest base; {max_photo_mb}
