"""A client that uses pyserial. Each line of stdin is a command, which is answered with one line.

    open URL [NAME VALUE]...    opens a port
    set NAME VALUE              sets a property of the port, such as baudrate, dtr or break_condition
    get NAME                    reads one, such as cts
    write HEX                   writes bytes
    read COUNT                  reads that many bytes, in hex; fewer after five seconds
    purge                       discards what was received
    close                       closes the port

An answer that begins with "error" says what went wrong.
"""

import ast
import sys

import serial


def value_of(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def main():
    port = None
    for line in sys.stdin:
        words = line.split()
        command, arguments = words[0], words[1:]
        try:
            answer = "ok"
            if command == "open":
                settings = dict(zip(arguments[1::2], map(value_of, arguments[2::2])))
                port = serial.serial_for_url(arguments[0], timeout=5, **settings)
            elif command == "set":
                setattr(port, arguments[0], value_of(arguments[1]))
            elif command == "get":
                answer = repr(getattr(port, arguments[0]))
            elif command == "write":
                port.write(bytes.fromhex(arguments[0]))
            elif command == "read":
                answer = port.read(int(arguments[0])).hex()
            elif command == "purge":
                port.reset_input_buffer()
            elif command == "close":
                port.close()
        except Exception as error:
            answer = f"error {error}"
        print(answer, flush=True)


main()
