import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import ConfigError
from edgevoice.setup.settings_file import Key, Value, set_keys

SHIPPED = (Path(__file__).parent.parent / "config" / "edgevoice.toml").read_text()
KEYS: list[Key] = [
    ("live", "key_file"),
    ("microphone", "device"),
    ("speaker", "device"),
    ("speaker", "volume"),
    ("button", "source"),
    ("button", "pin"),
    ("indicator", "pin"),
]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.integers(-1, 100) | texts
changes = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)
remarks = st.sampled_from(["", "# a remark", "#pin = 3", "# pin = 3", "#device = 1"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """Settings as a person may have them: tables or dotted keys, remarks, old lines."""
    dotted = draw(st.booleans())
    lines = [draw(remarks)]
    for table in draw(st.permutations(["live", "microphone", "speaker", "button"])):
        named = draw(st.sampled_from([[key for key in KEYS if key[0] == table], []]))
        lines += [] if dotted else [f"[{table}]"]
        prefix = f"{table}." if dotted else ""
        for _, key in named:
            value = draw(st.sampled_from(["7", '"a#b"', '"""x\n[button]\npin = 1"""']))
            lines += [f"{prefix}{key} = {value}{draw(remarks)}", draw(remarks)]
        lines += draw(st.sampled_from([[], [f"{prefix}other = [\n1, # one\n2]"]]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return "\n".join(lines).replace("\n", end)


def expected(text: str, changes: dict[Key, Value]) -> dict[str, Any]:
    wanted = tomllib.loads(text)
    for (table, key), value in changes.items():
        wanted.setdefault(table, {})[key] = value
    return wanted


@given(files() | st.sampled_from(["", SHIPPED, SHIPPED.rstrip()]), changes)
def test_the_result_reads_as_the_old_settings_and_the_changes(
    text: str, changes: dict[Key, Value]
) -> None:
    try:
        changed = set_keys(text, changes)
    except ConfigError:
        # Only a value of several lines is left to the person.
        assert '"""' in text
        return

    assert tomllib.loads(changed) == expected(text, changes)


@given(files(), changes)
def test_every_remark_is_kept(text: str, changes: dict[Key, Value]) -> None:
    try:
        changed = set_keys(text, changes)
    except ConfigError:
        return

    for remark in ("# a remark", "# pin = 3"):
        assert changed.count(remark) >= text.count(remark)


@given(changes)
def test_in_the_shipped_file_only_the_lines_of_the_keys_change(
    changes: dict[Key, Value],
) -> None:
    before, after = SHIPPED.split("\n"), set_keys(SHIPPED, changes).split("\n")
    differ = [old for old, new in zip(before, after, strict=True) if old != new]

    assert len(differ) == len(changes)
    assert {line.partition(" =")[0] for line in differ} == {
        f"#{key}" for _, key in changes
    }


def test_a_set_line_is_replaced_and_its_remark_stays() -> None:
    text = "[button]\n#pin = 17\npin = 5   # by the door\nmode = 'hold'\n"

    assert set_keys(text, {("button", "pin"): 6}) == (
        "[button]\n#pin = 17\npin = 6   # by the door\nmode = 'hold'\n"
    )


def test_a_key_of_another_table_is_left_alone() -> None:
    text = "[button]\n#pin = 17\n\n[indicator]\n#pin = 25\n"

    assert set_keys(text, {("indicator", "pin"): 6}) == (
        "[button]\n#pin = 17\n\n[indicator]\npin = 6\n"
    )


def test_what_is_missing_is_added_with_its_table() -> None:
    assert set_keys("[button]\n", {("button", "pin"): 6}) == "[button]\npin = 6\n"
    assert set_keys("", {("button", "pin"): 6}) == "\n[button]\npin = 6\n"


def test_what_is_no_line_of_its_own_is_left_to_the_person() -> None:
    with pytest.raises(ConfigError, match=r"button\.pin .* by hand to 6"):
        set_keys("button = {pin = 3}\n", {("button", "pin"): 6})
