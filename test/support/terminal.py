"""Runs a command on a pseudo-terminal: terminal.py COLUMNS ROWS COMMAND...

Copies the output of the command to stdout unchanged. Each line on stdin is an action of the user at the terminal:

keys HEX                type these bytes
resize COLUMNS ROWS     resize the window
hangup                  close the window
pause, resume           stop and continue to read what the command prints

Exits with the exit code of the command, or with 128 plus the number of the signal that killed it.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))


def main():
    columns, rows, *command = sys.argv[1:]
    child, terminal = pty.fork()
    if child == 0:
        resize(0, columns, rows)
        os.execvp(command[0], command)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    sources = [terminal, 0]
    commands = b''
    is_paused = False
    status = None
    while terminal in sources and status is None:
        waiting = [source for source in sources if not (is_paused and source == terminal)]
        readable, _, _ = select.select(waiting, [], [], 0.05 if is_paused else None)
        if is_paused:
            ended, ended_status = os.waitpid(child, os.WNOHANG)
            status = ended_status if ended else None
        if 0 in readable:
            data = os.read(0, 65536)
            if not data:
                sources.remove(0)
            commands += data
            *lines, commands = commands.split(b'\n')
            for line in lines:
                name, *arguments = line.decode().split(' ')
                if name == 'keys':
                    os.write(terminal, bytes.fromhex(arguments[0]))
                elif name == 'resize':
                    resize(terminal, *arguments)
                elif name in ('pause', 'resume'):
                    is_paused = name == 'pause'
                elif name == 'hangup':
                    os.close(terminal)
                    sources.remove(terminal)
        if terminal in readable and terminal in sources and not is_paused:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                # EIO: the command closed its terminal.
                data = b''
            if not data:
                sources.remove(terminal)
            os.write(1, data)
    if status is None:
        _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


main()
