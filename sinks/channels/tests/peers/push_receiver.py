"""A push service and the browser behind it (http_ece, py-vapid).

Prints a line of JSON when it listens, with the subscription and the endpoint; then one for each message:
what the browser reads, and what the service sees.
"""

import base64
import http.server
import json
import time

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

key = ec.generate_private_key(ec.SECP256R1())
secret = bytes(range(16))
text = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Service(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        authorization = self.headers["Authorization"]
        token = authorization.split("t=")[1].split(",")[0]
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        read = http_ece.decrypt(body, private_key=key, auth_secret=secret, version="aes128gcm")
        print(json.dumps({
            "read": json.loads(read),
            "vapid": bool(Vapid02.verify(authorization)),
            "key": authorization.split(",k=")[1],
            "aud": claims["aud"],
            "sub": claims["sub"],
            "valid_for": claims["exp"] - int(time.time()),
            "headers": {name: self.headers[name] for name in ("TTL", "Urgency", "Topic", "Content-Encoding")},
            "bytes": len(body),
        }), flush=True)
        self.send_response(201)
        self.send_header("Location", "https://push.example.org/m/4XyZ")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Service)
point = key.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
origin = f"http://127.0.0.1:{server.server_port}"
subscription = {"endpoint": f"{origin}/push/1", "keys": {"p256dh": text(point), "auth": text(secret)}}
print(json.dumps({"origin": origin, "subscription": json.dumps(subscription)}), flush=True)
server.serve_forever()
