"""The running daemon: what is sent to it over its control socket."""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from edgevoice import config
from edgevoice.commands.control import ask, socket_of
from edgevoice.commands.options import Add, add_socket, number
from edgevoice.daemon.client import Client
from edgevoice.daemon.news import Item
from edgevoice.errors import EX_OK, NoDaemon, PictureError

SIMPLE: Final = {
    "press": "Hold the button down.",
    "release": "Let the button go.",
    "tap": "Tap the button: silence, or the last answer again; yes, if asked.",
    "stop": "Silence now.",
    "new": "Forget the conversation and start afresh.",
    "mute": "Keep the speaker silent.",
    "unmute": "Let the speaker be heard again.",
}


def add_to(add: Add) -> None:
    """Tell the command line of them."""
    parsers = {name: add(name, simple, text) for name, text in SIMPLE.items()}
    parsers["say"] = add("say", say)
    parsers["say"].add_argument("text", nargs="+", metavar="TEXT")
    parsers["look"] = add("look", look)
    parsers["look"].add_argument(
        "picture", nargs="?", metavar="FILE", help="JPEG or PNG; none: the camera"
    )
    parsers["note"] = add("note", note)
    parsers["note"].add_argument("text", nargs="+", metavar="TEXT")
    parsers["reload"] = add("reload", reload)
    parsers["volume"] = add("volume", volume)
    parsers["volume"].add_argument(
        "level",
        nargs="?",
        type=number(100),
        metavar="N",
        help="0 to 100; none shows it",
    )
    for name, function in (("status", status), ("watch", watch)):
        parsers[name] = add(name, function)
        parsers[name].add_argument("--json", action="store_true", help="for programs")
    for one in parsers.values():
        add_socket(one)


def simple(args: argparse.Namespace) -> int:
    """Send a command that takes nothing and returns nothing."""
    ask(args)
    return EX_OK


def say(args: argparse.Namespace) -> int:
    """Send a typed turn; the answer is spoken."""
    ask(args, text=" ".join(args.text))
    return EX_OK


def look(args: argparse.Namespace) -> int:
    """Show the model a picture with the next turn: a file, or what the camera sees."""
    arguments = {"picture": _small(args.picture)} if args.picture else {}
    with Client(socket_of(args), LOOK_TIMEOUT_S) as client:
        client.ask("look", **arguments)
    print("it goes with the next question")
    return EX_OK


LOOK_TIMEOUT_S: Final = 40.0
"""Longest wait for a camera, seconds: longer than its time-out may be."""


def _small(file: str) -> str:
    """A picture as the daemon takes it, which could not read the file itself.

    It makes it as small as its settings say: they need not be ours.
    """
    import base64

    from edgevoice.jpeg import MOST, prepare

    try:
        return base64.b64encode(prepare(Path(file).read_bytes(), MOST)).decode()
    except OSError as error:
        raise PictureError(f"{file}: {error.strerror}") from None
    except PictureError as error:
        raise PictureError(f"{file}: {error}") from None


def note(args: argparse.Namespace) -> int:
    """Let the model know something, without an answer."""
    ask(args, text=" ".join(args.text))
    return EX_OK


def volume(args: argparse.Namespace) -> int:
    """Show or set the loudness, 0 to 100."""
    reply = ask(args, level=args.level)
    print(f"{reply['volume']}{' (muted)' if reply['muted'] else ''}")
    return EX_OK


def reload(args: argparse.Namespace) -> int:
    """Have the daemon read its settings again, and say what is new."""
    try:
        reply = ask(args)
    except NoDaemon as error:
        settings = config.load(config.find(None))  # a mistake may hide its socket
        if settings.control.socket:
            cure = "if `socket` in [control] is new, restart edgevoice instead"
            raise type(error)(f"{error}; {cure}") from None
        raise
    print(f"new: {', '.join(reply['changed']) or 'nothing'}")
    if reply["waits"]:
        print("in force as soon as nobody speaks and no answer is heard")
    for key in reply["restart"]:
        print(f"{key}: takes a restart of edgevoice")
    return EX_OK


def status(args: argparse.Namespace) -> int:
    """Show the state, link, devices, last turn and tokens."""
    from edgevoice.report import describe

    reply = ask(args)
    print(json.dumps(reply, indent=2) if args.json else describe(reply))
    return EX_OK


def watch(args: argparse.Namespace) -> int:
    """Follow what happens, one event a line, until Ctrl-C."""
    from edgevoice.report import describe_event

    with Client(socket_of(args)) as client:
        events = client.follow()
        for event in events if args.json else _in_sentences(events):
            line = json.dumps(event) if args.json else describe_event(event)
            print(line, flush=True)
    return EX_OK


def _in_sentences(events: Iterable[Item]) -> Iterator[Item]:
    """The same with what is said in whole sentences, not in words."""
    said: Item | None = None
    for event in events:
        if said and event["event"] == "transcript" and event["who"] == said["who"]:
            said = {**said, "text": said["text"] + event["text"]}
        else:
            if said:
                yield said
            said = event if event["event"] == "transcript" else None
            if said is None:
                yield event
        if said and said["text"].rstrip().endswith(SENTENCE_ENDS):
            yield said
            said = None


SENTENCE_ENDS: Final = (".", "!", "?", "\u3002", "\uff01", "\uff1f", "\u0964")
"""Also of Chinese, Japanese and Hindi."""
