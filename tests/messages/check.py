"""A server, programs it calls, and a provider of text messages that reports; every step is checked.

Usage: check.py --binary target/release/floodgate. Ends with 0 and a line of JSON, or says what was wrong.
"""

import argparse
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "docs" / "clients"))
import buyer  # noqa: E402

TOKEN = "a token of the provider"
NUMBER = "+491701234567"
PATIENCE = 60

def until(what, look, said=lambda: ""):
    """Waits for what `look` finds; a minute at most. `said` is what there was instead."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE} s: {what} {said()}")

def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]

class Program(ThreadingHTTPServer):
    """A program of somebody else on a free port; `answer(path, headers, body)` says (status, body)."""

    def __init__(self, answer):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = answer(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

class Receiver:
    """Takes facts. Each call that the library does not verify is a fault; the first try of every third
    name is refused with 503, so that it has to come again under the same name."""

    def __init__(self):
        self.secrets, self.facts, self.tries, self.faults = [], {}, {}, []
        self.lock = threading.Lock()
        self.program = Program(self.answer)

    def answer(self, path, headers, body):
        with self.lock:
            try:
                verified = [self.verified(secret, headers, body) for secret in self.secrets]
                if not any(verified):
                    raise AssertionError(f"nobody signed {headers['webhook-id']}")
            except Exception as error:
                self.faults.append(repr(error))
                return 400, ""
            name = headers["webhook-id"]
            self.tries[name] = self.tries.get(name, 0) + 1
            if self.tries[name] == 1 and len(self.tries) % 3 == 0:
                return 503, "busy"
            before = self.facts.setdefault(name, body)
            if before != body:
                self.faults.append(f"{name} says something else")
            return 204, ""

    @staticmethod
    def verified(secret, headers, body):
        try:
            Webhook(secret).verify(body, dict(headers.items()))
            return True
        except Exception:
            return False

    def said(self):
        """Every fact, without the name of the call."""
        with self.lock:
            return sorted(body.decode() for body in self.facts.values())

class Provider:
    """A provider of text messages with the usual interface; reports are signed by Twilio's own library."""

    def __init__(self):
        self.texts = []
        self.program = Program(self.answer)

    def answer(self, path, headers, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        form["sid"] = f"SM{len(self.texts):032x}"
        self.texts.append(form)
        return 201, json.dumps({"sid": form["sid"], "status": "queued"})

    def text_with(self, words):
        return until(f"a text with {words!r}", lambda: next((one for one in self.texts if words in one["Body"]), None))

    @staticmethod
    def report(text, status, code="", token=TOKEN):
        form = {"MessageSid": text["sid"], "MessageStatus": status, "To": text["To"], "From": text["From"], "AccountSid": "AC1"}
        if code:
            form["ErrorCode"] = code
        url = text["StatusCallback"]
        signature = RequestValidator(token).compute_signature(url, form)
        request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), {"X-Twilio-Signature": signature})
        try:
            with urllib.request.urlopen(request, timeout=15) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

class Floodgate:
    """Our server, in a folder of its own; it can be killed and started again."""

    def __init__(self, binary, folder, provider):
        self.binary, self.folder, self.port = binary, folder, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        (folder / "token").write_text(TOKEN)
        (folder / "settings.toml").write_text(f"""
[payments]
public_url = "{self.base}"
[channels]
quiet_from = "12:00"
quiet_until = "12:00"
[channels.sms]
api = "{provider.program.base}"
account = "AC1"
token_file = "{folder / 'token'}"
from = "+4930123456"
[channels.webhooks]
private_addresses = ["127.0.0.0/8"]
""")
        self.start("demo", "--json")
        self.event_id = json.loads(self.line())["event_id"]

    def start(self, command, *more):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [self.binary, command, "--data", self.folder / "data", "--config", self.folder / "settings.toml",
             "--listen", f"127.0.0.1:{self.port}", *more], stdout=subprocess.PIPE, stderr=self.log, text=True)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the server did not start:\n" + (self.folder / "log").read_text()[-2000:])
        return line

    def kill_and_start(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.start("serve", "--allow-sandbox")
        until("a ready server", self.is_ready)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def staff(self, role, method, path, body=None):
        key = (self.folder / "data" / "keys" / f"{role}.key").read_text().strip()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=15) as response:
            return json.load(response)

def facts_arrive(server):
    """Three purchases, a receiver that fails at times, a server that is killed: a second reading from the
    beginning says the same facts."""
    first, second = Receiver(), Receiver()

    def add(receiver):
        draft = {"url": f"{receiver.program.base}/hook", "from": "beginning"}
        # A call may come before we know the secret: it waits for that.
        with receiver.lock:
            made = server.staff("manager", "POST", "/v1/webhooks", draft)
            receiver.secrets.append(made["secret"])
        return made["webhook_id"]

    webhook = add(first)

    for number in range(3):
        buyer.buy(buyer.Client(server.base), server.event_id, 2, "4000000000000077")

        if number == 1:
            server.kill_and_start()
            with first.lock:
                changed = server.staff("manager", "PATCH", f"/v1/webhooks/{webhook}", {"rotate_secret": True})
                first.secrets = [changed["secret"]]
    kinds = lambda receiver: [json.loads(body)["type"] for body in receiver.said()]
    until("three confirmed orders", lambda: kinds(first).count("order_confirmed") == 3)
    add(second)
    until("the same facts twice", lambda: first.said() == second.said(),
          lambda: (first.faults, second.faults, sorted(set(first.said()) ^ set(second.said()))))
    assert not first.faults and not second.faults, (first.faults, second.faults)
    again = sum(1 for count in first.tries.values() if count > 1)
    assert again > 0, "no call was made again"
    return {"facts": len(first.facts), "calls_made_again": again}

def texts_come_back(server, provider):
    """A fan leaves a number; a text goes out; its report suppresses the number, and a forged one does nothing."""
    fan = buyer.Client(server.base)
    event = f"/v1/events/{server.event_id}"
    joined = buyer.join(fan, event)
    fan.tokens["Floodgate-Device"] = joined["device"]
    fan.call("POST", "/v1/me/contacts", {"channel": "sms", "address": NUMBER, "language": "en", "time_zone": "Europe/Berlin",
                                         "event_id": server.event_id, "scopes": ["event"]})
    token = provider.text_with("/confirm#")["Body"].split("/confirm#")[1].split()[0]
    fan.call("POST", "/v1/contacts/confirm", {"token": token})
    until("a follower", lambda: fan.call("GET", f"{event}/follow")["follows"])
    words = {"who": ["followers"], "channels": ["sms"], "subject": "Doors", "text": "Doors at six."}
    made = server.staff("artist", "POST", f"{event}/announcements", words)
    report = lambda: server.staff("artist", "GET", f"{event}/announcements/{made['announcement_id']}")["counts"]
    text = provider.text_with("Doors at six.")
    until("a sent text", lambda: report()["sent"] == 1)
    nothing = {"returned": 0, "suppressed": 0}
    assert provider.report(text, "sent") == (200, nothing)
    assert provider.report(text, "delivered") == (200, nothing)
    status, forged = provider.report(text, "undelivered", "30005", token="another token")
    assert (status, forged["code"]) == (400, "webhook_unsigned"), forged
    assert report()["sent"] == 1
    assert provider.report(text, "undelivered", "30005") == (200, {"returned": 1, "suppressed": 1})
    assert report()["bounced"] == 1
    preview = server.staff("artist", "POST", f"{event}/announcements/preview", words)
    assert preview["not_reached"]["suppressed"] == 1, preview
    return {"texts": len(provider.texts)}

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="target/release/floodgate")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="floodgate-messages-"))
    provider = Provider()
    server = Floodgate(options.binary, folder, provider)
    try:
        found = {**facts_arrive(server), **texts_come_back(server, provider)}
    except BaseException:
        print((folder / "log").read_text()[-3000:], file=sys.stderr)
        raise
    finally:
        server.stop()
        shutil.rmtree(folder)
    print(json.dumps({"ok": True, **found}))

if __name__ == "__main__":
    main()
