from pathlib import Path

import pytest

from edgevoice import config
from edgevoice.errors import ConfigError
from edgevoice.live import models

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
            ["thinking.budget", "proactive_audio", "affective_dialog", "language"],
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
