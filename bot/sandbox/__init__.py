"""A local Telegram, to try the bot in and to test it with: a Bot API server and a chat page."""
