"""The device's end of a pseudo-terminal. Reads one command per line from stdin and prints one line in reply.

open [LINK]     open a new raw pty, with a symbolic link to it: by
                default one that no other pty ever has, while the
                kernel uses the number of a closed pty again        -> the link
write HEX       write as much as the pty accepts at once            -> number of bytes
read N          read at most N bytes, without waiting               -> the bytes as hex
unread          count the bytes that the host has not read          -> number of bytes
echo on|off     send every byte back
flood on|off    send frames without pausing
stall           stop the output of the host (XOFF); bytes written later are received after that
close           close the device's end, as when a device program dies
vhangup         hang up as the kernel does for an unplugged device (root only)
unlink          remove the link, as udev does when a device is unplugged
"""
import atexit
import errno
import fcntl
import os
import pty
import select
import shutil
import signal
import sys
import tempfile
import termios
import tty

TIOCVHANGUP = 0x5437
FLOOD = bytes([0x05, 1, 2, 3, 4, 0]) * 512


class Device:
    def __init__(self):
        self.device = None
        self.path = None
        self.link = None
        self.own_link = None
        self.echoing = False
        self.unechoed = b''
        self.flooding = False

    def open(self, link=None):
        # Before the old one is closed, so that a host which reconnects finds the new one and never that of another test.
        device, port = pty.openpty()
        tty.setraw(port)
        self.path = os.ttyname(port)
        os.close(port)
        os.set_blocking(device, False)
        own_link = None
        if link is None:
            folder = tempfile.mkdtemp(prefix='pty-')
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            link = own_link = os.path.join(folder, 'ttyACM0')
        temporary = link + '.new'
        os.symlink(self.path, temporary)
        os.rename(temporary, link)
        self.close()
        self.device, self.link, self.own_link = device, link, own_link
        return link

    def write(self, data):
        try:
            return str(os.write(self.device, bytes.fromhex(data)))
        except BlockingIOError:
            return '0'

    def read(self, limit):
        try:
            return os.read(self.device, int(limit)).hex()
        except BlockingIOError:
            return ''

    def unread(self):
        port = os.open(self.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        # Makes the kernel pass on what was written and is still on its way to the port.
        select.select([port], [], [], 0)
        count = fcntl.ioctl(port, termios.FIONREAD, bytes(4))
        os.close(port)
        return str(int.from_bytes(count, sys.byteorder))

    def echo(self, on):
        self.echoing = on == 'on'

    def flood(self, on):
        self.flooding = on == 'on'
        # Flooding would use a whole processor, so give way to everything else.
        os.setpriority(os.PRIO_PROCESS, 0, 19)

    def stall(self):
        # The kernel obeys this XOFF: on Linux, the settings of the device's end are those of the port.
        settings = termios.tcgetattr(self.device)
        settings[0] |= termios.IXON
        settings[6][termios.VSTOP] = b'\x13'
        termios.tcsetattr(self.device, termios.TCSANOW, settings)
        os.write(self.device, b'\x13')

    def close(self):
        if self.own_link is not None:
            # First, so that it never leads to a later pty of the same number.
            os.unlink(self.own_link)
            self.own_link = None
        if self.device is not None:
            os.close(self.device)
            self.device = None
            self.unechoed = b''

    def vhangup(self):
        port = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(port, TIOCVHANGUP, 0)
        os.close(port)

    def unlink(self):
        os.unlink(self.link)

    def readable(self):
        try:
            data = os.read(self.device, 65536)
        except OSError as error:
            # EIO: no process has the port open.
            if error.errno not in (errno.EIO, errno.EAGAIN):
                raise
            select.select([], [], [], 0.001)
            return
        self.unechoed = data
        self.writable()

    def writable(self):
        try:
            if self.unechoed:
                self.unechoed = self.unechoed[os.write(self.device, self.unechoed):]
            elif self.flooding:
                os.write(self.device, FLOOD)
        except BlockingIOError:
            pass


def main():
    device = Device()
    commands = b''
    while True:
        is_open = device.device is not None
        readers = [0] + ([device.device] if is_open and device.echoing and not device.unechoed else [])
        writers = [device.device] if is_open and (device.flooding or device.unechoed) else []
        readable, writable, _ = select.select(readers, writers, [])
        if 0 in readable:
            data = os.read(0, 65536)
            if not data:
                return
            commands += data
            *lines, commands = commands.split(b'\n')
            for line in lines:
                name, *arguments = line.decode().split(' ')
                try:
                    reply = getattr(device, name)(*arguments) or ''
                except Exception as error:
                    reply = 'error: %r' % error
                sys.stdout.write(reply + '\n')
                sys.stdout.flush()
            continue
        if device.device in readable:
            device.readable()
        if device.device in writable:
            device.writable()


# A test ends the process by SIGTERM.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
main()
