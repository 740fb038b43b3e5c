#!/usr/bin/env python3
"""Passes Ethernet frames between two network interfaces, each one a fixed time after its arrival: the delay of a cable, where the kernel has no netem.

    delay.py LEFT RIGHT DELAY      DELAY as tc writes it: 0.1ms, 250us

Runs until SIGTERM, and then says how late frames left: `frames late by median / 99 % / most`. Needs root.
"""
import array
import collections
import ctypes
import gc
import os
import select
import signal
import socket
import struct
import sys
import time

# From linux/if_packet.h, asm-generic/socket.h and linux/prctl.h; the socket module has no names for them.
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
ETH_P_ALL = 3
SO_RCVBUFFORCE, SO_SNDBUFFORCE, SO_TIMESTAMPNS = 33, 32, 35
PR_SET_TIMERSLACK = 29

FRAME_BYTES = 68 << 10     # a whole segment of TCP before the card would cut it, and headers
BUFFER_BYTES = 64 << 20
AT_ONCE = 16               # frames that are taken before those that are due are looked at again


def nanoseconds(text):
    for unit, factor in (("us", 1e3), ("ms", 1e6), ("s", 1e9)):
        if text.endswith(unit):
            return round(float(text[:-len(unit)]) * factor)
    sys.exit(f"delay.py: {text}: expected a time such as 0.1ms or 250us")


def opened(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    # Frames keep what the kernel knows of them: that checksums are missing, and into which segments they are to be cut.
    s.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    s.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES)
    s.bind((interface, ETH_P_ALL))
    s.setblocking(False)
    return s


def main(left, right, delay):
    delay = nanoseconds(delay)
    ends = opened(left), opened(right)
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    waiting, late, lost = collections.deque(), array.array("q"), 0

    def end(*_):
        order = sorted(late) or [0]
        middle, most, last = order[len(order) // 2], order[len(order) * 99 // 100], order[-1]
        print(f"delay {delay / 1e6:g} ms: {len(late)} frames late by {middle / 1e3:.0f} / {most / 1e3:.0f} / {last / 1e3:.0f} µs (median / 99 % / most), {lost} lost",
              file=sys.stderr, flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    # Timers that are exact to the nanosecond in place of 50 µs, and the CPU before all that compute.
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        print("delay.py: no real-time priority: frames wait for the CPU like all others", file=sys.stderr)

    while True:
        now = time.monotonic_ns()
        while waiting and waiting[0][0] <= now:
            due, target, frame = waiting.popleft()
            try:
                target.send(frame)
            except OSError:
                # The cable is cut.
                lost += 1
            now = time.monotonic_ns()
            late.append(now - due)
        readable, _, _ = select.select(ends, [], [], max(0, waiting[0][0] - now) / 1e9 if waiting else None)
        for source in readable:
            for _ in range(AT_ONCE):
                try:
                    frame, notes, _, _ = source.recvmsg(FRAME_BYTES, 64)
                except BlockingIOError:
                    break
                except OSError:
                    lost += 1
                    break
                age = 0
                for level, kind, data in notes:
                    if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                        seconds, rest = struct.unpack("qq", data[:16])
                        age = time.time_ns() - seconds * 1_000_000_000 - rest
                # The system's clock may be set meanwhile: nothing arrived in the future, or before it could have left again.
                waiting.append((time.monotonic_ns() + delay - min(max(age, 0), delay), other[source], frame))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
