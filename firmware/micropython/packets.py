"""Packets over a serial line, for MicroPython: the device's end of `serial-communicator` and `sercom`.

A packet travels as a COBS frame followed by one zero byte, the delimiter.

    from machine import UART
    from packets import Packets

    host = Packets(UART(0, 115200), 64)  # the largest packet has 64 bytes

    while True:
        packet = host.receive()
        if packet is not None:
            host.send(packet)

`Packets` exchanges packets, with a checksum if wanted. `Requests` also replies to requests of the host and asks it.
`Console` is the port of the prompt as a stream, for boards whose USB has no other.

Buffers are allocated at the start. Use an object in one thread, not in an interrupt.
"""

import micropython
from array import array
from micropython import const
from time import sleep_ms, ticks_add, ticks_diff, ticks_ms, ticks_us

#: Codes of error replies: the handler failed, or there is no handler for the request.
HANDLER_FAILED = const(1)
NO_HANDLER = const(2)

#: In place of the code of an error reply: there was no reply in time.
TIMED_OUT = const(-1)

#: What a handler returns if it replies later, or never.
LATER = object()

# About three days. ticks_diff can compare times that are twice as far apart.
_MAX_TIMEOUT_MS = const(0xFFFFFFF)

# Made when it is needed, since it takes 512 bytes.
_crc16_table = None


def crc16(data, crc=0xFFFF):
    """CRC-16/CCITT-FALSE of `data`. To continue over more data, pass the result for the data before it."""
    global _crc16_table
    if _crc16_table is None:
        _crc16_table = array("H", (_crc16_of_byte(byte) for byte in range(256)))
    table = _crc16_table
    for byte in data:
        crc = (crc << 8 ^ table[crc >> 8 ^ byte]) & 0xFFFF
    return crc


def _crc16_of_byte(byte):
    byte ^= byte >> 4
    return (byte << 12 ^ byte << 5 ^ byte) & 0xFFFF


def _random():
    try:
        from os import urandom
    except ImportError:
        # Not all boards have it.
        return ticks_us()
    return int.from_bytes(urandom(2), "big")


class Packets:
    """Sends and receives packets over a stream such as `machine.UART`.

    stream: has `readinto` and `write`, which do not wait for long; if it has `any`, no more is read than that reports
    max_packet_bytes: length of the largest packet, without its checksum
    checksum: None, 'crc16' or 'crc32', as on the host
    stall_timeout_ms: how long `send` waits for a stream that accepts nothing
    read_bytes: how many bytes one `receive` reads at most

    These counters only grow. The first two are of packets, the others of frames that were dropped whole:

    packets_received, packets_sent
    malformed_frames: the frame ended in the middle of a block
    too_long_frames: the packet is longer than max_packet_bytes
    checksum_frames: the checksum is wrong or missing
    packets_refused: `send` returned False
    """

    def __init__(self, stream, max_packet_bytes, checksum=None, stall_timeout_ms=1000, read_bytes=256):
        if checksum == "crc16":
            self._crc, self._crc_start, self._crc_bytes, self._crc_order = crc16, 0xFFFF, 2, "big"
        elif checksum == "crc32":
            from binascii import crc32

            self._crc, self._crc_start, self._crc_bytes, self._crc_order = crc32, 0, 4, "little"
        elif checksum is None:
            self._crc, self._crc_bytes = None, 0
        else:
            raise ValueError("checksum: expected None, 'crc16' or 'crc32'")
        self.packets_received = 0
        self.packets_sent = 0
        self.malformed_frames = 0
        self.too_long_frames = 0
        self.checksum_frames = 0
        self.packets_refused = 0
        self.max_packet_bytes = max_packet_bytes
        self._stream = stream
        self._any = getattr(stream, "any", None)
        self._stall_timeout_ms = stall_timeout_ms
        # What was read, from _chunk_at to _chunk_end not yet decoded.
        self._chunk = bytearray(read_bytes)
        self._chunk_view = memoryview(self._chunk)
        self._chunk_at = 0
        self._chunk_end = 0
        # The decoded part of a frame. Of a packet that is too long, _decoded_bytes is _capacity + 1.
        self._capacity = self._overhead_bytes() + max_packet_bytes
        self._decoded = memoryview(bytearray(self._capacity))
        self._decoded_bytes = 0
        self._block_left = 0
        self._zero_pending = False
        self._in_frame = False
        self._packet_bytes = 0
        # The frame that is sent, from _frame_at to _frame_end not yet written. The first is a delimiter, which ends any
        # partial frame that the host has received from an earlier run.
        self._frame = memoryview(bytearray(self._capacity + self._capacity // 254 + 2))
        self._frame_at = 0
        self._frame_end = 1
        # While a frame is encoded: where the code of its current block is, and where its next byte goes.
        self._code_at = 0
        self._encode_at = 0
        self._write(0)

    def _overhead_bytes(self):
        return self._crc_bytes

    def receive(self):
        """Returns the next packet as `bytes`, which may be empty, or None if none is complete. Never waits."""
        self._write(0)
        may_read = True
        while True:
            while self._chunk_at < self._chunk_end:
                if self._decode() and self._has_checksum():
                    packet = self._accept(self._decoded[: self._packet_bytes])
                    if packet is not None:
                        return packet
            if not may_read:
                return None
            may_read = False
            self._read()

    def send(self, packet):
        """Sends a packet: `bytes`, `bytearray` or a `memoryview` of bytes.

        Waits until the stream has accepted it. If the stream accepts nothing for stall_timeout_ms, the rest is sent by
        later calls of `send` and `receive`. Returns False, and sends nothing, if the rest of the packet before is still
        not sent by then. A packet that is longer than max_packet_bytes is a ValueError.
        """
        return self._send(b"", packet)

    def _send(self, prefix, packet):
        packet = self._checked(packet)
        if not self._write(self._stall_timeout_ms):
            self.packets_refused += 1
            return False
        self._code_at = 0
        self._encode_at = 1
        self._encode(prefix)
        self._encode(packet)
        if self._crc:
            crc = self._crc(packet, self._crc(prefix, self._crc_start))
            self._encode(crc.to_bytes(self._crc_bytes, self._crc_order))
        self._frame[self._code_at] = self._encode_at - self._code_at
        self._frame[self._encode_at] = 0
        self._frame_at = 0
        self._frame_end = self._encode_at + 1
        self.packets_sent += 1
        self._write(self._stall_timeout_ms)
        return True

    def _checked(self, packet):
        if isinstance(packet, memoryview):
            packet = bytes(packet)
        elif not isinstance(packet, (bytes, bytearray)):
            raise TypeError("packet: expected bytes, bytearray or memoryview")
        if len(packet) > self.max_packet_bytes:
            raise ValueError("packet: {} bytes; at most {}".format(len(packet), self.max_packet_bytes))
        return packet

    def _encode(self, data):
        """Appends a part of a packet to the frame."""
        frame = self._frame
        code_at = self._code_at
        at = self._encode_at
        start = 0
        end = len(data)
        while start < end:
            room = code_at + 255 - at
            if room == 0:
                frame[code_at] = 255
                code_at = at
                at += 1
                room = 254
            stop = min(start + room, end)
            zero_at = data.find(b"\0", start, stop)
            if zero_at >= 0:
                stop = zero_at
            length = stop - start
            if length:
                frame[at : at + length] = data[start:stop]
                at += length
            start = stop
            if zero_at >= 0:
                frame[code_at] = at - code_at
                code_at = at
                at += 1
                start += 1
        self._code_at = code_at
        self._encode_at = at

    def _write(self, timeout_ms):
        """Writes the rest of the frame. Returns whether all of it is written."""
        if self._frame_at == self._frame_end:
            return True
        stalled_since = ticks_ms()
        while True:
            written = self._stream.write(self._frame[self._frame_at : self._frame_end])
            if written:
                self._frame_at += written
                if self._frame_at == self._frame_end:
                    return True
                stalled_since = ticks_ms()
            elif ticks_diff(ticks_ms(), stalled_since) >= timeout_ms:
                return False
            else:
                sleep_ms(1)

    def _read(self):
        self._chunk_at = 0
        self._chunk_end = 0
        if self._any is None:
            count = self._stream.readinto(self._chunk)
        else:
            # A UART waits for bytes that it does not have.
            count = min(self._any(), len(self._chunk))
            if count:
                count = self._stream.readinto(self._chunk, count)
        self._chunk_end = count or 0

    def _decode(self):
        """Decodes what was read, up to the end of a frame. Returns whether _decoded holds a valid one."""
        at = self._chunk_at
        delimiter_at = self._chunk.find(b"\0", at, self._chunk_end)
        if delimiter_at < 0:
            self._decode_blocks(at, self._chunk_end)
            self._chunk_at = self._chunk_end
            return False
        self._decode_blocks(at, delimiter_at)
        self._chunk_at = delimiter_at + 1
        count = self._decoded_bytes
        is_malformed = self._block_left != 0
        is_idle = not self._in_frame
        self._decoded_bytes = 0
        self._block_left = 0
        self._zero_pending = False
        self._in_frame = False
        if is_idle:
            return False
        if count > self._capacity:
            self.too_long_frames += 1
            return False
        if is_malformed:
            self.malformed_frames += 1
            return False
        self._packet_bytes = count - self._crc_bytes
        return True

    def _decode_blocks(self, at, end):
        """Decodes a part of a frame, which has no delimiter."""
        chunk = self._chunk
        count = self._decoded_bytes
        capacity = self._capacity
        left = self._block_left
        zero_pending = self._zero_pending
        if at < end:
            self._in_frame = True
        while at < end:
            if left == 0:
                # The zero that a block implies exists only if another block follows.
                if zero_pending:
                    if count < capacity:
                        self._decoded[count] = 0
                    count += 1
                left = chunk[at] - 1
                zero_pending = left != 254
                at += 1
            else:
                # Copying a run is much faster than copying its bytes one by one.
                run = min(left, end - at)
                if count + run <= capacity:
                    self._decoded[count : count + run] = self._chunk_view[at : at + run]
                count += run
                left -= run
                at += run
        # Of a frame that is too long, only that is remembered.
        self._decoded_bytes = min(count, capacity + 1)
        self._block_left = left
        self._zero_pending = zero_pending

    def _has_checksum(self):
        if not self._crc:
            return True
        end = self._packet_bytes
        if end >= 0:
            crc = self._crc(self._decoded[:end], self._crc_start)
            if self._decoded[end : end + self._crc_bytes] == crc.to_bytes(self._crc_bytes, self._crc_order):
                return True
        self.checksum_frames += 1
        return False

    def _accept(self, packet):
        """Handles a valid packet. Returns what `receive` returns, or None for nothing."""
        self.packets_received += 1
        return bytes(packet)


class Requests(Packets):
    """Packets that begin with an id (`requestIds` on the host): replies to requests of the host, and asks the host.

    `receive` also calls the handlers. It returns only packets that are neither requests nor replies, without their ids.

    commands: a dict from the first byte of a request, a number, to its handler
    id_bytes: 1 or 2, as on the host
    max_waiting: how many requests of the device may wait for replies, 1 to 127
    seed: the number before the first id; by default, it is random, so that the reply to a request from before a reset is
        not taken for that of a new one

    The other arguments and counters are those of Packets; max_packet_bytes is without the id. Further counters:

    too_short_frames: the packet ends within its id
    late_replies: no request waited for the reply
    failed_requests: a handler has raised an exception; the latest one is in last_error

    A handler gets the request, its first byte included, and its id. It returns the reply, None for an empty one, or
    LATER. If it raises an exception, the host gets the error HANDLER_FAILED.
    """

    def __init__(self, stream, max_packet_bytes, commands, id_bytes=1, max_waiting=4, seed=None, **options):
        if id_bytes not in (1, 2):
            raise ValueError("id_bytes: expected 1 or 2")
        if max_packet_bytes <= id_bytes:
            raise ValueError("max_packet_bytes: an error reply needs {}".format(id_bytes + 1))
        if not 1 <= max_waiting <= 127:
            raise ValueError("max_waiting: expected 1 to 127")
        if seed is None:
            seed = _random()
        self.too_short_frames = 0
        self.late_replies = 0
        self.failed_requests = 0
        self.last_error = None
        self._commands = commands
        self._id_bytes = id_bytes
        # Set in the ids of the device's requests, and alone in that of error replies.
        self._top_bit = 0x80 << 8 * (id_bytes - 1)
        self._last_number = seed % self._top_bit
        self._max_waiting = max_waiting
        # From the id of a request to its on_reply and its deadline.
        self._waiting = {}
        super().__init__(stream, max_packet_bytes, **options)

    def _overhead_bytes(self):
        return self._id_bytes + self._crc_bytes

    def receive(self):
        """Calls the handlers of requests, replies and time-outs. Returns the next other packet, or None.

        Waits only if replies to requests must be sent while the stream accepts nothing.
        """
        packet = super().receive()
        if self._waiting:
            self._end_late()
        return packet

    def send(self, packet):
        """Sends a packet that is neither a request nor a reply. The rest is as with Packets.send."""
        return self.reply(0, packet)

    def reply(self, request_id, packet):
        """Replies to a request whose handler has returned LATER. Returns what Packets.send does."""
        return self._send(request_id.to_bytes(self._id_bytes, "big"), packet)

    def reply_error(self, request_id, code=HANDLER_FAILED):
        """Reports that a request failed, by a code from 1 to 255. Returns what Packets.send does."""
        return self.reply(self._top_bit, request_id.to_bytes(self._id_bytes, "big") + bytes((code,)))

    def request(self, packet, on_reply, timeout_ms=1000):
        """Sends a request to the host. `receive` calls `on_reply(reply, code)` once:

        reply: the reply as `bytes`, or None if there is none
        code: 0, the code of the error reply, or TIMED_OUT

        Returns False, and sends nothing, if max_waiting requests wait, or as Packets.send.
        """
        if not 0 <= timeout_ms <= _MAX_TIMEOUT_MS:
            raise ValueError("timeout_ms: expected 0 to {}".format(_MAX_TIMEOUT_MS))
        if len(self._waiting) == self._max_waiting:
            self.packets_refused += 1
            return False
        while True:
            self._last_number = self._last_number % (self._top_bit - 1) + 1
            request_id = self._top_bit | self._last_number
            if request_id not in self._waiting:
                break
        if not self.reply(request_id, packet):
            return False
        self._waiting[request_id] = (on_reply, ticks_add(ticks_ms(), timeout_ms))
        return True

    def _accept(self, packet):
        id_bytes = self._id_bytes
        if len(packet) < id_bytes:
            self.too_short_frames += 1
            return None
        self.packets_received += 1
        packet_id = int.from_bytes(packet[:id_bytes], "big")
        payload = bytes(packet[id_bytes:])
        if packet_id == 0:
            return payload
        if packet_id < self._top_bit:
            self._handle(packet_id, payload)
        elif packet_id > self._top_bit:
            self._end(packet_id, payload, 0)
        elif len(payload) == id_bytes + 1:
            self._end(int.from_bytes(payload[:id_bytes], "big"), None, payload[id_bytes])
        else:
            self.late_replies += 1
        return None

    def _handle(self, request_id, payload):
        handler = self._commands.get(payload[0]) if payload else None
        if handler is None:
            self.reply_error(request_id, NO_HANDLER)
            return
        try:
            reply = handler(payload, request_id)
            if reply is not LATER:
                reply = b"" if reply is None else self._checked(reply)
        except Exception as error:
            self.failed_requests += 1
            self.last_error = error
            self.reply_error(request_id)
            return
        if reply is not LATER:
            self.reply(request_id, reply)

    def _end(self, request_id, reply, code):
        waiting = self._waiting.pop(request_id, None)
        if waiting is None:
            self.late_replies += 1
        else:
            waiting[0](reply, code)

    def _end_late(self):
        """Ends one request whose deadline has passed."""
        now = ticks_ms()
        for request_id, (_, deadline) in self._waiting.items():
            if ticks_diff(deadline, now) <= 0:
                self._end(request_id, None, TIMED_OUT)
                break


class Console:
    """The port of the prompt (REPL) as a stream: USB on a Pico, UART 0 on many ESP32 boards.

    The byte 03 usually means Ctrl-C there. It does not while a console is open, since packets contain it.
    `with Console() as port:` closes it at the end of the block, also after an exception.
    """

    def __init__(self):
        from select import POLLIN, poll
        from sys import stdin, stdout

        self._input = stdin.buffer
        self._poll = poll()
        self._poll.register(self._input, POLLIN)
        self._byte = bytearray(1)
        #: Writes bytes, without changing ends of lines.
        self.write = stdout.buffer.write
        micropython.kbd_intr(-1)

    def readinto(self, buffer):
        """Reads what is there, without waiting. Returns the number of bytes."""
        # One by one: reading more waits for more.
        for count in range(len(buffer)):
            if not self._has_byte() or not self._input.readinto(self._byte):
                return count
            buffer[count] = self._byte[0]
        return len(buffer)

    def _has_byte(self):
        for _ in self._poll.ipoll(0):
            return True
        return False

    def close(self):
        """Makes the byte 03 mean Ctrl-C again."""
        micropython.kbd_intr(3)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
