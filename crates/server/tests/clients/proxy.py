"""A TCP proxy between the server and a database, that fails when it is told to."""

import socket
import threading

BEFORE, AFTER = "before", "after"


class Proxy:
    """Passes everything on until what it waits for comes by. Then it either cuts every
    connection and is a database that is down, or holds the conversation still.

    It may wait for a statement (`b"ALTER USER"`), which it stops `before` the database has
    it, or `after` the database has carried it out and before its answer is known; or for
    the next connection (`None`).
    """

    def __init__(self, port):
        self.upstream = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.open = set()
        self.is_down, self.trap = False, None
        self.sprung, self.mended = threading.Event(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, statement, when=BEFORE):
        """The database is down from there on."""
        self.sprung.clear()
        self.trap = (statement, when, self._down)

    def hold_at(self, statement, when=BEFORE):
        """Nothing more is heard of it from there on, and nobody else comes in."""
        self.sprung.clear()
        self.mended.clear()
        self.trap = (statement, when, self.mended.wait)

    def watch_for(self, statement):
        """Passes its answer on, and says so."""
        self.sprung.clear()
        self.trap = (statement, AFTER, None)

    def down(self):
        self._down()
        self.sprung.set()

    def mend(self):
        self.trap, self.is_down = None, False
        self.mended.set()

    def close(self):
        self.mend()
        self._down()
        self.listener.close()

    def _down(self):
        self.is_down = True
        with self.lock:
            sockets, self.open = self.open, set()
        for connection in sockets:
            _end(connection)

    def _act(self, trap):
        self.is_down = True
        self.sprung.set()
        trap[2]()

    def _spring(self, trap):
        """Once; whether it was this call."""
        with self.lock:
            if self.trap is not trap:
                return False
            self.trap = None
        return True

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        trap = self.trap
        if trap and trap[0] is None and self._spring(trap):
            self._act(trap)
        if self.is_down:
            return _end(client)
        try:
            server = socket.create_connection(("127.0.0.1", self.upstream))
        except OSError:
            return _end(client)
        with self.lock:
            self.open |= {client, server}
        held = []
        threading.Thread(target=self._answers, args=[server, client, held], daemon=True).start()
        self._pass(client, server, lambda data: self._asked(data, held))

    def _answers(self, server, client, held):
        self._pass(server, client, lambda _: self._answered(held))

    def _asked(self, data, held):
        trap = self.trap
        if trap and trap[0] and trap[0] in data and self._spring(trap):
            if trap[1] == AFTER:
                held.append(trap)
            else:
                self._act(trap)

    def _answered(self, held):
        while held:
            trap = held.pop()
            if not trap[2]:
                return self.sprung.set
            self._act(trap)

    def _pass(self, source, target, look):
        try:
            while data := source.recv(65536):
                afterwards = look(data)
                target.sendall(data)
                if afterwards:
                    afterwards()
        except OSError:
            pass
        _end(source)
        _end(target)


def _end(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
