"""Who may import which: the table that keeps the house small enough to know."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "edgevoice"
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in sorted(ROOT.rglob("*.py"))
}
"""Every module by its name below ``edgevoice``."""

# What each part may import of ours. A name stands for the module and all below it; of
# several rows that fit a module the longest counts. To add a row is to widen the house:
# ARCHITECTURE.md says why it is as it is.
OURS = {
    "conversation": {"conversation"},
    "errors": set(),
    "moments": set(),
    "report": {"moments"},
    "svg": set(),
    "days": {"svg"},
    "waterfall": {"svg", "moments"},
    "waterfall_svg": {"waterfall", "svg", "moments"},
    "jpeg": {"errors"},
    "live": {"live", "errors"},
    "audio": {"audio", "errors"},
    "controls": {"controls", "errors"},
    "config": {"config", "errors", "live.endpoint", "live.models"}
    | {"tools.names", "tools.schema", "tools.template", "tools.tool"},
    "demo": set(),
    "tools": {"tools", "errors"},
    "simulator": {"simulator", "live", "audio.pcm", "audio.samples", "errors"},
    "daemon": {
        "daemon",
        "config",
        "conversation",
        "live",
        "audio",
        "controls",
        "tools",
        "jpeg",
        "report",
        "errors",
    },
    "daemon.talk": {"daemon", "config", "controls", "audio.pcm", "report"}
    | {"simulator"},
    "daemon.client": {"errors"},
    "doctor": {"doctor", "config", "live", "audio", "controls", "errors"}
    | {"daemon.calling", "daemon.client", "daemon.server", "daemon.threads"}
    | {"daemon.credentials", "daemon.tls", "daemon.token_url"}
    | {"daemon.bell", "daemon.camera", "daemon.toolbox"}
    | {"tools.userinfo", "tools.programs"},
    "setup": {"setup", "doctor", "config", "live.endpoint", "errors"}
    | {"audio.devices", "audio.names", "daemon.client", "daemon.server"},
    "cli": {"commands", "daemon.client", "errors"},
    "commands": {
        "commands",
        "setup",
        "config",
        "daemon",
        "doctor",
        "simulator",
        "audio",
        "jpeg",
        "report",
        "days",
        "waterfall",
        "waterfall_svg",
        "tools.programs",
        "errors",
    },
    "__main__": {"cli"},
    "__init__": set(),
}

# Who may import what is not ours: the event loop, and hardware, each in its own files.
FOREIGN = {
    "asyncio": {"daemon", "simulator", "tools", "commands", "doctor"},
    "websockets": {"daemon", "simulator", "doctor.server"},
    "PIL": {"jpeg"},
    "audioop": {"audio.pcm"},
    "numpy": {"audio.samples", "doctor", "simulator"},
    "soxr": {"audio.resample", "simulator"},
    "pyaudio": {"audio.portaudio"},
    "gpiozero": {"controls.gpio"},
    "lgpio": {"controls.gpio"},
    "systemd": {"daemon.logs"},
    "jsonschema": {"tools.schema"},
    "mcp": {"tools.mcp"},
}


def is_in(module: str, parts: set[str]) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def imports(module: str) -> Iterator[str]:
    """Full names of what a module imports, wherever in it."""
    for node in ast.walk(ast.parse(FILES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: write imports in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", FILES)
def test_a_part_imports_only_what_the_table_allows(module: str) -> None:
    fitting = [part for part in OURS if is_in(module, {part})]
    assert fitting, "a new part needs a row in OURS"
    allowed = OURS[max(fitting, key=len)]
    for name in imports(module):
        top, _, rest = name.partition(".")
        if top == "edgevoice" and rest not in {"", "__version__"}:
            assert is_in(rest, allowed), f"{module} imports {name}"
        if top in FOREIGN:
            assert is_in(module, FOREIGN[top]), f"{module} imports {name}"


def test_every_row_of_the_tables_is_needed() -> None:
    assert all(any(is_in(module, {part}) for module in FILES) for part in OURS)
    for library, owners in FOREIGN.items():
        users = [m for m in FILES if any(is_in(n, {library}) for n in imports(m))]
        assert all(any(is_in(user, {owner}) for user in users) for owner in owners)


def test_only_the_conversation_knows_its_phases() -> None:
    """Others show ``phase.value``; a decision on the dialogue is made in one file."""
    files = {m for m in FILES if m.startswith("conversation.")}
    for module in FILES.keys() - {"conversation.__init__", "conversation.machine"}:
        names = {name.partition("edgevoice.")[2] for name in imports(module)}
        about = {name for name in names if is_in(name, {"conversation"})}
        assert not any(name.endswith(".Phase") for name in about), module
        assert not about & {"conversation", *files}, f"{module}: import its names"
