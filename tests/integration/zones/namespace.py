"""A boundary among zones, in namespaces of its own: one router, and a machine or two a zone.

Run as `unshare --net python namespace.py INODE`, where INODE is the caller's network namespace:
it refuses to go on in that one, so no rule can ever reach the host. Reads what to do as JSON on
standard input, writes what came of it as JSON on standard output.
"""

import ctypes
import json
import os
import select
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path

from isthmus.model.errors import IsthmusError
from isthmus.trust.zones.boundary import Boundary

NEW_NET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
WAIT = 0.6
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stderr[:300]}")
    return done.stdout


def enter(fd):
    if LIBC.setns(fd, NEW_NET):
        raise OSError(ctypes.get_errno(), "setns")


def space():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


class Field:
    """The router, in which we stand, and a namespace for each zone behind a link of its own."""

    def __init__(self, zones):
        self.router = space()
        self.rooms = {}
        self.hosts = {}
        run("ip", "link", "set", "lo", "up")
        run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for number, (zone, held) in enumerate(zones.items()):
            self._room(number, zone, held)
        enter(self.router)

    def _room(self, number, zone, held):
        near, far = f"r{number}", f"z{number}"
        if LIBC.unshare(NEW_NET):
            raise OSError(ctypes.get_errno(), "unshare")
        room = self.rooms[zone] = space()
        enter(self.router)
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        run("ip", "link", "set", far, "netns", f"/proc/{os.getpid()}/fd/{room}")
        run("ip", "link", "set", near, "up")
        for gateway, bits in held["gateways"]:
            run("ip", "addr", "add", f"{gateway}/{bits}", "dev", near, *nodad(gateway))
        enter(room)
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "set", far, "up")
        for gateway, bits in held["gateways"]:
            for host in held["hosts"]:
                if ip_address(host).version == ip_address(gateway).version and same(
                    host, gateway, bits
                ):
                    run("ip", "addr", "add", f"{host}/{bits}", "dev", far, *nodad(host))
        for version in {ip_address(gateway).version for gateway, _ in held["gateways"]}:
            via = next(one for one, _ in held["gateways"] if ip_address(one).version == version)
            run("ip", f"-{version}", "route", "add", "default", "via", via)
        self.hosts[zone] = held["hosts"]

    def socket(self, zone, address, kind):
        """A socket that lives in the namespace of `zone`, wherever we stand afterwards."""
        enter(self.rooms[zone])
        try:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made = socket.socket(family, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            return made
        finally:
            enter(self.router)

    def passes(self, probe):
        return self.all_pass([probe])[0]

    def all_pass(self, probes, wait=WAIT):
        """Whether each probe arrives; all are on their way at once, and have `wait` seconds."""
        with ExitStack() as stack:
            listening = {}
            for one in probes:
                place = (*one["to"], one["protocol"], one["port"])
                if place not in listening:
                    listening[place] = stack.enter_context(self._listener(*place))
            near = [
                stack.enter_context(self._sent(number, one)) for number, one in enumerate(probes)
            ]
            passed = [False] * len(probes)
            deadline = time.monotonic() + wait
            ears = [ear for place, ear in listening.items() if place[2] == "udp"]
            lines = {
                line: number
                for number, line in enumerate(near)
                if probes[number]["protocol"] == "tcp"
            }
            while (left := deadline - time.monotonic()) > 0 and not all(passed):
                heard, made, _ = select.select(ears, lines, [], left)
                for ear in heard:
                    passed[int(ear.recv(16))] = True
                for line in made:
                    number = lines.pop(line)
                    passed[number] = not line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return passed

    def _listener(self, zone, address, protocol, port):
        made = self.socket(zone, address, KINDS[protocol])
        made.bind((address, port))
        if protocol == "tcp":
            made.listen(256)
        return made

    def _sent(self, number, one):
        made = self.socket(*one["from"], KINDS[one["protocol"]])
        made.bind((one["from"][1], 0))
        made.setblocking(False)
        if one["protocol"] == "udp":
            made.sendto(str(number).encode(), (one["to"][1], one["port"]))
        else:
            made.connect_ex((one["to"][1], one["port"]))
        return made

    def warm(self):
        """Let each machine find its neighbours before a packet counts."""
        hosts = [(zone, host) for zone, found in self.hosts.items() for host in found]
        probes = [
            {"from": near, "to": far, "protocol": "udp", "port": 1}
            for near in hosts
            for far in hosts
            if near[0] != far[0] and (":" in near[1]) == (":" in far[1])
        ]
        if not all(self.all_pass(probes, 5.0)):
            raise RuntimeError("the field is not joined: no rule is loaded, yet packets are lost")


def same(host, gateway, bits):
    shift = (32 if "." in host else 128) - bits
    return int(ip_address(host)) >> shift == int(ip_address(gateway)) >> shift


def nodad(address):
    return ("nodad",) if ":" in address else ()


def probe(field, task):
    """Each rule set of the task loaded as one transaction, and all its probes sent through it."""
    out = []
    boundary = Boundary(Path(task["folder"]))
    for step in task["steps"]:
        began = time.perf_counter()
        boundary.change(step["rules"])
        loaded = time.perf_counter() - began
        passed = field.all_pass(step["probes"])
        out.append({"passed": passed, "loaded_s": loaded, "counters": boundary.counters()})
    return out


def roll_back(field, task):
    """A good policy confirmed, a bad one left alone, and what passes at each moment."""
    boundary, one = Boundary(Path(task["folder"])), task["probe"]
    out = {"open": field.passes(one)}
    boundary.apply(task["good"], seconds=30)
    out["good"] = field.passes(one)
    boundary.confirm()
    out["confirmed"] = field.passes(one), boundary.pending() is None
    good = boundary.loaded()
    # as from a shell that dies with its line: the process that applies is gone at once
    child = os.fork()
    if child == 0:
        Boundary(Path(task["folder"])).apply(task["bad"], seconds=task["seconds"])
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    out["bad"] = field.passes(one)
    try:
        boundary.apply(task["good"], seconds=30)
    except IsthmusError as error:
        out["second"] = str(error)
    out["left"] = boundary.pending().left
    deadline = time.monotonic() + 30
    while boundary.pending() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    out["after"] = field.passes(one)
    out["as_before"] = boundary.loaded() == good
    try:
        boundary.confirm()
    except IsthmusError as error:
        out["late"] = str(error)
    return out


def cut_open(field, task):
    """A connection that stands while its zone is cut off, and joined again."""
    boundary, one = Boundary(Path(task["folder"])), task["probe"]
    boundary.change(task["rules"])
    source, target, _, port = (one[key] for key in ("from", "to", "protocol", "port"))
    near = field.socket(*source, socket.SOCK_STREAM)
    far = field.socket(*target, socket.SOCK_STREAM)
    far.bind((target[1], port))
    far.listen(1)
    near.settimeout(5)
    near.connect((target[1], port))
    there, _ = far.accept()
    heard = []
    for commands in ("", task["cut"], task["join"]):
        if commands:
            boundary.change(commands)
        near.send(b"x")
        # the last waits for TCP to say again what was lost
        heard.append(bool(select.select([there], [], [], 0.3 if commands == task["cut"] else 5)[0]))
        if heard[-1]:
            there.recv(16)
    return {"heard": heard, "counters": boundary.counters()}


TASKS = {"probe": probe, "roll_back": roll_back, "cut_open": cut_open}


def main():
    if Path("/proc/self/ns/net").stat().st_ino == int(sys.argv[1]):
        sys.exit("refusing to load rules: this is still the caller's network namespace")
    task = json.loads(sys.stdin.read())
    field = Field(task["zones"])
    field.warm()
    sys.stdout.write(json.dumps(TASKS[task["task"]](field, task)))


if __name__ == "__main__":
    main()
