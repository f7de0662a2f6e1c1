"""Buys a ticket with a client that openapi-python-client made from the document."""

import json
import os
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../docs/clients"))
from buyer import solve  # noqa: E402
from floodgate import Client  # noqa: E402
from floodgate.api.fans import enter_shop, get_challenge, get_order, get_tickets, join_queue  # noqa: E402
from floodgate.api.payments import call_payment_page  # noqa: E402
from floodgate.api.the_three_calls import acquire_lock, get_event_status, purchase_ticket  # noqa: E402
from floodgate.models import Acquire, Best, Join, Problem, PurchaseBody  # noqa: E402

base_url, event_id = sys.argv[1:3]
client = Client(base_url=base_url)


def key():
    return str(uuid.uuid4())


def of(answer):
    """The answer, unless it is a problem."""
    if answer is None or isinstance(answer, Problem):
        sys.exit(f"{answer}")
    return answer


def entered():
    while True:
        answer = enter_shop.sync(event_id, client=client, idempotency_key=key())
        if not isinstance(answer, Problem):
            return of(answer)
        if answer.code != "not_your_turn":
            sys.exit(f"{answer}")
        time.sleep(answer.retry_after_ms / 1000)


door = of(get_challenge.sync(event_id, client=client))
body = Join()
if door.required:
    asks = door.asks
    client = client.with_headers({"Floodgate-Device": asks.device})
    body = Join(challenge=asks.challenge, solution=solve(asks.to_dict()))
joined = of(join_queue.sync(event_id, client=client, body=body, idempotency_key=key()))
client = client.with_headers({
    "Floodgate-Device": joined.device, "Floodgate-Queue-Ticket": joined.queue_ticket,
})
client = client.with_headers({"Floodgate-Pass": entered().pass_})
status = of(get_event_status.sync(event_id, client=client))
held = of(acquire_lock.sync(event_id, client=client, body=Acquire(best=Best(count=2)), idempotency_key=key()))
card = {"card_number": "4000000000000077"}
token = call_payment_page.sync_detailed("tokenise", client=client, body=card, idempotency_key=key()).content
method = json.loads(token)["payment_method"]
purchase = PurchaseBody(hold_id=held.hold_id, payment_method=method)
order = of(purchase_ticket.sync(event_id, client=client, body=purchase, idempotency_key=key()))
while order.status == "payment_pending":
    order = of(get_order.sync(event_id, order.order_id, client=client, at_least=order.as_of.offset))
assert order.status == "confirmed", order
tickets = of(get_tickets.sync(event_id, order.order_id, client=client)).tickets
print(f"Python: {len(tickets)} tickets, {order.amount} {order.currency}, {status.free} seats were free")
