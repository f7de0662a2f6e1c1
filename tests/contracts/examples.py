"""Every example of the OpenAPI document: each fits its schema, and each that a request may carry is
sent to a running server, which must take it. Only what exists on that server alone is put in its place:
ids, and tokens of tickets and payments."""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid

from jsonschema import Draft202012Validator
from papers import Client, shopper, solve

BASE, EVENT, DOCUMENT = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3]))
STAFF = open(os.environ["STAFF_KEY_FILE"]).read().strip()
# The provider defines what these carry; the generated clients call them.
FOREIGN = {"callPaymentPage", "callOrderPaymentPage", "takePaymentWebhook", "askProvider", "returnFromProvider",
           "addPasskey", "signInByPasskey",
           # Sent with the key of an advertiser, once others have made an offer: tests/http/market.rs.
           "buyProduct", "endProductOrder", "setProductDelivery", "addBuyerKey", "setInvoiceAccount"}
# What they carry comes in a message to somebody.
SENT = {"claimCode", "confirmContact", "signIn", "readMessages"}


def operations():
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method.upper(), path, operation


def resolve(schema):
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def examples_of(schema):
    """Each value a schema gives as an example, with the schema."""
    found = []

    def walk(node, is_schema):
        if isinstance(node, dict):
            if is_schema:
                values = node.get("examples", []) + ([node["example"]] if "example" in node else [])
                found.extend((value, node) for value in values)
            for name, inner in node.items():
                if name not in ("example", "examples"):
                    walk(inner, True)
        elif isinstance(node, list):
            for inner in node:
                walk(inner, True)

    walk(schema, True)
    return found


def check_schemas():
    root = {"components": DOCUMENT["components"]}
    count = 0
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for value, owner in examples_of(schema):
            errors = list(Draft202012Validator({**root, **owner}).iter_errors(value))
            assert not errors, f"{name}: example {value!r}: {errors[0].message}"
            count += 1
    return count


def bodies(operation):
    """The examples of a request: those of its media type, or one put together from its fields."""
    content = operation["requestBody"]["content"]["application/json"]
    if "example" in content:
        return [content["example"]]
    if "examples" in content:
        return [example["value"] for example in content["examples"].values()]
    fields = resolve(content["schema"]).get("properties", {})
    return [{name: field["example"] for name, field in fields.items() if "example" in field}]


def send(method, path, body, tokens):
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4()), **tokens}
    request = urllib.request.Request(BASE + path, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=15) as response:
            is_json = "json" in response.headers["Content-Type"]
            return response.status, json.load(response) if is_json else response.read()
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class Sale:
    """What the examples are about on this server."""

    def __init__(self):
        self.buyer = shopper(BASE, EVENT)
        self.other = shopper(BASE, EVENT)
        self.made = None
        self.webhook = self.gift = ""
        base = f"/v1/events/{EVENT}"
        held = self.buyer.call("POST", f"{base}/holds", {"best": {"count": 3}})
        self.method = self.token()
        order = self.buyer.call("POST", f"{base}/orders", {"hold_id": held["hold_id"], **self.method})
        while order["status"] != "confirmed":
            order = self.buyer.call("GET", f"{base}/orders/{order['order_id']}?at_least={order['as_of']['offset']}")
        self.order = order
        tickets = f"{base}/orders/{order['order_id']}/tickets"
        self.tickets = self.buyer.call("GET", tickets)["tickets"]
        self.offer = self.buyer.call("POST", f"{tickets}/{self.tickets[0]['seat_id']}/offer")["offer"]

    def token(self):
        return self.buyer.call("POST", "/v1/payments/pages/tokenise", {"card_number": "4000000000000077"})

    def fitted(self, name, body):
        """The body with this server's own ids, and who sends it."""
        staff = {"Authorization": f"Bearer {STAFF}"}
        match name:
            case "purchaseTicket":
                held = self.other.call("POST", f"/v1/events/{EVENT}/holds", {"best": {"count": 1}})
                return {**body, "hold_id": held["hold_id"], **self.token()}, self.other.tokens
            case "redeemTicket":
                return {**body, "token": self.tickets[1]["token"]}, staff
            case "takeTicket":
                return {**body, "offer": self.offer}, self.other.tokens
            case "joinQueue":
                asks = Client(BASE).call("GET", f"/v1/events/{EVENT}/queue/challenge")["asks"]
                shown = {"challenge": asks["challenge"], "solution": solve(asks)}
                return {**body, **shown}, {"Floodgate-Device": asks["device"]}
            case "acquireLock":
                return body, shopper(BASE, EVENT).tokens
            case "shareCohort" | "changeMe" | "followEvent":
                return body, self.buyer.tokens
            # The seats that the first example's plan has.
            case "blockSeats" | "unblockSeats":
                return {**body, "rows": ["A/1"]}, staff
            case "giveSeats":
                return {**body, "seats": ["A/1/1"]}, staff
            case "signInStaff":
                return {**body, "key": STAFF}, {}
        return body, staff

    def path(self, path, operation):
        # What staff change is changed at the event that the first example made.
        is_staff = "staff" in json.dumps(operation.get("security", []))
        keeps = operation["operationId"] in ("redeemTicket", "transferTicket")
        path = path.replace("{event_id}", self.made if is_staff and not keeps else EVENT)
        # What was given away can be taken back; with a ticket of the other order somebody was let in.
        order_id = self.gift if operation["operationId"] == "refundOrder" else self.order["order_id"]
        path = path.replace("{order_id}", order_id).replace("{webhook_id}", self.webhook)
        return path.replace("{seat_id}", str(self.tickets[2]["seat_id"]))


def main():
    count = check_schemas()
    sale = Sale()
    order = {"createEvent": 0, "mintCodes": 0, "closeSale": 2, "cancelEvent": 3}
    calls = sorted(operations(), key=lambda call: (order.get(call[0], 1), call[0]))
    sent = 0
    for name, method, path, operation in calls:
        if "requestBody" not in operation or name in FOREIGN | SENT:
            continue
        # A picture is a file.
        if "application/json" not in operation["requestBody"]["content"]:
            continue
        examples = bodies(operation)
        for body in examples:
            if name != "createEvent" or sale.made:
                path = sale.path(path, operation)
            body, tokens = sale.fitted(name, body)
            status, answer = send(method, path, body, tokens)
            assert status in (200, 201), f"{name}: {json.dumps(body)} got {status} {answer}"
            if name == "createEvent":
                sale.made = answer["event_id"]
            if name == "giveSeats":
                sale.gift = answer["order_id"]
            if name == "addWebhook":
                sale.webhook = answer["webhook_id"]
            sent += 1
    print(f"{count} examples fit their schemas, {sent} were sent and taken")


main()
