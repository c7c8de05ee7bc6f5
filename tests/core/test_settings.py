import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from core.settings import Settings, misspelt, what_is_wrong

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GUIDE_DATA_DIR", "GUIDE_EMBEDDER", "GUIDE_BOT_TOKEN", "BOT_TOKEN", "GUIDE_K"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default() -> None:
    settings = Settings()
    assert settings.data_dir == Path("data")
    assert settings.embedder == "bundled"
    assert settings.bot_token is None


def test_settings_come_from_the_environment_and_from_dotenv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("GUIDE_K=7\nGUIDE_EMBEDDER=clip\nUNRELATED=1\nGUIDE_THREADS=\n")
    monkeypatch.setenv("GUIDE_EMBEDDER", "bundled")
    settings = Settings()
    assert (settings.k, settings.embedder, settings.threads) == (7, "bundled", 2)


def test_dotenv_may_begin_with_the_mark_that_editors_of_windows_write(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GUIDE_K=7\nGUIDE_COLOURS=many\n", encoding="utf-8-sig")
    assert Settings().k == 7
    assert misspelt() == ["GUIDE_COLOURS is no setting"]


@pytest.mark.parametrize("name", ["GUIDE_BOT_TOKEN", "BOT_TOKEN"])
def test_the_token_has_two_names_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "42:secret")
    settings = Settings()
    assert settings.bot_token is not None
    assert settings.bot_token.get_secret_value() == "42:secret"
    assert ":secret" not in repr(settings)
    monkeypatch.setenv("GUIDE_BOT_TOKEN", "7:own")
    assert Settings().bot_token == SecretStr("7:own")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GUIDE_K", "0"),
        ("GUIDE_MAX_PHOTO_MB", "many"),
        ("GUIDE_TELEGRAM_API", "localhost:8081"),
        ("GUIDE_ADMIN_IDS", "7,ann"),
        ("GUIDE_CLEAN_THRESHOLDS", "collage=0.8"),
        ("GUIDE_CLEAN_THRESHOLDS", '{"collage": "much"}'),
        ("GUIDE_CLEAN_THRESHOLDS", "[0.8]"),
        ("GUIDE_CLEAN_THRESHOLDS", '{"collage": NaN}'),
        ("GUIDE_WEBHOOK_URL", "guide.example/telegram"),
        ("GUIDE_WEBHOOK_SECRET", "guessable"),
        ("GUIDE_WEB_CORS_ORIGINS", "guide.example"),
        ("GUIDE_WEB_CORS_ORIGINS", "https://guide.example/"),
        ("GUIDE_WEB_CORS_ORIGINS", "https://Guide.example"),
        ("GUIDE_WEB_CORS_ORIGINS", "https://гид.рф"),
        ("GUIDE_WEBHOOK_SECRET", "letters-and-digits, then more"),
        ("GUIDE_WEB_API_KEY", "two words"),
        ("GUIDE_WEB_API_KEY", "ключ"),
        ("GUIDE_LOG_RETENTION_DAYS", "0"),
        ("GUIDE_WEB_MAP_TILES", "https://tiles.example/all.png"),
        ("GUIDE_WEB_MAP_TILES", "https://tiles.example/{z}/{x}.png"),
        ("GUIDE_WEB_MAP_TILES", "https://tiles.example/{z}/{x}/{y}.png;script-src"),
        ("GUIDE_WEB_MAP_TILES", "https://tiles.example; script-src */{z}/{x}/{y}.png"),
    ],
)
def test_a_setting_without_meaning_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    told = what_is_wrong(refused.value)
    assert told.startswith(f"{name}: ")
    assert value not in told
    assert "pattern" not in told  # nobody should have to read one
    assert "Value error" not in told


def test_a_proxy_is_an_address_or_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDE_WEB_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16, ::1")
    assert Settings().web_trusted_proxies == ("10.0.0.1", "10.1.0.0/16", "::1")
    monkeypatch.setenv("GUIDE_WEB_TRUSTED_PROXIES", "proxy.example")
    with pytest.raises(ValidationError):
        Settings()


def test_a_webhook_secret_that_is_not_set_is_made_anew() -> None:
    assert Settings().webhook_secret != Settings().webhook_secret


def test_thresholds_are_read_as_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GUIDE_CLEAN_THRESHOLDS='{\"collage\": 0.8}'\n")
    assert Settings().clean_thresholds == {"collage": 0.8}
    monkeypatch.setenv("GUIDE_CLEAN_THRESHOLDS", '{"sepia": 1}')
    assert Settings().clean_thresholds == {"sepia": 1.0}


def test_pages_of_any_origin_may_be_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDE_WEB_CORS_ORIGINS", "*")
    assert Settings().web_cors_origins == ("*",)
    monkeypatch.setenv("GUIDE_WEB_CORS_ORIGINS", "http://localhost:3000, https://guide.example")
    assert Settings().web_cors_origins == ("http://localhost:3000", "https://guide.example")
    monkeypatch.setenv("GUIDE_WEB_CORS_ORIGINS", "capacitor://localhost")  # of a page in an app
    assert Settings().web_cors_origins == ("capacitor://localhost",)


@pytest.mark.parametrize(("text", "ids"), [("7", (7,)), ("7, 8,", (7, 8))])
def test_admins_are_listed_with_commas(
    monkeypatch: pytest.MonkeyPatch, text: str, ids: tuple[int, ...]
) -> None:
    monkeypatch.setenv("GUIDE_ADMIN_IDS", text)
    assert Settings().admin_ids == ids


def test_the_example_lists_every_setting_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^#?\s*(GUIDE_[A-Z_]+)=(\S*)", example, re.MULTILINE))
    fields = Settings.model_fields
    assert set(listed) == {f"GUIDE_{name.upper()}" for name in fields}
    for name, field in fields.items():
        made_up = field.default in (None, ()) or field.default_factory is not None
        default = "" if made_up else str(field.default)
        assert listed[f"GUIDE_{name.upper()}"] == default, name
        assert str(field.description) in example, name


def test_names_that_are_no_setting_are_told_with_the_one_that_may_be_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("GUIDE_WEB_API_KY=s3cret\nGUIDE_UID=1000\nGUIDE_K=7\nPATH=x\n")
    monkeypatch.setenv("GUIDE_COLOURS", "many")
    monkeypatch.setenv("guide_threads", "2")
    assert misspelt() == [
        "GUIDE_COLOURS is no setting",
        "GUIDE_WEB_API_KY is no setting; is GUIDE_WEB_API_KEY meant?",
    ]
