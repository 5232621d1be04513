"""Sends packets and waits for their echoes with pyserial: echo.py PATH SIZE. Reads "run N" on stdin, as host.c does. Checks every byte."""

import json
import math
import sys
import time

import serial

POOL_PACKETS, POOL_SEED, POOL_ZEROS = 251, 2463534242, 256


def packet_pool(size):
    state, out = POOL_SEED, bytearray()
    for _ in range(POOL_PACKETS * size):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        out.append(0 if (state >> 8) % POOL_ZEROS == 0 else 1 + (state & 0xFF) % 255)
    return [bytes(out[index * size : (index + 1) * size]) for index in range(POOL_PACKETS)]


def encode(packet):
    """Encodes a packet of up to 253 bytes, and adds the delimiter."""
    return b"".join(bytes([len(run) + 1]) + run for run in packet.split(b"\0")) + b"\0"


def decode(frame):
    """Decodes a frame of up to 254 bytes, given without its delimiter."""
    runs = []
    while frame:
        runs.append(frame[1 : frame[0]])
        frame = frame[frame[0] :]
    return b"\0".join(runs)


def percentile(ordered, quantile):
    return ordered[max(0, math.ceil(len(ordered) * quantile) - 1)]


def say(value):
    print(json.dumps(value), flush=True)


def main():
    pool = packet_pool(int(sys.argv[2]))
    port = serial.Serial(sys.argv[1], 115200, timeout=10)
    say({"ready": True})
    for line in sys.stdin:
        count = int(line.split()[1])
        say({"armed": True})
        samples, cpu = [], time.process_time()
        for index in range(count):
            packet = pool[index % POOL_PACKETS]
            started = time.perf_counter()
            port.write(encode(packet))
            received = decode(port.read_until(b"\0")[:-1])
            samples.append((time.perf_counter() - started) * 1e6)
            if received != packet:
                say({"error": f"wrong bytes: packet {index}"})
                sys.exit(1)
        cpu = (time.process_time() - cpu) * 1e6
        samples.sort()
        say({"p50": percentile(samples, 0.5), "p99": percentile(samples, 0.99), "cpuUs": cpu})


main()
