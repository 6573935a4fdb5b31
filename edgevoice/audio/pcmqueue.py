"""PCM in order, cut into other pieces than it came in."""

from collections import deque


class PcmQueue:
    """Chunks behind, blocks from the front: each byte is copied once, when it is read.

    Sizes are in bytes. Not for two threads at once.
    """

    def __init__(self, pcm: bytes = b"") -> None:
        self._chunks: deque[bytes] = deque()
        self._at = 0
        """Bytes of the first chunk that have been read."""
        self._size = 0
        self.push(pcm)

    def __len__(self) -> int:
        return self._size

    def push(self, chunk: bytes) -> None:
        """Add a chunk behind."""
        if chunk:
            self._chunks.append(chunk)
            self._size += len(chunk)

    def read(self, size: int) -> bytes:
        """Take so much from the front, or all there is if it is less."""
        block = b""
        while self._chunks and len(block) < size:
            chunk = self._chunks[0]
            piece = chunk[self._at : self._at + size - len(block)]
            self._at += len(piece)
            if self._at == len(chunk):
                self._chunks.popleft()
                self._at = 0
            block += piece  # no copy while the block is empty, which is the usual case
        self._size -= len(block)
        return block
