"""Drives the virtual machine of scripts/vm: QEMU without KVM, so that any host will do.

    drive_vm.py save IMAGE         boot IMAGE's disk once, keep the booted machine there
    drive_vm.py run IMAGE SHARE    resume it, run SHARE/run.sh in it, print what that
                                   prints, exit with its exit status
    drive_vm.py shell IMAGE SHARE  resume it with its console on this terminal

IMAGE is a folder that scripts/vm-image made; a run never changes it. SHARE is a folder
that the machine sees as /host. See tests/vm/machine/files/usr/local/sbin/vm-agent for
the other side. Nothing here but Python's own library: it runs on the host's Python.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

MEMORY: Final = "1024"
"""MiB."""
CLOCK: Final = "shift=0"
"""An instruction takes a nanosecond of the machine's time, however long it takes here.

A busy host makes the machine slow, but to itself it never is: sound is not lost then.
It has one processor, since with two that count Debian 12's kernel does not start.
"""
LINUX: Final = "root=/dev/vda rw console=ttyS0 panic=-1 quiet mitigations=off"
BOOT_S: Final = 600.0
SAVE_S: Final = 120.0
LOOK_S: Final = 0.1
"""How often the share is looked at, seconds."""


class MachineError(Exception):
    """The machine did not do what it should; the text says what."""


class Machine:
    """A running emulator.

    Args:
        image: The folder with the disk.
        folder: A folder of its own, for what ends with it.
        share: What the machine sees as /host.
        arguments: More of QEMU's.
        foreground: Whether its console is this terminal; else it is SHARE/console.log.
    """

    def __init__(
        self,
        image: Path,
        folder: Path,
        share: Path,
        *arguments: str,
        foreground: bool = False,
    ) -> None:
        console = "mon:stdio" if foreground else f"file:{share}/console.log"
        self._folder = folder
        self._errors = folder / "qemu.log"
        command = [
            *("qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max"),
            # While nothing happens a test's time is skipped, a person's is not.
            *("-icount", f"{CLOCK},sleep={'on' if foreground else 'off'}"),
            *("-rtc", "clock=vm"),
            *("-m", MEMORY, "-nodefaults", "-no-reboot"),
            *("-display", "none", "-device", "virtio-rng-pci"),
            *("-kernel", f"{image}/vmlinuz", "-initrd", f"{image}/initrd"),
            *("-append", LINUX, "-serial", console),
            *("-serial", f"unix:{folder}/agent,server=on,wait=off"),
            *("-qmp", f"unix:{folder}/qmp,server=on,wait=off"),
            "-virtfs",
            f"local,path={share},mount_tag=host,security_model=none,multidevs=remap",
            *arguments,
        ]
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=None if foreground else subprocess.DEVNULL,
                stderr=errors,
            )

    def connect(self, name: str) -> socket.socket:
        """One of its sockets: ``agent`` or ``qmp``.

        Raises:
            MachineError: QEMU has ended.
        """
        while True:
            channel = socket.socket(socket.AF_UNIX)
            try:
                channel.connect(f"{self._folder}/{name}")
            except OSError:
                channel.close()
                if self.process.poll() is not None:
                    why = self._errors.read_text().strip()
                    raise MachineError(f"QEMU does not run: {why}") from None
                time.sleep(LOOK_S)
            else:
                return channel

    def end(self) -> None:
        """Switch it off, if it is not off yet."""
        self.process.kill()
        self.process.wait()


class Monitor:
    """QEMU's own control channel (QMP)."""

    def __init__(self, channel: socket.socket) -> None:
        channel.settimeout(SAVE_S)
        self._lines = channel.makefile("rw")
        self._lines.readline()  # it greets
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments: str) -> Any:
        """What it returns.

        Raises:
            MachineError: It refuses.
        """
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}))
        self._lines.flush()
        while line := self._lines.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise MachineError(f"QEMU: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise MachineError(f"QEMU ended at {command}")


def save(image: Path) -> None:
    """Boot the disk and keep memory and disk as they are then."""
    with _scratch(image) as folder:
        disk = image / "booted.qcow2"
        _overlay(image / "root.img", "raw", disk)
        machine = Machine(image, folder, image, *_drive(disk))
        try:
            agent = machine.connect("agent")
            agent.settimeout(BOOT_S)
            if b"ready" not in agent.makefile("rb").readline():
                raise MachineError(f"it does not boot; see {image}/console.log")
            monitor = Monitor(machine.connect("qmp"))
            monitor.ask("stop")  # of a running one the emulator saves torn pages
            monitor.ask("migrate", uri=f"exec:cat >'{image}/memory'")
            deadline = time.monotonic() + SAVE_S
            while (status := monitor.ask("query-migrate")["status"]) != "completed":
                if status == "failed" or time.monotonic() > deadline:
                    raise MachineError(f"its memory cannot be saved ({status})")
                time.sleep(LOOK_S)
            monitor.ask("quit")
            machine.process.wait(SAVE_S)
        finally:
            machine.end()


def run(image: Path, share: Path, limit: float) -> int:
    """Run SHARE/run.sh in the saved machine.

    Args:
        image: The folder with the saved machine.
        share: What it sees as /host.
        limit: Seconds after which it is switched off.

    Returns:
        The script's exit status.
    """
    # The channel stays open: what is not read when it closes is lost.
    with _resumed(image, share) as machine, machine.connect("agent") as agent:
        agent.sendall(f"go {time.time():.3f}\n".encode())
        deadline = time.monotonic() + limit
        status, output, told = share / "status", share / "output.log", 0
        ended = False
        while not ended:
            # Once more after the end: what was written last.
            ended = status.exists() or machine.process.poll() is not None
            ended = ended or time.monotonic() > deadline
            told = _tell(output, told)
            time.sleep(LOOK_S)
        if not status.exists():
            late = time.monotonic() > deadline
            raise MachineError(
                f"it {f'took more than {limit:.0f} s' if late else 'died'};"
                f" see output.log and console.log in {share}"
            )
        return int(status.read_text())


def shell(image: Path, share: Path) -> int:
    """Give this terminal to the machine's console, until it is switched off."""
    print("Press Enter. `poweroff -ff` ends it; so does Ctrl-A, then x.")
    with _resumed(image, share, foreground=True) as machine:
        return machine.process.wait()


def _tell(output: Path, told: int) -> int:
    """Print what was written after this place; where it ends."""
    if not output.exists():
        return told
    with output.open("rb") as file:
        file.seek(told)
        news = file.read()
    sys.stdout.write(news.decode(errors="replace"))
    sys.stdout.flush()
    return told + len(news)


@contextlib.contextmanager
def _resumed(
    image: Path, share: Path, *, foreground: bool = False
) -> Iterator[Machine]:
    """The saved machine, going on; what it writes to its disk is dropped."""
    with _scratch(image) as folder:
        disk = folder / "disk.qcow2"
        _overlay(image / "booted.qcow2", "qcow2", disk)
        memory = ("-incoming", f"exec:cat '{image}/memory'")
        machine = Machine(
            image, folder, share, *_drive(disk), *memory, foreground=foreground
        )
        try:
            monitor = Monitor(machine.connect("qmp"))
            while monitor.ask("query-status")["status"] == "inmigrate":
                time.sleep(LOOK_S)
            monitor.ask("cont")
            yield machine
        finally:
            machine.end()


@contextlib.contextmanager
def _scratch(image: Path) -> Iterator[Path]:
    """A folder beside the disk, for one run."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=image) as name:
        yield Path(name)


def _drive(disk: Path) -> tuple[str, str]:
    return "-drive", f"file={disk},if=virtio,format=qcow2,cache=unsafe"


def _overlay(below: Path, form: str, disk: Path) -> None:
    """A disk that holds only what differs from the one below.

    It names that one by a relative path, so that their folder can be moved.
    """
    command = ["qemu-img", "create", "-q", "-f", "qcow2"]
    relative = os.path.relpath(below, disk.parent)
    subprocess.run([*command, "-b", relative, "-F", form, disk], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["save", "run", "shell"])
    parser.add_argument("image", type=Path)
    parser.add_argument("share", type=Path, nargs="?")
    parser.add_argument("--limit", type=float, default=1500.0, metavar="SECONDS")
    args = parser.parse_args()
    # So that the emulator does not stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("vm: stopped"))
    try:
        if args.action == "save":
            save(args.image)
            return os.EX_OK
        if args.action == "run":
            return run(args.image, args.share, args.limit)
        return shell(args.image, args.share)
    except (MachineError, OSError, subprocess.SubprocessError) as error:
        print(f"vm: {error}", file=sys.stderr)
        return os.EX_SOFTWARE


if __name__ == "__main__":
    sys.exit(main())
