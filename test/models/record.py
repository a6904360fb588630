"""A proxy on loopback that hands each request on to an endpoint and remembers it."""

import http.client
import http.server
import threading
import time
import urllib.parse


class Recorder:
    """Listens at url until closed; requests holds what came, in order of arrival."""

    def __init__(self, upstream, delay=0.0):
        self.requests = []
        self.delay = delay
        self._lock = threading.Lock()
        self._upstream = urllib.parse.urlsplit(upstream).netloc
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def take(self):
        """The requests so far, forgotten by this."""
        with self._lock:
            taken, self.requests = self.requests, []
        return taken

    def _handler(self):
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                start = time.monotonic()
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = {
                    "method": self.command, "target": self.path, "body": body,
                    "headers": {k.lower(): v for k, v in self.headers.items()}, "start": start,
                }
                if recorder.delay:
                    time.sleep(recorder.delay)
                status, headers, answer = recorder._forward(self, body)
                request.update(status=status, answer=answer, end=time.monotonic())
                with recorder._lock:
                    recorder.requests.append(request)
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = handle_one

            def log_message(self, *args):
                pass

        return Handler

    def _forward(self, handler, body):
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(handler.command, handler.path, body, dict(handler.headers.items()))
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()
