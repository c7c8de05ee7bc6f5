"""Words that name no place: what people also type into a chat, for choosing a threshold.

In several languages and kinds: greetings, questions, shopping, keys hit at random, numbers. They
are examples, not a filter: a query is never compared with them.
"""

PHRASES = (
    "доброе утро", "спасибо большое", "что ты умеешь", "кто ты такой", "где мои ключи",
    "скачать фильм бесплатно", "ремонт стиральной машины", "расписание электричек", "мем",
    "сколько будет два плюс два", "лекарство от головной боли", "новые кроссовки", "борода",
    "как сварить рис", "гороскоп на неделю", "мой телефон не работает", "котёнок", "шаурма",
    "результаты матча", "кредит под низкий процент", "ааааа", "фывапролдж", "ваолрп", "ололо",
    "good morning", "thank you very much", "who are you", "download a movie", "chicken soup recipe",
    "washing machine repair", "stock prices today", "javascript tutorial", "new running shoes",
    "how old are you", "what is the meaning of life", "weather tomorrow", "puppy", "smartphone",
    "lol", "test", "wasd wasd", "jkhgfd", "xyzzy", "12345", "0", "3.14159", "abc",
    "guten Abend", "wie geht es dir", "Rezept für Kuchen", "merci beaucoup", "où est mon chat",
    "buenas noches", "zapatos nuevos", "ciao bella", "obrigado", "teşekkür ederim", "merhaba",
    "你好", "谢谢", "こんにちは", "안녕하세요", "مرحبا", "नमस्ते",
)  # fmt: skip
