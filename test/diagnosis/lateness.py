"""How late this process was at the latest (lateness.ts): each time that is longer than all before it is told to `on_late`."""

import threading
import time

TICK = 0.02


class Lateness:
    def __init__(self, on_late):
        self.on_late = on_late
        self.last = time.monotonic()
        self.most = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            time.sleep(TICK)
            self.look()

    def look(self):
        with self.lock:
            now = time.monotonic()
            late = int((now - self.last - TICK) * 1000)
            self.last = now
            if late > self.most:
                self.most = late
                self.on_late(late)
