"""The settings as the link takes them."""

import msgspec

from edgevoice.config import Configuration, Live
from edgevoice.daemon.server import server_of

KEY = "AIzaSy-a-key-of-nobody"


def test_what_the_settings_say_is_asked_for() -> None:
    live = Live(model="m", voice="Kore", language="de-DE", transcripts=False)

    server = server_of(Configuration(live=live), KEY)

    assert server.address.startswith("wss://generativelanguage.googleapis.com/")
    assert (server.options.model, server.options.voice) == ("m", "Kore")
    assert (server.options.language, server.options.transcripts) == ("de-DE", False)


def test_the_key_is_in_the_headers_and_nowhere_else() -> None:
    server = server_of(Configuration(), KEY)

    assert KEY in server.headers.values()
    assert KEY not in server.address
    assert KEY not in repr(server)


def test_servers_are_equal_if_a_connection_to_one_will_do_for_the_other() -> None:
    settings = Configuration()
    live = msgspec.structs.replace(settings.live, answer_timeout_s=3, voice="Kore")
    later = msgspec.structs.replace(live, answer_timeout_s=9)

    one = server_of(Configuration(live=live), KEY)

    assert one == server_of(Configuration(live=later), KEY)
    assert one != server_of(settings, KEY)
    assert one != server_of(Configuration(live=live), "another")
