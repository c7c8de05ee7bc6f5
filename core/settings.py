"""One typed settings object; nothing else reads the environment."""

import json
import re
import secrets
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    Field,
    FiniteFloat,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)

from core.vote import NEIGHBOURS

# Read by docker-compose.yml and by the tests.
OF_OTHERS = frozenset({"GUIDE_EXTRAS", "GUIDE_UID", "GUIDE_GID", "GUIDE_TEST_PHOTOS"})


class Settings(BaseSettings):
    """Read from ``GUIDE_*`` variables and ``.env``; built once by an entry point."""

    model_config = SettingsConfigDict(
        env_prefix="GUIDE_",
        env_file=".env",
        env_file_encoding="utf-8-sig",  # Windows' editors put a mark before the first name
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
        description="bundled, clip, optimized (what `offline export` made), "
        "or a hub id or folder of a CLIP-like SentenceTransformer",
    )
    text_model: str | None = Field(
        default=None,
        description="model for words, a hub id or folder; empty: the embedder's own",
    )
    threads: int = Field(default=2, ge=1, le=64, description="processor threads a model may use")

    k: int = Field(
        default=NEIGHBOURS, ge=1, le=1000, description="nearest gallery photos that vote"
    )
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
        description="base URL of the Bot API server",
    )
    user_hash_key: SecretStr | None = Field(
        default=None,
        description="key for hashing user ids in the query log; empty: made in the data folder",
    )
    clean_thresholds: Annotated[dict[str, FiniteFloat], NoDecode] = Field(
        default_factory=dict,
        description="cleaning thresholds by reason, as JSON; the others keep their defaults",
    )
    clean_indoor_kinds: str = Field(
        default="",
        description="kinds of places that keep their interiors, separated by commas; "
        "empty: museums, caves, stations ...",
    )
    clean_interiors: bool | None = Field(
        default=None,
        description="whether cleaning flags interiors; empty: only with a CLIP-like embedder",
    )
    export_min_first: float = Field(
        default=0.99,
        ge=0,
        le=1,
        description="share of gallery photos that an exported pair must name as its original does",
    )
    export_min_five: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="share of the five places offered that must stay the same, on average",
    )
    export_min_cosine: float = Field(
        default=0.95,
        ge=0,
        le=1,
        description="least cosine between the embeddings of an exported pair and its original",
    )
    keep_snapshots: int = Field(
        default=5, ge=1, le=1000, description="published snapshots kept for rollback"
    )
    concurrency: int = Field(
        default=256,
        ge=1,
        le=10_000,
        description="updates the bot handles at the same time; further ones wait at Telegram",
    )
    queries_per_minute: int = Field(
        default=30, ge=1, le=1000, description="queries of one person answered in a minute"
    )
    admin_ids: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(), description="Telegram user ids that may see /stats, separated by commas"
    )

    storage_chat_id: int | None = Field(
        default=None,
        description="id (a number) of a chat that the bot may fill with photos, so that inline "
        "answers can show them",
    )
    public_url: str | None = Field(
        default=None,
        description="public address of the bot's HTTP server, for photos of inline answers",
    )

    webhook_url: str | None = Field(
        default=None,
        description="public address that Telegram sends updates to; empty: the bot fetches them",
    )
    webhook_secret: SecretStr = Field(
        default_factory=lambda: SecretStr(secrets.token_urlsafe(32)),
        description="proves that updates come from Telegram; empty: made anew at every start",
    )
    http_host: str = Field(
        default="127.0.0.1",
        description="address the bot's HTTP server listens on; in a container 0.0.0.0",
    )
    http_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="port of /healthz, /metrics, photos and the webhook; empty: none, 8080 for "
        "a webhook or a public address",
    )

    web_host: str = Field(
        default="127.0.0.1",
        description="address the web guide listens on; in a container 0.0.0.0",
    )
    web_port: int = Field(default=8090, ge=0, le=65535, description="port of the web guide")
    web_api_key: SecretStr | None = Field(
        default=None,
        description="key that programs send as X-API-Key; empty: everybody may ask",
    )
    web_cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="origins of other pages that may ask, such as https://example.org, separated "
        "by commas; * for all",
    )
    web_trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="addresses or networks of proxies whose X-Forwarded-For says who asks, "
        "separated by commas",
    )
    web_requests_per_minute: int = Field(
        default=120, ge=1, le=100_000, description="requests of one address answered in a minute"
    )
    web_map_tiles: str | None = Field(
        default=None,
        description="address of map tiles with {z}, {x} and {y}; empty: the map is drawn plain",
    )
    web_map_attribution: str = Field(
        default="", description="HTML that says whose the map tiles are; their owners ask for it"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="log lines as text, or as json: one object a line"
    )
    log_retention_days: int = Field(
        default=90, ge=1, le=36_500, description="days after which a logged query is deleted"
    )

    @field_validator("admin_ids", "web_cors_origins", "web_trusted_proxies", mode="before")
    @classmethod
    def _split_by_commas(cls, ids: Any) -> Any:
        if not isinstance(ids, str):
            return ids
        return [part.strip() for part in ids.split(",") if part.strip()]

    @field_validator("clean_thresholds", mode="before")
    @classmethod
    def _read_as_json(cls, thresholds: Any) -> Any:
        if not isinstance(thresholds, str):
            return thresholds
        try:
            read = json.loads(thresholds)
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise ValueError('it needs JSON, such as {"collage": 0.8}')
        return read

    @field_validator("telegram_api", "public_url", "webhook_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url and not re.match(r"https?://[^/\s]+", url):
            raise ValueError("it needs an address that starts with http:// or https://")
        return url

    @field_validator("web_cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        # They are compared letter by letter with what browsers send, which knows no capitals and
        # no other alphabets: anything else would never be let in, and nobody told. Apps that are
        # pages inside have schemes of their own.
        as_sent = re.compile(r"\*|[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+")
        if not all(map(as_sent.fullmatch, origins)):
            raise ValueError(
                "it needs origins as browsers send them, such as https://example.org: "
                "in small Latin letters (others as xn--...), without a path; or * for all"
            )
        return origins

    @field_validator("web_map_tiles")
    @classmethod
    def _names_a_tile(cls, template: str | None) -> str | None:
        if not template:
            return None
        # goes into the page's policy, where some signs would mean something
        usable = re.fullmatch(r"https?://(\{s\}\.)?[A-Za-z0-9.:-]+/[^\s;,'\"]*", template)
        if not usable or not all(part in template for part in ("{z}", "{x}", "{y}")):
            raise ValueError("it needs an address such as https://example.org/{z}/{x}/{y}.png")
        return template

    @field_validator("web_trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ip_network(proxy)  # its error says what is wrong
        return proxies

    @field_validator("web_api_key")
    @classmethod
    def _as_a_header_takes_it(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not re.fullmatch(r"[!-~]+", key.get_secret_value()):
            raise ValueError("it needs Latin letters, digits and signs, without spaces")
        return key

    @field_validator("webhook_secret")
    @classmethod
    def _as_telegram_takes_it(cls, secret: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret.get_secret_value()):
            raise ValueError("it needs 16 to 256 letters, digits, _ and -")
        return secret


def misspelt() -> list[str]:
    """What begins like a setting and is none, in the environment and in ``.env``: a line each."""
    known = {f"GUIDE_{name.upper()}" for name in Settings.model_fields}
    given = {
        name.upper()
        for source in (EnvSettingsSource(Settings), DotEnvSettingsSource(Settings))
        for name in source.env_vars
    }
    lines = []
    for name in sorted(name for name in given - known - OF_OTHERS if name.startswith("GUIDE_")):
        close = get_close_matches(name, known, n=1, cutoff=0.85)
        hint = f"; is {close[0]} meant?" if close else ""
        lines.append(f"{name} is no setting{hint}")
    return lines


def what_is_wrong(error: ValidationError | UnicodeDecodeError) -> str:
    """What is wrong with which settings; their values may be secret and stay out."""
    if isinstance(error, UnicodeDecodeError):
        return ".env is not in UTF-8"
    return "; ".join(
        f"GUIDE_{str(problem['loc'][0]).upper()}: "  # deeper is what the value has
        + problem["msg"].removeprefix("Value error, ")
        for problem in error.errors(include_input=False)
    )
