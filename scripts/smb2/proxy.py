# SPDX-License-Identifier: GPL-2.0-only
"""Somebody on the path between a client and the server."""

import contextlib
import socket
import threading

from . import stream, wire


class Proxy:
    """Passes on what a client and the server say to each other, for one
    connection. It ends with the `with` statement it is used in.

    @requested(message) and @answered(message) see each message on its way and
    return what goes on in its place. As long as @answered has not returned,
    nobody else reads what the server says: it may talk to the server itself,
    through self.server."""

    def __init__(self, requested, answered, address="127.0.0.1", port=445):
        self.requested = requested
        self.answered = answered
        self.client = None
        self.error = None
        self.server = socket.create_connection((address, port), 30)
        self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._serve, daemon=True)]
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            self.client, _ = self.listener.accept()
            back = threading.Thread(target=self._pass_on, daemon=True, args=(
                self.server, self.client, self.answered))
            self.threads.append(back)
            back.start()
            self._pass_on(self.client, self.server, self.requested)

    def _pass_on(self, source, target, meddle):
        try:
            while True:
                message = stream.receive_message(source)
                target.sendall(wire.frame(meddle(message)))
        except (OSError, EOFError):
            pass
        except Exception as error:      # for whoever looks at what was done
            self.error = error
        finally:
            for sock in (source, target):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        """End both connections."""
        for sock in (self.listener, self.client, self.server):
            if sock:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        for thread in self.threads:
            thread.join(5)
