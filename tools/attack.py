#!/usr/bin/env python3
"""Attacks `alexnet serve` and reports its memory and how normal requests fare meanwhile.

    tools/attack.py MODEL IMAGE [--seconds 20] [--memory 1G] [--only NAME] [--command "dotnet alexnet.dll"]
    tools/attack.py MODEL IMAGE --only mix --seconds 3600        an hour of all attacks at once, with memory each minute

Starts the service on a free port of this machine, under a limit of memory where --memory is given (needs root), and then, one after
the other: crowds with progressive and plain JPEGs of 24 megapixels, JPEGs of many scans, a GIF of 35 bytes that claims 24 megapixels, PNGs of 24
megapixels, slow senders, clients that go away, all of it at once (mix), and a shutdown in the middle of slow uploads. Beside each attack IMAGE is sent four
times a second; without any for at most a minute first (quiet). Attacks that last more than a minute report memory each minute. The attackers are
a process of their own with low priority, as if they were other machines: what they compute is not to delay normal requests, only what they ask for.

Exit code 1 where the service ends or hangs, a normal request is refused, 99 % of the normal requests of an attack take more than three times the median
of quiet ones, or memory rises by more than a fifth from the first minute of an attack to its last. Needs Python 3.9, nothing else; Linux.
"""
import argparse, asyncio, multiprocessing, os, shlex, signal, socket, struct, subprocess, sys, time, zlib

HEAD = b"POST /classify?top=3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(width, height, scans, progressive):
    """A gray-to-the-eye JPEG of three components without subsampling whose data is zeros; a progressive one of as many scans as wanted."""
    blocks = (width + 7) // 8 * ((height + 7) // 8)
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"".join(bytes([i + 1, 0x11, 0]) for i in range(3))
    out = b"\xff\xd8" + segment(0xDB, b"\0" + bytes([1] * 64)) + segment(0xC2 if progressive else 0xC0, frame)
    out += segment(0xC4, b"\0" + bytes([1] + [0] * 15) + b"\0") + segment(0xC4, b"\x10" + bytes([1, 1] + [0] * 14) + (b"\xe0\0" if progressive else b"\0\1"))

    def packed(text):
        text += "1" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")

    if not progressive:
        # Every block: DC difference 0 (code 0), end of block (code 0).
        return out + segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])) + packed("00" * 3 * blocks) + b"\xff\xd9"
    out += segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 0, 0x0D])) + packed("0" * 3 * blocks)
    text, left = "", blocks
    while left:
        run = min(left, 32767) if left >= 16384 else 1
        text += "0" + format(run - 16384, "014b") if run > 1 else "10"
        left -= run
    rest = packed(text)
    for scan in range(scans - 1):
        out += segment(0xDA, bytes([1, scan % 3 + 1, 0, 1, 63, 0x0D if scan < 3 else 0xDC])) + rest
    return out + b"\xff\xd9"


def png(width, height):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    pack = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    data = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif(width, height):
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x4c\1\0;"


class Service:
    def __init__(self, command, model, memory):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.group = None
        words = shlex.split(command) + ["serve", model, "--port", str(self.port)]
        if memory:
            root = "/sys/fs/cgroup/memory" if os.path.exists("/sys/fs/cgroup/memory") else "/sys/fs/cgroup"
            self.group = f"{root}/alexnet-attack-{os.getpid()}"
            os.mkdir(self.group)
            # Version 2, and version 1.
            for name, value in (("memory.max", memory), ("memory.swap.max", "0"), ("memory.limit_in_bytes", memory)):
                if os.path.exists(f"{self.group}/{name}"):
                    with open(f"{self.group}/{name}", "w") as f:
                        f.write(value)
        self.log = open(f"/tmp/alexnet-attack-{os.getpid()}.log", "w+")
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, preexec_fn=self.join)

    def join(self):
        if self.group:
            with open(f"{self.group}/cgroup.procs", "w") as f:
                f.write(str(os.getpid()))

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next((int(line.split()[1]) // 1024 for line in f if line.startswith("VmRSS")), 0)

    def alive(self):
        return self.process.poll() is None

    def end(self):
        start = time.time()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.group:
            os.rmdir(self.group)
        self.log.seek(0)
        return time.time() - start, self.process.returncode, self.log.read()


class Attack:
    def __init__(self, service, image, seconds):
        self.service, self.image, self.seconds = service, image, seconds
        self.statuses, self.times, self.failed = {}, [], {}

    async def send(self, body, limit=60.0):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.service.port)
        try:
            writer.write(HEAD % len(body) + body)
            answer = await asyncio.wait_for(reader.read(4000), limit)
            return answer[9:12].decode()
        finally:
            writer.close()

    def count(self, key):
        self.statuses[key] = self.statuses.get(key, 0) + 1

    async def client(self, body, stop):
        while time.time() < stop:
            try:
                status = await self.send(body)
                self.count(status)
                if status == "503":
                    await asyncio.sleep(0.2)
            except Exception as e:
                self.count(type(e).__name__)
                await asyncio.sleep(0.1)

    async def leaver(self, body, stop):
        while time.time() < stop:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.service.port)
                writer.write(HEAD % len(body) + body)
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.transport.abort()
                self.count("left")
            except Exception as e:
                self.count(type(e).__name__)
            await asyncio.sleep(0.1)

    async def slow(self, rate, stop):
        while time.time() < stop:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.service.port)
                writer.write(HEAD % 9_000_000 + b"\xff\xd8\xff")
                while time.time() < stop:
                    writer.write(b"x" * rate)
                    await writer.drain()
                    try:
                        answer = await asyncio.wait_for(reader.read(100), 1)
                        self.count(answer[9:12].decode() or "closed")
                        break
                    except asyncio.TimeoutError:
                        pass
                writer.close()
            except Exception as e:
                self.count(type(e).__name__)
                await asyncio.sleep(0.1)

    async def probe(self, stop):
        while time.time() < stop:
            start = time.time()
            try:
                status = await self.send(self.image, 30)
                if status == "200":
                    self.times.append(time.time() - start)
                else:
                    self.failed[status] = self.failed.get(status, 0) + 1
            except Exception as e:
                self.failed[type(e).__name__] = self.failed.get(type(e).__name__, 0) + 1
            await asyncio.sleep(max(0, 0.25 - (time.time() - start)))

    async def run(self, clients):
        """Returns the peak of memory, and the peaks of the minutes."""
        start = time.time()
        stop = start + self.seconds
        minutes = [0]

        async def watch():
            while time.time() < stop + 1 and self.service.alive():
                minutes[-1] = max(minutes[-1], self.service.memory())
                if time.time() - start > 60 * len(minutes) and self.seconds > 60:
                    times = self.times[len(self.times) - 240:] if len(self.times) > 240 else self.times
                    print(f"  minute {len(minutes):3}: memory at most {minutes[-1]} MB; last normal requests: median {1000 * quantile(times, 0.5):.0f} ms, "
                          f"99 % {1000 * quantile(times, 0.99):.0f} ms; {sum(self.failed.values())} failed", flush=True)
                    minutes.append(0)
                await asyncio.sleep(0.1)
        # Forked: the bodies are there already.
        context = multiprocessing.get_context("fork")
        results, ours = context.Pipe(duplex=False)
        attackers = context.Process(target=self.attack, args=(clients, stop, ours), daemon=True)
        if clients:
            attackers.start()
        await asyncio.gather(watch(), self.probe(stop))
        if clients:
            # Their last answers take up to a minute.
            self.statuses = results.recv() if results.poll(90) else {"lost": 1}
            attackers.join(1)
        # The last minute is a short one.
        return max(minutes), minutes[:-1] or minutes

    def attack(self, clients, stop, results):
        """In a process of its own: sends until it is time to stop, and reports the answers."""
        os.nice(10)

        async def all_of_them():
            await asyncio.gather(*[make(self, stop) for make in clients])
        asyncio.run(all_of_them())
        results.send(self.statuses)


def quantile(times, q):
    return sorted(times)[min(len(times) - 1, int(q * len(times)))] if times else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("image")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--memory", help="limit of memory, such as 1G")
    parser.add_argument("--only", action="append", help="names of attacks, quiet comes first anyhow")
    parser.add_argument("--idle", type=float, default=60, help="seconds of rest at the end")
    parser.add_argument("--command", help="how the command is started; without it, it is built and started from here")
    options = parser.parse_args()
    with open(options.image, "rb") as f:
        image = f.read()
    side = 4896
    bodies = {"progressive": jpeg(side, side, 4, True), "plain": jpeg(side, side, 1, False), "scans": jpeg(side, side, 11, True),
              "bomb": jpeg(8184, 8184, 200, True), "gif": gif(side, side), "png": png(side, side), "many": jpeg(2000, 2000, 4, True)}
    attacks = {
        "quiet": [],
        "200 × progressive 24 MP": [lambda a, s: a.client(bodies["progressive"], s)] * 200,
        "40 × plain 24 MP": [lambda a, s: a.client(bodies["plain"], s)] * 40,
        "16 × 11 scans of 24 MP": [lambda a, s: a.client(bodies["scans"], s)] * 16,
        "16 × 4 scans of 4 MP": [lambda a, s: a.client(bodies["many"], s)] * 16,
        "16 × 200 scans of 67 MP": [lambda a, s: a.client(bodies["bomb"], s)] * 16,
        "16 × GIF of 24 MP": [lambda a, s: a.client(bodies["gif"], s)] * 16,
        "16 × PNG of 24 MP": [lambda a, s: a.client(bodies["png"], s)] * 16,
        "40 × 400 bytes/s": [lambda a, s: a.slow(400, s)] * 40,
        "16 who leave": [lambda a, s: a.leaver(bodies["scans"], s)] * 16,
    }
    attacks["mix"] = [make for name, list_ in attacks.items() for make in list_[:16]]
    unknown = [name for name in options.only or [] if name not in attacks]
    if unknown:
        parser.error(f"no attack is called '{unknown[0]}'; there are {', '.join(attacks)}")
    if options.command is None:
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        # Not through dotnet run, whose process is not the service's: its memory is measured.
        subprocess.run(["dotnet", "build", "-c", "Release", "-v", "q", "--nologo", f"{root}/src/AlexNetSharp.Cli"], check=True, stdout=sys.stderr)
        options.command = shlex.quote(f"{root}/src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet")
    # Whoever ends this ends the service, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    service = Service(options.command, os.path.abspath(options.model), options.memory)
    bad = []
    try:
        async def ready():
            attack = Attack(service, image, 0)
            for _ in range(600):
                if not service.alive():
                    return False
                try:
                    if await attack.send(image) == "200":
                        return True
                except OSError:
                    pass
                await asyncio.sleep(0.1)
            return False
        if not asyncio.run(ready()):
            sys.exit("attack: the service does not start")
        async def warm():
            attack = Attack(service, image, 0)
            await asyncio.gather(*[attack.client(image, time.time() + 5) for _ in range(16)])
        asyncio.run(warm())
        begin = service.memory()
        print(f"{'attack':26} {'peak MB':>8} {'median ms':>10} {'p99 ms':>8} {'normal':>7}  refused; answers to the attackers")
        usual = None
        for name, clients in attacks.items():
            if options.only and name not in options.only + ["quiet"]:
                continue
            attack = Attack(service, image, options.seconds if name != "quiet" else min(options.seconds, 60))
            peak, minutes = asyncio.run(attack.run(clients))
            if not service.alive():
                bad.append(f"{name}: the service has ended with {service.process.returncode}")
                break
            usual = usual or quantile(attack.times, 0.5)
            if not quantile(attack.times, 0.99) <= 3 * usual:
                bad.append(f"{name}: 99 % of the normal requests took {1000 * quantile(attack.times, 0.99):.0f} ms, more than three times the {1000 * usual:.0f} ms of quiet")
            if attack.failed:
                bad.append(f"{name}: normal requests failed, {attack.failed}")
            if minutes[-1] > 1.2 * minutes[0]:
                bad.append(f"{name}: memory rose from {minutes[0]} to {minutes[-1]} MB")
            print(f"{name:26} {peak:8} {1000 * quantile(attack.times, 0.5):10.0f} {1000 * quantile(attack.times, 0.99):8.0f} {len(attack.times):7}"
                  f"  {attack.failed or 'none'}; {attack.statuses}", flush=True)
        if service.alive():
            time.sleep(options.idle)
            print(f"memory: {begin} MB at the start, {service.memory()} MB after {options.idle:.0f} s of rest")
            async def during():
                attack = Attack(service, image, 0)
                tasks = [asyncio.create_task(attack.slow(9000, time.time() + 60)) for _ in range(20)]
                await asyncio.sleep(2)
                result = await asyncio.to_thread(service.end)
                for task in tasks:
                    task.cancel()
                return result
            seconds, code, log = asyncio.run(during())
            print(f"shutdown during 20 slow uploads: {seconds:.1f} s, exit code {code}; {len(log.splitlines())} lines in the log")
            if seconds > 5 or code != 0 or "   at " in log:
                bad.append(f"shutdown: {seconds:.1f} s, exit code {code}, and the log's end is {log[-200:]!r}")
    finally:
        if service.alive():
            service.process.kill()
            service.process.wait()
    for line in bad:
        print(f"attack: {line}", file=sys.stderr)
    sys.exit(1 if bad else 0)


main()
