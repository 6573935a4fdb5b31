import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from edgevoice import config
from edgevoice.config import Configuration, Settings
from edgevoice.errors import ConfigError

KEY = "AIzaSy-a-key-of-nobody"
TOOL = "[[tools]]\nname = 'x'\ndescription = 'x'\ncommand = ['x']\n"
SAMPLE = Path(__file__).parent.parent / "config" / "edgevoice.toml"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "edgevoice.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def mistakes(path: Path) -> list[str]:
    """The mistakes in a file, each without the file's name in front."""
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    lines = str(caught.value).splitlines()
    assert lines == list(caught.value.mistakes)
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


# -- mistakes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[live]\nvoise = 'Kore'",
            "live.voise: unknown key; did you mean live.voice?",
        ),
        (
            "[speeker]\nvolume = 3",
            "speeker: unknown key; did you mean speaker?",
        ),
        (
            "[live.compression]\ntriger_token = 3",
            "live.compression.triger_token: unknown key; "
            "did you mean live.compression.trigger_tokens?",
        ),
        ("model = 'm'", "model: unknown key; did you mean live.model?"),
        (
            "[live]\npin = 3",
            "live.pin: unknown key; did you mean button.pin or indicator.pin?",
        ),
        ("[indicator]\nxyz = 1", "indicator.xyz: unknown key; known here: pin"),
        (
            '[indicator]\n"x\\ny" = 1',
            "indicator.'x\\ny': unknown key; known here: pin",
        ),
        ("speaker = 3", "speaker: is a table; write [speaker]"),
        ("[live]\nsession = 1", "live.session: is a table; write [live.session]"),
        (
            "[speaker]\nvolume = 'loud'",
            "speaker.volume = 'loud': expected a whole number, got a text",
        ),
        (
            "[speaker]\nvolume = true",
            "speaker.volume = true: expected a whole number, got true or false",
        ),
        (
            "[speaker]\nvolume = 50.5",
            "speaker.volume = 50.5: expected a whole number, got a number",
        ),
        (
            "[speaker]\nvolume = 101",
            "speaker.volume = 101: expected a whole number <= 100",
        ),
        (
            "[speaker]\nearcons = 1",
            "speaker.earcons = 1: expected true or false, got a whole number",
        ),
        ("[live]\nvoice = ['a']", "live.voice = ['a']: expected a text, got a list"),
        ("[live]\nmodel = ''", "live.model = '': expected a text of length >= 1"),
        ("[live]\nmodel = []", "live.model = []: expected a list of length >= 1"),
        (
            "[live]\nmodel = 3",
            "live.model = 3: expected a text | a list, got a whole number",
        ),
        (
            "[live]\ntoken_command = 'my-secret'",
            "live.token_command: expected a list, got a text",
        ),
        (
            "[live]\ntoken_command = ['']",
            "live.token_command: begins with an empty text; name a program",
        ),
        (
            "[live]\ntoken_command = ['a']\ntoken_url = 'https://h'",
            "live.token_url: there is live.token_command, too; take one of them away",
        ),
        (
            "[live]\ntoken_url = 'http://h/my-secret'",
            "live.token_url: is unencrypted; use https:// "
            "(http:// only for this machine)",
        ),
        (
            "[live]\ntoken_url = 'https://me:my-secret@h/'",
            "live.token_url: holds a password; put it into the file token_secret_file",
        ),
        (
            "[live]\ntoken_url = 'wss://h/'",
            "live.token_url: is no address; use https://HOST/PATH",
        ),
        (
            "[live]\ntoken_url = 'https://h:x/'",
            "live.token_url: is no address; use https://HOST/PATH",
        ),
        (
            "[live]\ntoken_method = 'PUT'",
            "live.token_method = 'PUT': must be one of POST, GET",
        ),
        (
            "[live]\ntoken_secret_file = '/my-secret'",
            "live.token_secret_file: is for live.token_url, which is not set",
        ),
        (
            "history.file = 'talk.txt'\nlive.transcripts = false",
            "history.file: needs live.transcripts = true, else there is no text",
        ),
        (
            "[live]\nanswer_timeout_s = nan",
            "live.answer_timeout_s = nan: expected a number >= 2.0",
        ),
        (
            "[live]\nkeep_s = inf",
            "live.keep_s = inf: expected a number <= 3600.0",
        ),
        (
            "[live]\napi_version = 'v2'",
            "live.api_version = 'v2': must be one of v1beta, v1alpha, v1",
        ),
        (
            "[button]\nmode = 'tap'",
            "button.mode = 'tap': must be one of hold, toggle",
        ),
        (
            "[button]\nsource = 'usb'",
            "button.source = 'usb': "
            "must be one of gpio, keyboard, none, evdev:/dev/input/by-id/NAME",
        ),
        (
            "[live]\nendpoint = 'ws://example.org'",
            "live.endpoint: is unencrypted; use wss:// (ws:// only for this machine)",
        ),
        (
            "[live.compression]\ntrigger_tokens = 8000",
            "live.compression.target_tokens = 8000: must be less than "
            "trigger_tokens (8000)",
        ),
        ("tools = 3", "tools: is a list of tables; write [[tools]]"),
        ("tools = [3]", "tools[1]: is a table; write [[tools]]"),
        ("[tools]\nname = 'x'", "tools: is a list of tables; write [[tools]]"),
        (
            f"{TOOL}tiemout_s = 3",
            "tools[1].tiemout_s: unknown key; did you mean tools[1].timeout_s?",
        ),
        (
            f"{TOOL}\n[[tools]]\nname = 'y'\ndescription = 'x'",
            "tools[2].command: is missing",
        ),
        (
            f"{TOOL}secrets = 'hunter2'",
            "tools[1].secrets: expected a table, got a text",
        ),
        (
            f"{TOOL}parameters = {{ room = 'sting' }}",
            "tools[1].parameters.room.type = 'sting': must be one of string, integer, "
            "number, boolean, array, object",
        ),
        (
            f"{TOOL}parameters = {{ room = 3 }}",
            "tools[1].parameters.room: must be one of string, integer, number, "
            "boolean, array, object, or a schema",
        ),
        (
            TOOL.replace("'x']", "'x', '{rom}']") + "parameters = { room = 'string' }",
            "tools[1].command: {rom} is not in parameters; did you mean {room}?",
        ),
        (
            TOOL.replace("['x']", "[]"),
            'tools[1].command: needs a program: ["/usr/bin/program", "argument", ...]',
        ),
        (
            f"{TOOL}timeout_s = 300",
            "tools[1].timeout_s = 300: the model waits for this tool, so 120 at most; "
            "or set background = true",
        ),
        (
            f"{TOOL}scheduling = 'SILENT'",
            "tools[1].scheduling = 'SILENT': needs background = true; with other tools "
            "the model waits for the result",
        ),
        (
            f"{TOOL}environment = {{ A = 3 }}",
            "tools[1].environment: each value must be a text, not a whole number",
        ),
        (
            "live.token_command = ['a', true]",
            "live.token_command: each value must be a text, not true or false",
        ),
        (
            "live.voice = true",
            "live.voice = true: expected a text, got true or false",
        ),
        (
            "prices.currency = 'euro'",
            "prices.currency = 'euro': must be three capital letters, as USD",
        ),
        (
            f"{TOOL}stream = true",
            "tools[1].stream = true: needs background = true; other tools answer once",
        ),
        (
            TOOL.replace("'x'", "'x y'", 1),
            "tools[1].name = 'x y': must be letters, digits, _, . and -, a letter "
            "first, 64 at most",
        ),
        (
            TOOL.replace("'x'", "'stop'", 1),
            "tools[1].name = 'stop': is in functions.builtin too",
        ),
        (f"{TOOL}\n{TOOL}", "tools[2].name = 'x': is in tools[1] too"),
        (
            "[functions]\nbuiltin = ['stpo']",
            "functions.builtin = ['stpo']: must be a list, of volume, stop, "
            "new_conversation, date_and_time, device_status",
        ),
        (
            "[functions]\nconfirm = ['stpo']",
            "functions.confirm: 'stpo' is in neither builtin nor installed",
        ),
        ("[[mcp]]\nname = 'x'", "mcp[1].command: give either command or url"),
        (
            "[[mcp]]\nname = 'x'\nurl = 'home:8123'",
            "mcp[1].url = 'home:8123': must be an address: https://HOST/mcp",
        ),
        (
            "[[mcp]]\nname = 'x'\nurl = 'http://h/mcp'\nsecrets = { A = '/a' }",
            "mcp[1].url: takes headers; environment and secrets are for a command",
        ),
        (
            "[[mcp]]\nname = 'x'\ncommand = ['a']\nheaders = { A = '/a' }",
            "mcp[1].command: takes environment and secrets; headers are for a url",
        ),
        (
            "[[mcp]]\nname = 'x'\ncommand = ['a']\n" * 2,
            "mcp[2].name = 'x': is that of another server",
        ),
        ("[indicator]\npin = 17", "indicator.pin = 17: is the button's pin too"),
        (
            "[live]\ninstructions_file = '/nowhere/words.txt'",
            "live.instructions_file = '/nowhere/words.txt': "
            "cannot be read: No such file or directory",
        ),
    ],
)
def test_a_mistake_is_one_line_with_the_key_and_what_would_be_right(
    text: str, line: str, write: Callable[[str], Path]
) -> None:
    assert mistakes(write(text)) == [line]


def test_all_mistakes_are_told_at_once(write: Callable[[str], Path]) -> None:
    path = write(
        "[live]\nmodel = 3\nkey = 'x'\n[live.session]\nidle_reset_minutes = -1\n"
        "[speaker]\nvolume = 200\n[mic]\n"
    )

    assert [line.partition(":")[0] for line in mistakes(path)] == [
        "live.model = 3",
        "live.key",
        "live.session.idle_reset_minutes = -1",
        "speaker.volume = 200",
        "mic",
    ]


def test_contradictions_are_told_at_once_too(write: Callable[[str], Path]) -> None:
    path = write("[live]\nendpoint = 'http://x'\n[button]\npin = 25\n")

    assert [line.partition(" ")[0] for line in mistakes(path)] == [
        "live.endpoint:",
        "indicator.pin",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[button]\nsource = 'none'\npin = 25",
        "[indicator]\npin = -1",
        "[live.compression]\ntrigger_tokens = 0",
        "[live.compression]\ntarget_tokens = 0",
        "[live]\nkeep_s = 0\nanswer_timeout_s = 2",
        "[button]\nsource = 'evdev:/dev/input/by-id/pedal'",
    ],
)
def test_what_only_looks_like_a_contradiction_is_taken(
    text: str, write: Callable[[str], Path]
) -> None:
    assert config.load(write(text)) != Configuration()


def test_what_is_no_toml_is_told_with_its_place(write: Callable[[str], Path]) -> None:
    [line] = mistakes(write("[live]\nmodel = \n"))

    assert line.startswith("is not valid TOML: ")
    assert "line 2" in line


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "edgevoice.toml"
    path.write_bytes(b"\xff\xfe\x00")

    assert mistakes(path) == ["is not UTF-8 text"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert mistakes(tmp_path) == ["cannot be read: Is a directory"]
    assert mistakes(tmp_path / "none") == ["cannot be read: No such file or directory"]


def test_nothing_is_shown_as_a_choice_where_it_is_one(
    write: Callable[[str], Path],
) -> None:
    [told] = mistakes(write('[live.thinking]\nlevel = "deep"\n'))

    assert told.endswith('must be one of "", minimal, low, medium, high')


@pytest.mark.parametrize(
    "url",
    [
        "https://h/t?box=kitchen",
        "https://[2001:db8::1]:8443/t",
        "http://127.0.0.1:8000",
        "http://localhost/t",
    ],
)
def test_tokens_come_encrypted_or_from_this_machine(
    url: str, write: Callable[[str], Path]
) -> None:
    path = write(f"live.token_url = '{url}'")

    assert config.fetches_tokens(config.load(path).live)


@pytest.mark.parametrize(
    "text",
    [
        f"[live]\nkey = '{KEY}'",
        f"[live]\nkey_file = ['{KEY}']",
        f"[live]\nendpoint = 'wss://host?key={KEY}'",
        f"[live]\nkey_file = '{KEY}\n",
        f"[live]\nkey_file = {KEY}\n",
    ],
)
def test_a_key_in_a_wrong_place_is_not_repeated(
    text: str, write: Callable[[str], Path]
) -> None:
    assert KEY not in "".join(mistakes(write(text)))


# -- ranges --------------------------------------------------------------------


def keys(
    kind: type[Settings] = Configuration, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Every key's path with the type that holds its range."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if isinstance(hint, type) and issubclass(hint, Settings):
            yield from keys(hint, f"{prefix}{name}.")
        elif table := config.entry_of(hint):
            yield from keys(table, f"{prefix}{name}[].")
        else:
            yield f"{prefix}{name}", hint


RANGES = {
    path: (meta.ge, meta.le)
    for path, hint in keys()
    if get_origin(hint) is Annotated
    for meta in get_args(hint)[1:]
    if meta.ge is not None
}
"""Smallest and largest value of every number."""


NEEDED: dict[str, dict[str, Any]] = {
    "tools[]": {"name": "x", "description": "x", "command": ["x"]},
    "mcp[]": {"name": "x", "command": ["x"]},
}
"""What a table of a list has to have."""


def one_key(path: str, value: object) -> str:
    table, _, key = path.rpartition(".")
    if table in NEEDED:
        lines = [f"{name} = {json.dumps(one)}" for name, one in NEEDED[table].items()]
        if path == "tools[].timeout_s":
            lines.append("background = true")  # others may not take as long
        return "\n".join([f"[[{table[:-2]}]]", *lines, f"{key} = {value}"])
    # Of a model that is not known every key is taken.
    model = "" if table == "live" else 'live.model = "a-new-one"\n'
    return f"{model}[{table}]\n{key} = {value}\n"


def test_every_number_has_a_range() -> None:
    numbers = {
        path
        for path, hint in keys()
        if int in (hint, *get_args(hint)) or float in (hint, *get_args(hint))
    }

    assert numbers == set(RANGES)
    assert all(le is not None for _, le in RANGES.values())


# Two keys bound each other; the test of contradictions has them.
@pytest.mark.parametrize(
    "path", sorted(RANGES.keys() - {"live.compression.target_tokens"})
)
def test_both_ends_of_a_range_are_taken_and_nothing_beyond(
    path: str, write: Callable[[str], Path]
) -> None:
    low, high = RANGES[path]
    good = (high,) if path.endswith("trigger_tokens") else (low, high)
    for value in good:
        config.load(write(one_key(path, value)))
    for value in (low - 1, high + 1):
        shown = path.replace("[]", "[1]")
        assert mistakes(write(one_key(path, value)))[0].startswith(
            f"{shown} = {value}:"
        )


# -- the sample file -----------------------------------------------------------


def uncommented(text: str) -> str:
    """The sample with every key in force: prose has a space after its #.

    The examples of tables in a list have two, and are in force after a second time.
    """
    return re.sub(r"^#(?=[^ \n])", "", text, flags=re.MULTILINE)


def blocks(text: str) -> dict[str, str]:
    """Path of every key in the sample, and the prose right above it."""
    table, prose, found = "", "", {}
    for line in text.splitlines():
        if line.startswith("##[["):
            table, prose = f"{line.strip('[]#')}[].", ""
        elif line.startswith("["):
            table, prose = f"{line.strip('[]')}.", ""
        elif match := re.match(r"##?(\w+) = ", line):
            found[table + match[1]], prose = prose, ""
        elif line.startswith("# "):
            prose += f"{line[2:]} "
        elif not line:
            prose = ""
    return found


def test_the_sample_says_nothing_until_something_is_uncommented() -> None:
    assert config.load(SAMPLE) == Configuration()
    assert not any(
        value
        for table in tomllib.loads(SAMPLE.read_text()).values()
        for value in table.values()
    )


def test_the_sample_holds_every_key_at_its_default(
    write: Callable[[str], Path],
) -> None:
    text = uncommented(SAMPLE.read_text())

    assert config.load(write(text)) == Configuration()
    defaults = json.loads(msgspec.json.encode(Configuration()))
    assert {**tomllib.loads(text), "tools": [], "mcp": []} == defaults


def test_the_examples_in_the_sample_hold_every_key_of_their_table(
    write: Callable[[str], Path],
) -> None:
    text = uncommented(uncommented(SAMPLE.read_text()))
    settings = config.load(write(text))

    for table, entry in (("tools", settings.tools[0]), ("mcp", settings.mcp[0])):
        [written] = tomllib.loads(text)[table]
        assert [*written] == [*entry.__struct_fields__]
        plain = msgspec.convert(NEEDED[f"{table}[]"], type(entry))
        optional = {f.name for f in msgspec.structs.fields(entry) if not f.required}
        shown = {"command", "parameters", "url", "headers"}  # examples
        for name in optional - shown:
            assert getattr(entry, name) == getattr(plain, name), name


def test_the_sample_explains_every_key_with_its_range() -> None:
    explained = blocks(SAMPLE.read_text())

    assert list(explained) == [path for path, _ in keys()]
    for path, hint in keys():
        assert len(explained[path]) > 40, path
        if path in RANGES:
            low, high = RANGES[path]
            assert f"{low} to {high}" in explained[path], path
        if get_origin(hint) is Literal:
            assert all(f'"{one}"' in explained[path] for one in get_args(hint)), path


def test_the_sample_names_the_unit_of_every_duration() -> None:
    explained = blocks(SAMPLE.read_text())
    units = {"_s": "seconds", "_ms": "milliseconds", "_minutes": "minutes"}

    for path in explained:
        for ending, unit in units.items():
            if path.endswith(ending):
                assert f" {unit}, " in explained[path], path
