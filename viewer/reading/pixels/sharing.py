"""Memory that the decoder processes write and this process reads, and the pipe between the two.

Linux has memory files without a name (memfd); other POSIX systems get a temporary file without a
name; Windows a mapping under a made-up name. None of them outlives its last user, whichever way
the processes end, and nothing is ever copied.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import uuid
import weakref
from multiprocessing.connection import Connection, Pipe
from typing import Any

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection

    def open_pipe(handle: int) -> PipeConnection:
        """The pipe behind a handle that `start` passed on."""
        return PipeConnection(handle)

else:
    from multiprocessing.reduction import recv_handle, send_handle

    def open_pipe(handle: int) -> Connection:
        """The pipe behind a handle that `start` passed on."""
        return Connection(handle)


class Block:
    """Zeroed bytes that two processes see.

    The memory lives as long as any array on it; to open it elsewhere the block itself must live.

    Attributes:
        size: bytes.
        memory: arrays are made on it with `numpy.frombuffer`.

    Raises:
        OSError: the system has no such memory left.
    """

    def __init__(self, size: int) -> None:
        self.size = max(1, size)
        if sys.platform == "win32":
            self._name = f"secondread-{uuid.uuid4().hex}"
            self.memory = mmap.mmap(-1, self.size, self._name)
        else:
            self._descriptor = _nameless()
            weakref.finalize(self, os.close, self._descriptor)
            os.ftruncate(self._descriptor, self.size)
            self.memory = mmap.mmap(self._descriptor, self.size)

    def send(self, pipe: Connection, pid: int) -> None:
        """Let the process `pid` at the other end of `pipe` open the memory; OSError when it is gone."""
        if sys.platform == "win32":
            pipe.send(self._name)
        else:
            send_handle(pipe, self._descriptor, pid)


def receive(pipe: Connection, size: int) -> mmap.mmap:
    """The memory that `Block.send` speaks of, in the other process."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size, pipe.recv())
    descriptor = recv_handle(pipe)
    try:
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


def start(code: str, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a bare interpreter on `code`, whose last argument is the handle of its pipe; our end of the pipe.

    Not multiprocessing's own spawn: that imports the main module of this program anew, wants a
    guard in every script that reads a file, and is forbidden in its daemon processes (data loaders).

    Raises:
        OSError: the process cannot be started.
    """
    ours, theirs = Pipe()
    handle = theirs.fileno()
    options: dict[str, Any] = {"pass_fds": (handle,)}
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        options = {"startupinfo": subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})}
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(handle)],
            stdin=quiet, stdout=quiet, stderr=quiet, env=environment, **options,
        )  # fmt: skip
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


def _nameless() -> int:
    """A descriptor of memory, or of a file, that has no name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("secondread")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
