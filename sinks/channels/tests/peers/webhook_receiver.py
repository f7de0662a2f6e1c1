"""A receiver of webhooks: checks `v1` with the library of Standard Webhooks in Python, and `v1a` with Ed25519 of
cryptography, and hands each request to the library in JavaScript.

Usage: webhook_receiver.py NODE_SCRIPT WHSEC... WHPK. Prints a line of JSON when it listens, then one for
each request.
"""

import base64
import http.server
import json
import subprocess
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

script, secrets, public = sys.argv[1], sys.argv[2:-1], sys.argv[-1]


def takes(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


def takes_public(body, headers):
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    for version, signature in (each.split(",") for each in headers["webhook-signature"].split()):
        try:
            if version == "v1a":
                key.verify(base64.b64decode(signature), signed)
                return True
        except InvalidSignature:
            pass
    return False


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        other = body.replace(b"1", b"2")
        request = json.dumps({"secrets": secrets, "public": public, "headers": headers, "body": body.decode()})
        node = subprocess.run(["node", script], input=request.encode(), capture_output=True, check=True)
        print(json.dumps({
            "id": headers["webhook-id"],
            "python": [takes(secret, body, headers) for secret in secrets],
            "tampered": any(takes(secret, other, headers) for secret in secrets) or takes_public(other, headers),
            "public": takes_public(body, headers),
            "javascript": json.loads(node.stdout),
        }), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}/hook"}), flush=True)
server.serve_forever()
