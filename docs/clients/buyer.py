#!/usr/bin/env python3
"""Buys tickets over the HTTP interface, with nothing but Python's standard library.

Written from /openapi.json alone: computes what the door asks for, joins the queue, waits for its turn, enters, looks at what is free,
holds the best seats together, pays with the sandbox, follows the order, and prints the tickets.

    docs/clients/buyer.py --target http://127.0.0.1:8080 --count 2
    docs/clients/buyer.py --event evt_… --card 4000000000000002     # a card that is declined

Ends with 0 when it has its tickets, 3 when the sale said no (the reason is printed).
"""

import argparse
import base64
import hashlib
import json
import sys
import time
import urllib.error
import urllib.request
import uuid


class Refused(Exception):
    """A lawful no: a problem document (RFC 9457) with a stable code."""

    def __init__(self, problem):
        super().__init__(f"{problem.get('code')}: {problem.get('detail')}")
        self.code = problem.get("code")
        self.retry = problem.get("retry")


class Client:
    """One buyer. Tokens travel as headers; a browser would keep them in cookies."""

    def __init__(self, target):
        self.target = target.rstrip("/")
        self.tokens = {}

    def call(self, method, path, body=None):
        """One request under one key: repeated until it has an outcome, it still counts once."""
        key = str(uuid.uuid4())
        for attempt in range(60):
            status, answer, after = self.once(method, path, body, key)
            if status < 300 and status != 202:
                return answer
            if status == 202 or answer.get("retry") == "same_key" or status == 429:
                time.sleep(after or min(0.1 * 2**attempt, 5))
                continue
            raise Refused(answer)
        raise Refused({"code": "gave_up", "detail": "no outcome after a minute"})

    def once(self, method, path, body, key):
        headers = {"Accept": "application/json", **self.tokens}
        data = None
        if method != "GET":
            headers["Idempotency-Key"] = key
            headers["Content-Type"] = "application/json"
            data = json.dumps(body or {}).encode()
        request = urllib.request.Request(self.target + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=15) as response:
                return response.status, json.load(response), self.after(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error), self.after(error)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return 503, {"retry": "same_key"}, None

    @staticmethod
    def after(response):
        value = response.headers.get("Retry-After")
        return float(value) if value else None


def solve(asks):
    """Sixteen small searches: a number for each part whose hash begins with enough zero bits."""
    seed = hashlib.sha256(asks["challenge"].encode()).digest()
    solution = b""
    for part in range(asks["parts"]):
        head = hashlib.sha256(seed + part.to_bytes(4, "big"))
        for number in range(1 << 32):
            trial = head.copy()
            trial.update(number.to_bytes(4, "big"))
            if int.from_bytes(trial.digest(), "big") >> (256 - asks["bits"]) == 0:
                solution += number.to_bytes(4, "big")
                break
    return base64.urlsafe_b64encode(solution).rstrip(b"=").decode()


def rejoin(client, base):
    """After a turn that was missed: the ticket we have gives a place behind those who are there."""
    joined = client.call("POST", f"{base}/queue")
    client.tokens["Floodgate-Queue-Ticket"] = joined["queue_ticket"]
    return joined["place"]


def join(client, base):
    """Work opens the door and nothing else; it buys no better place."""
    door = client.call("GET", f"{base}/queue/challenge")
    if not door["required"]:
        return client.call("POST", f"{base}/queue")
    asks = door["asks"]
    client.tokens["Floodgate-Device"] = asks["device"]
    shown = {"challenge": asks["challenge"], "solution": solve(asks)}
    return client.call("POST", f"{base}/queue", shown)


def rank(place):
    """When a place is called; as it was given out, as long as no draw has changed the order."""
    return place


def wait_for_turn(client, base, place):
    """Every rank below the frontier may enter; the queue says when to ask again."""
    while True:
        queue = client.call("GET", f"{base}/queue")
        if rank(place) < queue["frontier"]:
            return
        if queue["phase"] in ("closed", "cancelled"):
            raise Refused({"code": queue["phase"], "detail": "the sale is over"})
        print(f"{rank(place) - queue['frontier']} ahead of us", file=sys.stderr)
        time.sleep(queue["next_poll_ms"] / 1000)


def enter(client, base, place):
    """Waits for the turn and enters; whoever misses it rejoins."""
    while True:
        wait_for_turn(client, base, place)
        try:
            return client.call("POST", f"{base}/enter")
        except Refused as refused:
            if refused.code == "turn_lapsed":
                place = rejoin(client, base)
                continue
            if refused.code not in ("not_your_turn", "shop_full", "sale_paused"):
                raise
            time.sleep(0.5)


def follow(client, base, order):
    """Until the payment has an outcome; `at_least` asks for nothing older than we know."""
    while order["status"] in ("held", "payment_pending"):
        action = (order.get("payment") or {}).get("action")
        if action:
            print(f"the bank asks at {action['url']}", file=sys.stderr)
        time.sleep(0.1)
        path = f"{base}/orders/{order['order_id']}?at_least={order['as_of']['offset']}"
        order = client.call("GET", path)
    return order


def buy(client, event_id, count, card):
    base = f"/v1/events/{event_id}"
    joined = join(client, base)
    client.tokens["Floodgate-Device"] = joined["device"]
    client.tokens["Floodgate-Queue-Ticket"] = joined["queue_ticket"]
    client.tokens["Floodgate-Pass"] = enter(client, base, joined["place"])["pass"]
    status = client.call("GET", f"{base}/status")
    print(f"{status['free']} of {status['capacity']} seats are free", file=sys.stderr)
    held = client.call("POST", f"{base}/holds", {"best": {"count": count}})
    form = client.call("GET", "/v1/payments/form")
    method = client.call("POST", f"{form['pages']}/tokenise", {"card_number": card})
    body = {"hold_id": held["hold_id"], **method}
    order = follow(client, base, client.call("POST", f"{base}/orders", body))
    if order["status"] != "confirmed":
        money = (order.get("payment") or {}).get("money", "none")
        words = "nobody knows yet whether it goes through" if money == "unknown" else "the payment did not go through"
        raise Refused({"code": order["status"], "detail": words})
    return client.call("GET", f"{base}/orders/{order['order_id']}/tickets")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="http://127.0.0.1:8080")
    parser.add_argument("--event", help="the first event on sale when absent")
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("--card", default="4000000000000077")
    arguments = parser.parse_args()
    client = Client(arguments.target)
    try:
        event_id = arguments.event
        if not event_id:
            events = client.call("GET", "/v1/events")["events"]
            event_id = next((e["event_id"] for e in events if e["phase"] == "open"), None)
        if not event_id:
            raise Refused({"code": "nothing_on_sale", "detail": "no event is open"})
        print(json.dumps(buy(client, event_id, arguments.count, arguments.card), indent=2))
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
