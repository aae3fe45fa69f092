# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel says, read as it comes: its log forgets."""

import os


class KernelLog:
    """The kernel's log, from @whence on: os.SEEK_SET, what it still knows, or
    os.SEEK_END, what is to come."""

    def __init__(self, whence):
        self._file = os.open("/dev/kmsg", os.O_RDWR | os.O_NONBLOCK)
        os.lseek(self._file, 0, whence)

    def say(self, text):
        """Write @text, to find one's way in the log."""
        os.write(self._file, text.encode())

    def messages(self):
        """What has been said since the last call."""
        while True:
            try:
                record = os.read(self._file, 8192).decode(errors="replace")
            except BlockingIOError:
                return
            except BrokenPipeError:  # overwritten before it was read
                continue
            yield record.partition(";")[2].partition("\n")[0]
