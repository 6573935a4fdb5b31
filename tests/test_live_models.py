import json
from pathlib import Path

import pytest
from hypothesis import given

from edgevoice import config
from edgevoice.config import BUILT_IN, Configuration
from edgevoice.daemon.builtin_tools import date_and_time
from edgevoice.daemon.server import server_of
from edgevoice.daemon.toolbox import local_tools
from edgevoice.errors import ConfigError
from edgevoice.live import models, setup_message
from edgevoice.simulator.setup import Setup, check_model
from tests.test_live_judges import MODELS, VALUES, accepted, setups

EVERY_KEY = {
    "google_search",
    "code_execution",
    "url_context",
    "proactive_audio",
    "affective_dialog",
    "language",
    "thinking.level",
    "thinking.budget",
    "thinking.thoughts",
    "translation.target",
}


def refused(model: str, *asked: str, version: str = "v1alpha") -> dict[str, str]:
    return dict(models.refusals(model, version, asked))


@pytest.mark.parametrize("name", ["gemini-4-live", "my-own", "", "gemini-3.7-live"])
def test_an_unknown_model_gets_everything_and_no_complaint(name: str) -> None:
    asked = EVERY_KEY - {"thinking.budget"}

    assert refused(name, *asked) == {}
    assert all(models.takes(name, key) for key in EVERY_KEY)


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("gemini-3.8-live", "thinking.level"),
        ("models/gemini-3.8-live", "thinking.level"),
        ("gemini-3.8-live-preview-11-2026", "thinking.budget"),
        ("gemini-3.8-live", "affective_dialog"),
        ("gemini-3.8-live", "code_execution"),
        ("gemini-3.8-live", "translation.target"),
        ("gemini-3.1-flash-live-preview", "thinking.budget"),
        ("gemini-3.1-flash-live-preview", "proactive_audio"),
        ("gemini-2.5-flash-native-audio-latest", "thinking.level"),
        ("gemini-2.5-flash-native-audio-latest", "language"),
        ("gemini-3.5-live-translate-preview", "google_search"),
    ],
)
def test_what_a_family_refuses_is_told_with_the_cure(model: str, key: str) -> None:
    text = refused(model, key, "translation.target")[key]

    assert "set it to" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        ("gemini-3.8-live", ["google_search"]),
        ("gemini-3.8-live-extended-thinking", ["thinking.level", "thinking.thoughts"]),
        ("gemini-3.1-flash-live-preview", ["thinking.level", "thinking.thoughts"]),
        (
            "gemini-2.5-flash-native-audio-preview-12-2025",
            ["thinking.budget", "proactive_audio", "affective_dialog"],
        ),
        ("gemini-3.5-live-translate-preview", ["translation.target", "instructions"]),
    ],
)
def test_what_a_family_takes_is_not_complained_of(model: str, keys: list[str]) -> None:
    assert refused(model, *keys) == {}


def test_a_model_that_has_to_be_told_how_long_to_think_says_so() -> None:
    model = "gemini-3.8-live-extended-thinking"

    assert list(refused(model)) == ["thinking.level"]
    assert refused(model, "thinking.budget") == {}


def test_a_model_that_interprets_has_to_be_told_a_language() -> None:
    assert list(refused("gemini-3.5-live-translate-preview")) == ["translation.target"]


def test_a_model_that_never_answers_is_refused() -> None:
    refusals = [*models.refusals("gemini-3.5-transcribe-live", "v1", {"model"})]

    assert [key for key, _ in refusals] == ["model"]
    assert "gemini-3.8-live answers" in refusals[0][1]


@pytest.mark.parametrize("key", ["proactive_audio", "affective_dialog"])
@pytest.mark.parametrize("model", ["gemini-2.5-flash-native-audio-latest", "a-new-one"])
def test_what_only_one_version_of_the_api_knows_is_refused_in_the_others(
    key: str, model: str
) -> None:
    assert refused(model, key, version="v1alpha") == {}
    for version in ("v1beta", "v1"):
        assert '"v1alpha" does' in refused(model, key, version=version)[key]


def test_a_level_and_a_budget_exclude_each_other_with_every_model() -> None:
    assert list(refused("a-new-one", "thinking.level", "thinking.budget")) == [
        "thinking.budget"
    ]


def test_check_names_every_key_that_the_model_refuses(tmp_path: Path) -> None:
    path = tmp_path / "edgevoice.toml"
    path.write_text(
        "[live]\nproactive_audio = true\nurl_context = true\n"
        '[live.thinking]\nlevel = "low"\n'
    )

    with pytest.raises(ConfigError) as caught:
        config.load(path)

    told = str(caught.value).splitlines()
    assert [line.removeprefix(f"{path}: ").split(": ")[0] for line in told] == [
        "live.url_context",
        "live.thinking.level",
        "live.proactive_audio",
    ]


# -- what is accepted here is taken there ----------------------------------------------


def setup_of(settings: Configuration) -> str:
    """The setup with all functions that the settings offer."""
    functions = local_tools(settings, dict.fromkeys(BUILT_IN, date_and_time))
    server = server_of(settings, "a-key").offering(functions.values())
    return setup_message.setup(server.options, None)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("key", VALUES)
def test_the_family_takes_each_setting_that_check_accepts(model: str, key: str) -> None:
    for value in VALUES[key]:
        live = {"model": model, "api_version": "v1alpha", key: value}

        check_model(Setup(json.loads(setup_of(accepted(live)))["setup"]))


@given(setups())
def test_the_family_takes_whatever_check_accepts(text: str) -> None:
    check_model(Setup(json.loads(text)["setup"]))


TABLES = {
    "tools[1]": '[[tools]]\nname = "a"\ndescription = "b"\ncommand = ["true"]',
    "mcp[1]": '[[mcp]]\nname = "a"\ncommand = ["true"]',
    "functions.installed": '[functions]\ninstalled = ["a"]',
}


@pytest.mark.parametrize("table", TABLES)
def test_tools_for_a_model_that_calls_none_are_a_mistake(table: str) -> None:
    model = '[live]\nmodel = "{}"\ntranslation.target = "en"\n'
    with pytest.raises(ConfigError) as caught:
        config.parse(
            model.format("gemini-3.5-live-translate-preview") + TABLES[table], Path("f")
        )

    assert caught.value.mistakes == (
        f"f: {table}: this model calls no functions; take it away "
        "(model gemini-3.5-live-translate-preview)",
    )
    config.parse(model.format("a-new-one") + TABLES[table], Path("f"))
