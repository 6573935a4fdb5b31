from edgevoice.doctor.finding import failed, ok, skipped, warning, wrong
from edgevoice.doctor.report import as_json, describe, summary
from edgevoice.errors import DeviceError

FINDINGS = [
    ok("disk", "much is free"),
    warning("level", "too quiet", "speak up"),
    wrong("key", "none", "make one"),
    skipped("tone", "no speaker"),
]


def test_each_state_has_a_sign_and_a_cure_its_own_line() -> None:
    assert "\n".join(map(describe, FINDINGS)).splitlines() == [
        "✓ disk        much is free",
        "! level       too quiet",
        "              -> speak up",
        "✗ key         none",
        "              -> make one",
        "- tone        no speaker",
    ]


def test_a_terminal_without_such_signs_gets_plain_ones() -> None:
    lines = [describe(one, encoding="ascii") for one in FINDINGS]

    assert [line[0] for line in lines] == ["+", "!", "x", "-"]
    assert describe(ok("sound", "Lärm"), encoding="ascii").endswith("L?rm")


def test_colours_are_around_the_sign_only() -> None:
    assert describe(FINDINGS[0], colour=True).startswith("\x1b[32m✓\x1b[0m disk  ")


def test_nothing_found_can_move_the_cursor() -> None:
    line = describe(wrong("session", "a\x1b[2Jb\nc", "d\re"))

    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "\r" not in line


def test_the_summary_counts_the_worst_first() -> None:
    assert summary([*FINDINGS, FINDINGS[0]]) == "1 wrong, 1 warning, 2 ok, 1 skipped"
    assert summary([]) == "0 wrong, 0 warning, 0 ok, 0 skipped"


def test_programs_get_the_same_as_a_list() -> None:
    assert as_json(FINDINGS)[1] == {
        "name": "level",
        "state": "warning",
        "found": "too quiet",
        "cure": "speak up",
    }


def test_an_error_of_ours_is_parted_into_what_is_wrong_and_its_cure() -> None:
    finding = failed("microphone", DeviceError("it is gone; plug it in; then wait"))

    assert (finding.found, finding.cure) == ("it is gone", "plug it in; then wait")
