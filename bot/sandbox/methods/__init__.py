"""The methods of the Bot API that the sandbox knows, by their lower-case names."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox.methods import editing, itself, queries, sending
from bot.sandbox.params import Params
from bot.sandbox.telegram import Telegram

Method = Callable[[Telegram, Params], Awaitable[Any]]

METHODS: Mapping[str, Method] = {
    "getme": itself.get_me,
    "getupdates": itself.get_updates,
    "setwebhook": itself.set_webhook,
    "deletewebhook": itself.delete_webhook,
    "getwebhookinfo": itself.get_webhook_info,
    "setmycommands": itself.set_my_commands,
    "getmycommands": itself.get_my_commands,
    "deletemycommands": itself.delete_my_commands,
    "setmyname": itself.set_my_name,
    "setmydescription": itself.set_my_description,
    "setmyshortdescription": itself.set_my_short_description,
    "getchat": itself.get_chat,
    "getfile": itself.get_file,
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_photo,
    "senddocument": sending.send_document,
    "sendmediagroup": sending.send_media_group,
    "sendlocation": sending.send_location,
    "sendvenue": sending.send_venue,
    "sendchataction": sending.send_chat_action,
    "editmessagetext": editing.edit_text,
    "editmessagecaption": editing.edit_caption,
    "editmessagemedia": editing.edit_media,
    "editmessagereplymarkup": editing.edit_reply_markup,
    "deletemessage": editing.delete_message,
    "deletemessages": editing.delete_messages,
    "answercallbackquery": queries.answer_callback_query,
    "answerinlinequery": queries.answer_inline_query,
}
