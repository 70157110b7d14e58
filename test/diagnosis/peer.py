"""One end of a provoked case, with Python's sockets: plays the script of script.ts, prints what each call gave."""

import errno
import json
import os
import signal
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
from lateness import Lateness

task = json.loads(sys.argv[1])
family = socket.AF_INET6 if ":" in task["host"] else socket.AF_INET
sockets = {}
listener = None
GUARD = 60
saying = threading.Lock()


def say(result):
    with saying:
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


lateness = Lateness(lambda ms: say({"op": "late", "ok": True, "n": ms}))


def failure(error):
    """What an exception says: a timer of the application's has no errno."""
    if isinstance(error, TimeoutError) and error.errno is None:
        return {"ok": False, "timedOut": True, "message": str(error)}
    return {"ok": False, "code": errno.errorcode.get(error.errno), "message": str(error)}


def seconds(op):
    return op["timeout"] / 1000 if "timeout" in op else None


def listen(op):
    global listener
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "rcvbuf" in op:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, op["rcvbuf"])
    listener.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", op["port"]))
    listener.listen(op.get("backlog", 128))
    return {}


def accept(op):
    listener.settimeout(seconds(op) or GUARD)
    connection, _ = listener.accept()
    connection.settimeout(None)
    sockets[op.get("on", "a")] = connection
    return {}


def opened(op):
    """A socket that is about to connect."""
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "rcvbuf" in op:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, op["rcvbuf"])
    if "userTimeout" in op:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, op["userTimeout"])
    if "keepalive" in op:
        k = op["keepalive"]
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, k["idle"])
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, k["interval"])
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, k["count"])
    if "local" in op:
        s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", op["local"]))
    return s


def connect(op):
    s = opened(op)
    s.settimeout(seconds(op))
    try:
        s.connect((op.get("host", task["host"]), op["port"]))
    except OSError:
        s.close()
        raise
    s.settimeout(None)
    sockets[op.get("on", "a")] = s
    return {}


def send(op):
    s = sockets[op.get("on", "a")]
    s.settimeout(seconds(op))
    s.sendall(op.get("text", "").encode().ljust(op["n"], b"x"))
    return {"n": op["n"]}


def recv(op):
    s = sockets[op.get("on", "a")]
    s.settimeout(seconds(op))
    n = len(s.recv(op.get("n", 65536)))
    return {"n": n, "eof": n == 0}


def readfull(op):
    s = sockets[op.get("on", "a")]
    s.settimeout(seconds(op))
    n = 0
    while n < op["n"]:
        part = len(s.recv(min(65536, op["n"] - n)))
        if part == 0:
            return {"n": n, "eof": True}
        n += part
    return {"n": n}


def readall(op):
    s = sockets[op.get("on", "a")]
    s.settimeout(seconds(op))
    n = 0
    while True:
        part = len(s.recv(65536))
        if part == 0:
            return {"n": n}
        n += part


def shutdown(op):
    sockets[op.get("on", "a")].shutdown(socket.SHUT_WR)
    return {}


def close(op):
    sockets.pop(op.get("on", "a")).close()
    return {}


def abort(op):
    s = sockets.pop(op.get("on", "a"))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    return {}


def die(_op):
    lateness.look()
    os.kill(os.getpid(), signal.SIGKILL)


def hold(_op):
    say({"op": "hold", "ok": True})
    time.sleep(3600)


def sleep(op):
    time.sleep(op["ms"] / 1000)
    return {}


def touch(op):
    open(os.path.join(task["flags"], op["flag"]), "w").close()
    return {}


def wait(op):
    deadline = time.monotonic() + GUARD
    while not os.path.exists(os.path.join(task["flags"], op["flag"])):
        if time.monotonic() > deadline:
            return {"ok": False, "message": "the flag never came"}
        time.sleep(0.003)
    return {}


def connectmany(op):
    results = [None] * op["n"]
    held = []
    ready = threading.Barrier(op["n"])

    def one(index):
        ready.wait()
        s = opened(op)
        held.append(s)
        try:
            s.settimeout(op["timeout"] / 1000)
            s.connect((task["host"], op["port"]))
            s.sendall(b"x" * op["send"])
            n = len(s.recv(65536))
            results[index] = {"op": "one", "ok": True, "n": n, "eof": n == 0}
        except OSError as error:
            results[index] = {"op": "one", **failure(error)}

    threads = [threading.Thread(target=one, args=(i,)) for i in range(op["n"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for s in held:
        s.close()
    return {"results": results}


def play(ops):
    for op in ops:
        if op["op"] == "repeat":
            for _ in range(op["n"]):
                play(op["ops"])
            continue
        try:
            result = {"ok": True, **CALLS[op["op"]](op)}
        except KeyError:
            result = {"ok": False, "message": "not open"}
        except OSError as error:
            result = failure(error)
        say({"op": op["op"], **result})


CALLS = {
    call.__name__: call
    for call in (
        listen, accept, connect, send, recv, readfull, readall, shutdown, close, abort, die, hold, sleep, touch, wait,
        connectmany,
    )
}
play(task["script"])
lateness.look()
