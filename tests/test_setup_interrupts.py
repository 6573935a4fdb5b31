import os
import signal

import pytest

from edgevoice.setup.interrupts import hangups, uninterrupted


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_lost_terminal_is_as_ctrl_c(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with pytest.raises(KeyboardInterrupt), hangups():
        os.kill(os.getpid(), number)

    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_comes_in_the_writing_comes_too_late(number: signal.Signals) -> None:
    done = False
    with hangups():
        with uninterrupted():
            os.kill(os.getpid(), number)
            done = True
        assert done
    assert signal.getsignal(number) != signal.SIG_IGN
