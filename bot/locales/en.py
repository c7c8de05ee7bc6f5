"""English, which everybody who does not read Russian gets."""

from aiogram.exceptions import AiogramError

from bot.errors import ButtonExpired, DownloadFailed, NoPicture, PlaceGone, QuestionGone
from bot.locales.wording import Wording
from core.errors import (
    EmptyQuery,
    GuideError,
    ImageTooLarge,
    QueryError,
    SnapshotError,
    UnreadableImage,
)

EN = Wording(
    own_name="English",
    start=(
        "Hello! I am a city guide.\n\n"
        "• Send me a photo of a building or a monument and I will tell you which place it is.\n"
        "• Describe in words what you would like to see, for example "
        "<i>a wooden church by the river</i>, and I will show you five photos.\n"
        "• Share your location and I will tell you what there is to see nearby.\n\n"
        "More: /help"
    ),
    help=(
        "<b>By photo.</b> Send a picture of a sight: I will name the place and other candidates, "
        "and show similar photos. Several pictures of one sight may come together, as an album. "
        "You can also send the photo as a file, up to {max_photo_mb} MB. "
        "I recognise a building best when all of it is in view.\n\n"
        "<b>By words.</b> Write a name, a category or a description in any language: "
        "I will show five photos, and then more.\n\n"
        "<b>Nearby.</b> Send your location or press /nearby. "
        "Knowing where you are, I recognise places in photos better.\n\n"
        "<b>In a group.</b> Reply to a photo with /where@{username}, or mention @{username} "
        "in the caption of a photo, in a reply to it, or along with what you are looking for.\n\n"
        "{inline}"
        "Language: /language. What I store: /privacy. Delete it: /forget"
    ),
    help_inline=(
        "<b>In any chat.</b> Type @{username} and words, and pick one of the photos that appear "
        "above the text field.\n\n"
    ),
    commands={
        "start": "What I can do",
        "help": "How to ask",
        "nearby": "What there is to see nearby",
        "language": "Language of my answers",
        "privacy": "What I store and for how long",
        "forget": "Delete everything about me",
    },
    group_commands={
        "where": "What a photo shows: reply to it with this",
        "help": "How to ask",
    },
    hints={
        "video": "I cannot watch videos. Send me a frame of it as a photo.",
        "voice": "I cannot listen. Write which place you are looking for, or send a photo.",
        "sticker": (
            "Nice one! But I cannot recognise a place by it. "
            "Send a photo of a building or a monument."
        ),
        "other": "I understand photos and words. Send a photo of a place or describe it in words.",
    },
    unknown_command="I do not know this command. Please see /help",
    where_needs_photo="Reply to a photo with this command and I will tell you what it shows.",
    unsure="I am not sure which place this is. Perhaps it is one of these:",
    unknown="I do not recognise this place. Try to get all of it in view, or another side of it.",
    candidates="Other candidates:",
    looks_like="What it looks like: {categories}",
    shares={
        "certain": "almost certainly",
        "likely": "most likely",
        "probable": "probably",
        "possible": "possibly",
        "unlikely": "unlikely",
    },
    nothing_found=(
        "I found nothing that fits. Write the name of a place, its kind - a church, a bridge, "
        "a museum - or what it looks like."
    ),
    mention_needs_words=(
        "Write what you are looking for along with @{username}, or reply to a photo with "
        "/where@{username} and I will tell you what it shows."
    ),
    that_is_all="That is all I found. Try describing it in other words.",
    found_photos="Press a place to learn more about it:",
    found_without_photos="I found these places, but their photos are not available right now:",
    distance_from_you="{distance} from you",
    one_day="1 day",
    days="{number} days",
    metres="{number} m",
    kilometres="{number} km",
    decimal_mark=".",
    photo_shown="Photo {first} of {total}",
    photos_shown="Photos {first}–{last} of {total}",
    no_more_photos="There are no more photos of this place.",
    button_right="✅ That's it",
    button_wrong="❌ Not it",
    button_none="❌ None of these",
    button_map="🗺 On the map",
    button_photos="🖼 More photos",
    button_nearby="📍 Nearby",
    button_more="More ▸",
    button_article="📖 Wikipedia",
    button_location="📍 Send where I am",
    thanks_right="Thank you! Glad I recognised it.",
    thanks_wrong="Thank you, noted. See whether your place is among the other candidates.",
    thanks_none="Thank you, noted. Try to get all of the place in view, or another side of it.",
    location_kept=(
        "I will remember where you are for {minutes} min and use it when you send a photo."
    ),
    location_followed="I see where you are going and will use it when you send a photo.",
    location_needed="Send me your location and I will tell you what there is to see nearby.",
    location_needed_in_group=(
        "I tell what is near you in a private chat only, @{username}: ask me /nearby there. "
        "In a group everybody would see where you are."
    ),
    near_you="<b>Near you:</b>",
    near_place="<b>Near “{name}”:</b>",
    nothing_near="There is nothing close by. <b>The nearest:</b>",
    no_positions="I have nothing to show here: I do not know where the places are.",
    choose_language="Which language shall I answer in?",
    language_chosen="All right, I will answer in English.",
    privacy=(
        "<b>What I store</b>\n"
        "• Questions: the time, the language, the kind of chat, the words, the number of the photo "
        "in Telegram, the answer, and whether you said “that's it” or “not it”. "
        "The photos themselves are not stored.\n"
        "• The language you chose.\n"
        "In place of your name and number there is a code that only this bot can make.\n\n"
        "<b>For how long</b>\n"
        "• Questions are deleted after {days}.\n"
        "• The language is kept until you send /forget.\n"
        "• Where you are is kept for {minutes} min, or as long as you share your live location; "
        "it never reaches the disk. Coordinates in a photo sent as a file "
        "serve only to answer that photo.\n\n"
        "Delete everything now: /forget"
    ),
    forgotten=(
        "Done: I have forgotten your questions ({queries}), your feedback, "
        "the language you chose and where you are."
    ),
    inline_nothing="Nothing fits. Ask me in a private chat",
    inline_not_ready="The photos are being prepared, try again soon",
    crowded="Many people are asking right now. A moment, please: I will get to your photo.",
    too_many="That was a lot at once. Please give me a minute, then ask on.",
    too_many_in_group=(
        "There are many questions in this group. I will answer the next ones in a minute."
    ),
    interrupted="I am being restarted. If you miss an answer, please ask again in a minute.",
    stats=(
        "<b>The last {days}</b>\n"
        "Queries: {queries}, people: {people}\n"
        "Confident about photos: {confident}\n"
        "Languages: {languages}\n"
        "Slowest stage: {slowest}\n\n"
        "<b>By day</b>\n{by_day}\n\n"
        "<b>Places named most often</b>\n{places}"
    ),
    stats_none="none yet",
    errors={
        Exception: "Something broke on my side. Please try again a little later.",
        AiogramError: (
            "Telegram did not confirm my answer. If something is missing, please ask again."
        ),
        GuideError: "I cannot answer right now. Please try again a little later.",
        SnapshotError: "The guide is being updated. Please try again in a few minutes.",
        DownloadFailed: "I could not download the photo from Telegram. Please send it again.",
        QueryError: "I do not understand this. Send a photo of a place or describe it in words.",
        UnreadableImage: (
            "I could not open this picture. Send it as a photo rather than as a file, "
            "or as JPEG, PNG or WebP."
        ),
        ImageTooLarge: (
            "This picture is too large: it has more than {max_photo_mb} MB or too many pixels. "
            "Send it as a photo rather than as a file, and Telegram will shrink it."
        ),
        EmptyQuery: "I see no words in your message. Write which place you are looking for.",
        NoPicture: (
            "This does not look like a picture. Send a photo of a place or describe it in words."
        ),
        PlaceGone: "This place is no longer in the guide.",
        QuestionGone: "I no longer remember this question. Please ask it again.",
        ButtonExpired: "This button is too old. Please ask again.",
    },
)
