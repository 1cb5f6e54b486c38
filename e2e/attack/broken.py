"""A server with every hole that Atomicbase must not have: whatever a request says becomes SQL. The attack must find each of them."""

import json
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

SCHEMA = """
CREATE TABLE tasks(id INTEGER PRIMARY KEY, title TEXT);
INSERT INTO tasks(title) VALUES ('Design the rocket'), ('Build it'), ('Launch');
"""


class Broken(BaseHTTPRequestHandler):
    def do_POST(self):
        address = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        table = unquote(address.path).rsplit("/", 1)[-1]
        (column, value), = body.get("where", {"title": "Launch"}).items()
        author = self.headers.get("author", "ada")
        limit = parse_qs(address.query).get("limit", ["5"])[0]
        connection = sqlite3.connect(":memory:")
        try:
            connection.executescript(SCHEMA)
            conditions = f"json_extract(json_object('title', title), '$.{column}') = '{value}' AND 'ada' = '{author}'"
            sql = f"SELECT id, title FROM {table} WHERE {conditions} LIMIT {limit}"
            status, answer = 200, connection.execute(sql).fetchall()
        except sqlite3.Error as error:
            status, answer = 400, str(error)
        finally:
            connection.close()
        text = json.dumps({"data": answer}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
