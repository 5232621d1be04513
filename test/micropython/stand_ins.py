"""Stand-ins for the modules of a board, and a line that a test holds the other end of. The test runs this first."""

import sys
from binascii import hexlify, unhexlify


class Line:
    """A stream as `machine.UART` is one. It keeps no more than `room` bytes that it was given to write."""

    def __init__(self):
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.room = 1 << 30
        # How many bytes one call of `write` accepts at most.
        self.write_bytes = 1 << 30
        # What a full UART returns from `write`.
        self.full = None

    def any(self):
        return len(self.incoming)

    def readinto(self, buffer, count):
        if count > len(self.incoming):
            raise AssertionError("a UART waits for bytes that it does not have")
        buffer[:count] = self.incoming[:count]
        self.incoming = self.incoming[count:]
        return count

    def write(self, data):
        count = min(len(data), self.room - len(self.outgoing), self.write_bytes)
        if count <= 0:
            return self.full
        self.outgoing.extend(data[:count])
        return count

    # The other end.

    def feed(self, text):
        self.incoming.extend(unhexlify(text))

    def take(self):
        text = hexlify(self.outgoing).decode()
        self.outgoing = bytearray()
        return text


class StoppingLine(Line):
    """A line with a host that sends its chunks one after the other, and then ends the program as Ctrl-C does."""

    def __init__(self):
        super().__init__()
        self.coming = []
        self.idle_calls = 0

    def any(self):
        if not self.incoming:
            if self.coming:
                self.incoming.extend(self.coming.pop(0))
            elif self.idle_calls == 3:
                raise KeyboardInterrupt
            else:
                self.idle_calls += 1
        return len(self.incoming)


class UART:
    """`machine.UART`: all of them are at the same line."""

    line = None
    arguments = None

    def __new__(cls, *arguments, **options):
        UART.arguments = arguments
        return UART.line


class Pin:
    """`machine.Pin`: remembers what was set."""

    IN = 0
    OUT = 1
    PULL_UP = 1
    levels = {}
    modes = {}

    def __init__(self, number, *mode):
        self._number = number
        Pin.modes[number] = mode

    def value(self, level=None):
        if level is None:
            return Pin.levels.get(self._number, 0)
        Pin.levels[self._number] = level

    def toggle(self):
        self.value(1 - self.value())


class ADC:
    """`machine.ADC`: all inputs have the same value."""

    value = 0

    def __init__(self, channel):
        pass

    def read_u16(self):
        return ADC.value


class Machine:
    UART = UART
    Pin = Pin
    ADC = ADC


class ConsoleInput:
    """`sys.stdin.buffer` of a board: `readinto` waits until the buffer is full."""

    incoming = bytearray()
    # Arrives when all of the above is read. After the last chunk, the program ends as by Ctrl-C.
    coming = []
    stops = True
    idle_calls = 0
    # What `micropython.kbd_intr` was last called with.
    interrupt_byte = 3

    @classmethod
    def reset(cls):
        cls.incoming = bytearray()
        cls.coming = []
        cls.stops = True
        cls.idle_calls = 0
        cls.interrupt_byte = 3

    @classmethod
    def has_bytes(cls):
        if cls.incoming:
            return True
        if cls.coming:
            cls.incoming.extend(cls.coming.pop(0))
        elif cls.stops:
            cls.idle_calls += 1
            if cls.idle_calls > 3:
                raise KeyboardInterrupt
        return False

    def readinto(self, buffer):
        for at in range(len(buffer)):
            if not ConsoleInput.incoming:
                raise AssertionError("waits for ever")
            buffer[at] = ConsoleInput.incoming[0]
            ConsoleInput.incoming = ConsoleInput.incoming[1:]
        return len(buffer)


class ConsoleOutput:
    outgoing = bytearray()

    def write(self, data):
        ConsoleOutput.outgoing.extend(data)
        return len(data)


class Stdin:
    buffer = ConsoleInput()


class Stdout:
    buffer = ConsoleOutput()


class Sys:
    stdin = Stdin
    stdout = Stdout


class Poll:
    def register(self, stream, events):
        if stream is not Stdin.buffer or events != 1:
            raise AssertionError("registers another stream")

    def ipoll(self, timeout_ms):
        if timeout_ms != 0:
            raise AssertionError("waits")
        return ((Stdin.buffer, 1),) if ConsoleInput.has_bytes() else ()


class Select:
    POLLIN = 1
    poll = Poll


class Micropython:
    @staticmethod
    def const(value):
        return value

    @staticmethod
    def kbd_intr(byte):
        ConsoleInput.interrupt_byte = byte


class Asyncio:
    """`asyncio`, with what the programs need. That of this interpreter leaves its loop to JavaScript."""

    @staticmethod
    def sleep_ms(duration_ms):
        yield

    @staticmethod
    def gather(*tasks):
        while True:
            for task in tasks:
                task.send(None)
            yield

    @staticmethod
    def run(task):
        try:
            while True:
                task.send(None)
        except StopIteration:
            pass


class Os:
    """`os` with what many boards have, and this interpreter has not."""

    random = b"\x00\x00"

    @staticmethod
    def urandom(count):
        return Os.random[:count]


sys.path.append("/")
sys_modules = sys.modules
sys_modules["machine"] = Machine
sys_modules["select"] = Select
sys_modules["micropython"] = Micropython
sys_modules["sys"] = Sys
sys_modules["asyncio"] = Asyncio
