"""Which picture the model is shown with which turn.

One that a person showed (``edgevoice look``) goes with the next turn, and stays until
it has gone out. Without one the camera takes one at each press, if it is to; the turn
goes on whether or not it can.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from edgevoice import config
from edgevoice.daemon.bell import Bell
from edgevoice.daemon.camera import Camera
from edgevoice.daemon.news import News
from edgevoice.daemon.turn import Picture, Turn
from edgevoice.errors import PictureError

log = logging.getLogger(__name__)


class Pictures:
    """Keeps what is to be shown; loop's thread only.

    Args:
        settings: ``[camera]``.
        bell: Rung when a picture is there, or will not come.
        news: Told of every picture.

    Attributes:
        waiting: The JPEG that goes with the next turn, or None.
        error: Why the camera gave no picture the last time, or None.
    """

    def __init__(self, settings: config.Camera, bell: Bell, news: News) -> None:
        self.waiting: bytes | None = None
        self.error: str | None = None
        self._camera = Camera(settings)
        self._bell = bell
        self._news = news
        self._tasks: set[asyncio.Task[bytes]] = set()

    def use(self, settings: config.Camera) -> None:
        """Go on with other settings, from the next picture on."""
        self._camera.settings = settings

    async def close(self) -> None:
        """Leave no camera running."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- for the next turn -------------------------------------------------------------

    async def show(self, data: bytes) -> None:
        """Keep this picture for the next turn, in the place of an older one.

        Raises:
            PictureError: It is none.
        """
        from edgevoice import jpeg

        size = self._camera.settings.size
        self._keep(await asyncio.to_thread(jpeg.prepare, data, size))

    async def look(self) -> None:
        """Have the camera take a picture for the next turn.

        Raises:
            PictureError: There is no camera, or it is not to be used, or it failed.
        """
        if self._camera.settings.when == "never":
            raise PictureError('the camera is not to be used: [camera] when is "never"')
        self._keep(await self._run(self._taken()))

    def forget(self) -> None:
        """What was shown belongs to a conversation that is over."""
        if self.waiting is not None:
            self.waiting = None
            self._tell("forgotten")

    def _keep(self, picture: bytes) -> None:
        self.waiting = picture
        self._tell("waits for the next turn")

    # -- the turn ----------------------------------------------------------------------

    def begin(self, turn: Turn | None) -> None:
        """Give a turn that counts its picture, or have one taken for it."""
        if turn is None or turn.picture is not None:  # it goes on after a pause
            return
        if self.waiting is not None:
            turn.picture = Picture(self.waiting, shown=True)
            self.waiting = None
        elif turn.utterance is not None and self._camera.settings.when == "press":
            turn.picture = Picture(None, shown=False)
            turn.picture.taking = self._run(self._take_for(turn.picture))

    async def _take_for(self, picture: Picture) -> bytes:
        try:
            picture.jpeg = await self._taken()
        except PictureError:  # it has been told
            return b""
        finally:
            picture.taking = None
            self._bell.ring()
        return picture.jpeg

    def end(self, turn: Turn | None) -> None:
        """The turn is over, and may not have shown its picture."""
        picture = turn.picture if turn is not None else None
        if turn is None or picture is None:
            return
        turn.picture = None  # no picture is kept for nothing
        if picture.sent:
            return
        if picture.shown:
            if self.waiting is None and picture.jpeg is not None:
                self._keep(picture.jpeg)
        elif picture.taking or picture.jpeg:
            self._came_too_late(turn, picture)

    def _came_too_late(self, turn: Turn, picture: Picture) -> None:
        if picture.taking is not None:
            picture.taking.cancel()
        if "last_audio_sent" in turn.timeline:
            self._failed("the camera is too slow: the question went without a picture")

    # -- the camera --------------------------------------------------------------------

    async def _taken(self) -> bytes:
        """A picture of the camera; what goes wrong is told."""
        try:
            picture = await self._camera.take()
        except PictureError as error:
            self._failed(str(error))
            raise
        self.error = None
        return picture

    def _failed(self, error: str) -> None:
        if error != self.error:  # or every press would warn
            log.warning("%s", error)
        self.error = error
        self._tell("failed", error)

    def _run(self, taking: Coroutine[Any, Any, bytes]) -> asyncio.Task[bytes]:
        task = asyncio.create_task(taking, name="camera")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _tell(self, state: str, error: str | None = None) -> None:
        self._news.tell("picture", state=state, error=error)
