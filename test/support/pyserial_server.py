"""A server of RFC 2217 made of pyserial, for one client at a time.

The argument is the path of a serial port, or loop://. It prints the TCP port on
which it listens, then each control line that a client sets, for example "dtr False".
"""
import socket
import sys
import threading

import serial
import serial.rfc2217
from serial.urlhandler import protocol_loop


def recording(base, **overrides):
    """A class of ports that prints the control lines that are set."""

    class Recording(base):
        def _set(self, line, value, update):
            print(line, value, flush=True)
            if 'cts' not in overrides:
                update()

        def _update_dtr_state(self):
            self._set('dtr', self._dtr_state, super()._update_dtr_state)

        def _update_rts_state(self):
            self._set('rts', self._rts_state, super()._update_rts_state)

        def _update_break_state(self):
            self._set('brk', self._break_state, super()._update_break_state)

    for name, value in overrides.items():
        setattr(Recording, name, property(lambda self, value=value: value))
    return Recording


def open_port(path):
    if path == 'loop://':
        return recording(protocol_loop.Serial)('loop://', timeout=0.02)
    # A pty has no control lines: asked for them, it fails.
    lines = dict.fromkeys(('cts', 'dsr', 'ri', 'cd'), False)
    return recording(serial.Serial, **lines)(path, timeout=0.02)


class Connection:
    """What PortManager writes to. Several threads write."""

    def __init__(self, client):
        self.client = client
        self.lock = threading.Lock()

    def write(self, data):
        with self.lock:
            self.client.sendall(data)


def read_port(port, manager, connection, is_over):
    try:
        while not is_over.is_set():
            data = port.read(port.in_waiting or 1)
            if data:
                connection.write(b''.join(manager.escape(data)))
    except (OSError, serial.SerialException):
        pass
    try:
        connection.client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def serve(client, path):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    port = open_port(path)
    connection = Connection(client)
    manager = serial.rfc2217.PortManager(port, connection)
    is_over = threading.Event()
    reader = threading.Thread(target=read_port, args=(port, manager, connection, is_over))
    reader.start()
    try:
        while True:
            data = client.recv(65536)
            if not data:
                break
            port.write(b''.join(manager.filter(data)))
    except (OSError, serial.SerialException):
        pass
    is_over.set()
    client.close()
    reader.join()
    port.close()


def main():
    server = socket.create_server(('127.0.0.1', 0))
    print(server.getsockname()[1], flush=True)
    while True:
        client, _ = server.accept()
        serve(client, sys.argv[1])


main()
