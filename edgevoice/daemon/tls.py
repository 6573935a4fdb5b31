"""Whom a TLS connection trusts: the authorities of this machine, read when needed.

OpenSSL takes them from a bundle, one file with all of them, which is parsed whole, and
from a folder where each is found by a name made of its hash (X509_LOOKUP_hash_dir(3)).
Debian's update-ca-certificates keeps the same in both, a company's own too. The folder
alone spares reading 140 certificates at each start, of which a connection needs one.
"""

import os
import re
import ssl
from functools import lru_cache
from typing import Final

_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+", re.ASCII)


def context() -> ssl.SSLContext:
    """What all connections to servers share; a changed bundle makes another.

    Raises:
        OSError: The bundle cannot be read.
    """
    paths = ssl.get_default_verify_paths()
    changed = os.stat(paths.cafile).st_mtime_ns if paths.cafile else 0
    named = (paths.openssl_cafile_env, paths.openssl_capath_env)
    return _context(paths, changed, tuple(os.environ.get(name) for name in named))


@lru_cache(maxsize=1)
def _context(
    paths: ssl.DefaultVerifyPaths, _: int, named: tuple[str | None, ...]
) -> ssl.SSLContext:
    # What a person named counts as it is: whoever sets $SSL_CERT_FILE may have put an
    # authority there and nowhere else. No path at all means Python's own defaults.
    folder = None if any(named) else _folder(paths)
    return ssl.create_default_context(capath=folder)


def _folder(paths: ssl.DefaultVerifyPaths) -> str | None:
    """The folder, if it holds just what is in the bundle; None: read the bundle too.

    update-ca-certificates(8) makes the bundle of the files that it links to, so all of
    them are as long as the bundle is. Fedora's folder has no hashes, a slim container
    only the bundle, and whoever appends to the bundle by hand makes it longer.
    """
    if not paths.capath:
        return None
    try:
        names = [one for one in os.listdir(paths.capath) if _HASHED.fullmatch(one)]
        hashed = sum(os.stat(os.path.join(paths.capath, one)).st_size for one in names)
        bundled = os.stat(paths.cafile).st_size if paths.cafile else hashed
    except OSError:  # a link to nothing
        return None
    return paths.capath if names and hashed == bundled else None
