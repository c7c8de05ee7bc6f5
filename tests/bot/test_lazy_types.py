"""In processes of their own: here aiogram's types may be built already."""

import subprocess
import sys

LAZY = """
from bot.lazy_types import build_when_used
build_when_used()
import bot.app
from aiogram import methods, types
models = {
    each
    for module in (types, methods)
    for name in module.__all__
    if hasattr(each := getattr(module, name), "model_rebuild")
}
"""


def run(code: str, before: str = LAZY) -> str:
    done = subprocess.run(
        [sys.executable, "-c", before + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_aiogram_leaves_most_of_its_types_to_their_first_use() -> None:
    built, all_of_them = map(
        int, run("print(sum(m.__pydantic_complete__ for m in models), len(models))").split()
    )
    assert all_of_them > 300
    assert built < all_of_them / 2


def test_every_type_can_be_built() -> None:
    told = run("""
for model in models:
    model.model_rebuild()
print(sum(not model.__pydantic_complete__ for model in models))
""")
    assert told == "0"


def test_a_type_is_built_by_using_it_with_all_within() -> None:
    told = run("""
update = types.Update.model_validate(
    {
        "update_id": 1,
        "message": {
            "message_id": 2,
            "date": 3,
            "chat": {"id": 4, "type": "private"},
            "photo": [{"file_id": "a", "file_unique_id": "b", "width": 5, "height": 6}],
            "reply_to_message": {
                "message_id": 1, "date": 2, "chat": {"id": 4, "type": "private"}, "text": "before"
            },
        },
    }
)
asked = update.message.reply("after")
print(
    update.message.photo[0].width,
    update.message.reply_to_message.text,
    type(asked).__name__,
    asked.model_dump(exclude_none=True)["text"],
)
""")
    assert told == "5 before SendMessage after"


def test_nothing_of_what_telegram_answers_is_kept() -> None:
    told = run("""
from aiogram import Bot
from bot import lazy_types

bot = Bot("1:a")
content = '{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"}}}'
answer = bot.session.check_response(bot, methods.SendMessage(chat_id=1, text="x"), 200, content)
print(type(answer.result).__name__, "content" in lazy_types._namespace)
""")
    assert told == "Message False"


def test_other_models_are_built_as_ever() -> None:
    told = run("""
from pydantic import BaseModel

class Tree(BaseModel):
    leaf: "Leaf"

def within():
    class Leaf(BaseModel):
        green: bool

    Tree.model_rebuild()  # finds Leaf where it is called
    return Tree.model_validate({"leaf": {"green": True}})

print(within())
""")
    assert told == "leaf=Leaf(green=True)"


def test_the_bot_is_run_with_types_yet_to_be_built() -> None:
    told = run(
        """
from bot.__main__ import _run

async def serve():
    import bot.service
    from aiogram import types
    print(types.Update.__pydantic_complete__)
    bot.service.build_now(bot.service.TYPES)
    print(types.Update.__pydantic_complete__)

assert _run(serve) == 0
""",
        before="",
    )
    assert told.split() == ["False", "True"]
