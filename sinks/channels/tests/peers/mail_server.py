"""A mail server (aiosmtpd) that answers each recipient by name, and says what it got.

Usage: mail_server.py KEYS PORT. Port 0 is any. Prints a line of JSON when it listens, then one for each mail:
whom it is for, what dkimpy makes of each signature, and what Python's own parser finds in it.
"""

import asyncio
import base64
import email
import email.policy
import json
import logging
import ssl
import subprocess
import sys

import dkim
from aiosmtpd.smtp import SMTP, AuthResult

keys = sys.argv[1]
# Clients that hang up on us are what some tests are about.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


def public(name):
    der = subprocess.run(
        ["openssl", "pkey", "-in", f"{keys}/{name}.pem", "-pubout", "-outform", "DER"],
        check=True, capture_output=True).stdout
    return base64.b64encode(der[-32:] if "ed25519" in name else der)


RECORDS = {
    b"r1._domainkey.example.org.": b"v=DKIM1; k=rsa; p=" + public("dkim-rsa"),
    b"e1._domainkey.example.org.": b"v=DKIM1; k=ed25519; p=" + public("dkim-ed25519"),
}


def verified(raw):
    lookup = lambda name, timeout=5: RECORDS.get(name)
    count = sum(1 for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith(b"DKIM-Signature:"))
    return [dkim.DKIM(raw).verify(idx, dnsfunc=lookup) for idx in range(count)]


def checked(raw):
    try:
        return verified(raw)
    except dkim.DKIMException:
        return [False]


def seen(to, raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    tampered = {
        "body": raw.replace(b"seven", b"eight"),
        "subject": raw.replace(b"Subject: ", b"Subject: Free "),
        "second_subject": b"Subject: Free money\r\n" + raw,
        "second_from": b"From: eve@example.net\r\n" + raw,
        "unsubscribe": raw.replace(b"/unsubscribe/", b"/elsewhere/"),
        "one_click": raw.replace(b"One-Click", b"One-Clack"),
        "added_reply_to": b"Reply-To: eve@example.net\r\n" + raw,
    }
    signed = [str(value) for value in mail.get_all("DKIM-Signature", [])]
    signed = [next(part for part in value.replace(" ", "").split(";") if part.startswith("h=")) for value in signed]
    defects = [str(defect) for part in mail.walk() for defect in part.defects]
    return {
        "to": to,
        "subject": mail["Subject"],
        "message_id": mail["Message-ID"],
        "headers": {name: str(value) for name, value in mail.items()},
        "dkim": checked(raw),
        "signed": [value[2:].split(":") for value in signed],
        "survive": [name for name, other in tampered.items() if other != raw and any(checked(other))],
        "tampered": sum(1 for other in tampered.values() if other != raw),
        "defects": defects,
        "types": [part.get_content_type() for part in mail.walk()],
        "text": mail.get_body(("plain",)).get_content(),
        "html": mail.get_body(("html",)).get_content(),
    }


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name.startswith("reply-"):
            return name.removeprefix("reply-").replace("_", " ")
        if name == "nonsense":
            return "this is no reply"
        if name == "slow":
            await asyncio.sleep(3)
        if name == "drop":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps(seen(envelope.rcpt_tos[0], envelope.original_content)), flush=True)
        return "250 2.0.0 Ok: queued as 4XyZ12"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"floodgate", b"secret"))


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{keys}/server.pem", f"{keys}/server.key")
    make = lambda: SMTP(
        Handler(), hostname="localhost", tls_context=context, require_starttls=True,
        auth_required=True, authenticator=authenticate, enable_SMTPUTF8=True)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", int(sys.argv[2]))
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
