"""Whom a connection trusts, with real TLS and an authority of our own."""

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from edgevoice.daemon import calling, tls
from edgevoice.live import endpoint
from edgevoice.simulator import Simulator
from tests.test_bad_network import certificate

HERE = "127.0.0.1"
NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR")
KEY = "AIzaSy-a-key-of-nobody"


class Store:
    """Authorities as a system keeps them: a bundle, and a folder of hashed names."""

    def __init__(self, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.bundle = top / "certs", top / "bundle.pem"
        self.server = certificate(top, HERE)
        self.authority = (top / "far.pem").read_text()
        self.folder.mkdir()
        for name in NAMED:
            monkeypatch.delenv(name, raising=False)
        default = ssl.get_default_verify_paths()

        def paths() -> ssl.DefaultVerifyPaths:
            bundle = str(self.bundle) if self.bundle.exists() else ""
            folder = str(self.folder) if self.folder.exists() else ""
            return default._replace(cafile=bundle, capath=folder)

        monkeypatch.setattr(ssl, "get_default_verify_paths", paths)

    def hash(self) -> None:
        """What update-ca-certificates does with its folder."""
        (self.folder / "ours.pem").write_text(self.authority)
        command = ["openssl", "rehash", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    return Store(tmp_path, monkeypatch)


async def trusted(server: ssl.SSLContext) -> bool:
    """Whether a connection as the daemon makes it comes to be."""
    async with Simulator(tls=server, pace=0) as simulator:
        address = endpoint.url(simulator.url, "v1beta", KEY)
        try:
            async with calling.call(address, endpoint.headers(KEY)):
                return True
        except ssl.SSLCertVerificationError:
            return False


def parsed() -> int:
    """How many certificates were read before there was a connection."""
    return int(tls.context().cert_store_stats()["x509"])


async def test_an_authority_in_the_folder_is_found_without_the_bundle_being_read(
    store: Store,
) -> None:
    store.hash()
    store.bundle.write_text(store.authority)

    assert parsed() == 0
    assert await trusted(store.server)


async def test_without_a_bundle_the_folder_will_do(store: Store) -> None:
    store.hash()

    assert parsed() == 0
    assert await trusted(store.server)


async def test_an_authority_elsewhere_is_not_trusted(store: Store) -> None:
    store.hash()
    for link in store.folder.glob("*.0"):
        link.rename(link.with_name("01234567.0"))

    assert not await trusted(store.server)


@pytest.mark.parametrize(
    "lacks",
    ["hashes", "one that was appended to the bundle", "folder", "one, and has another"],
)
def test_a_folder_that_lacks_something_is_not_all_that_is_read(
    store: Store, lacks: str
) -> None:
    store.hash()
    store.bundle.write_text(store.authority)
    if lacks == "hashes":
        for link in store.folder.glob("*.0"):
            link.unlink()
    elif lacks == "folder":
        shutil.rmtree(store.folder)
    elif lacks == "one, and has another":
        store.bundle.write_text(store.authority * 2)
        (store.folder / "89abcdef.0").write_text("another")
    else:
        store.bundle.write_text(store.authority * 2)

    # Then Python's own defaults are taken: the bundle of this machine.
    assert parsed() == ssl.create_default_context().cert_store_stats()["x509"] > 0


@pytest.mark.parametrize("named", NAMED)
async def test_what_a_person_named_is_trusted_though_the_folder_lacks_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, named: str, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(store.folder, theirs)
    store.hash()
    shutil.move(store.folder, theirs / "hashed")
    store.folder.mkdir()
    (store.folder / "01234567.0").write_text(store.authority)  # of another name
    where = tmp_path / "far.pem" if named == NAMED[0] else theirs / "hashed"
    monkeypatch.setenv(named, str(where))

    assert await trusted(store.server)


async def test_an_authority_that_is_added_while_the_daemon_runs_is_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    certificate(other, HERE)
    store.bundle.write_text((other / "far.pem").read_text())
    monkeypatch.setenv(NAMED[0], str(store.bundle))
    assert not await trusted(store.server)

    store.bundle.write_text(store.authority)
    later = store.bundle.stat().st_mtime + 1
    os.utime(store.bundle, (later, later))

    assert await trusted(store.server)


def test_one_context_serves_all_connections(store: Store) -> None:
    store.hash()

    assert tls.context() is tls.context()
    assert tls.context().verify_mode is ssl.CERT_REQUIRED
    assert tls.context().check_hostname
