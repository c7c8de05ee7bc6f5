"""One typed settings object; nothing else reads the environment."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from ``GUIDE_*`` variables and ``.env``; built once by an entry point."""

    model_config = SettingsConfigDict(
        env_prefix="GUIDE_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    data_dir: Path = Field(
        default=Path("data"), description="folder with everything the guide owns at run time"
    )
    embedder: str = Field(
        default="bundled",
        description="bundled, clip, or a hub id or folder of a CLIP-like SentenceTransformer",
    )
    text_model: str | None = Field(
        default=None,
        description="model for words, a hub id or folder; empty: the embedder's own",
    )
    threads: int = Field(default=2, ge=1, le=64, description="processor threads a model may use")

    k: int = Field(default=20, ge=1, le=1000, description="nearest gallery photos that vote")
    max_photo_mb: float = Field(default=20, gt=0, le=512, description="largest photo accepted, MB")
    max_megapixels: float = Field(
        default=64, gt=0, le=1000, description="most pixels a photo may have, millions"
    )

    bot_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("GUIDE_BOT_TOKEN", "BOT_TOKEN"),
        description="the bot's token from @BotFather (BOT_TOKEN works too); only the bot needs it",
    )
    telegram_api: str = Field(
        default="https://api.telegram.org",
        pattern=r"^https?://[^/\s]+",
        description="base URL of the Bot API server",
    )
    user_hash_key: SecretStr | None = Field(
        default=None,
        description="key for hashing user ids in the query log; empty: made in the data folder",
    )
    keep_snapshots: int = Field(
        default=5, ge=1, le=1000, description="published snapshots kept for rollback"
    )
    concurrency: int = Field(
        default=32, ge=1, le=1000, description="updates the bot handles at the same time"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
