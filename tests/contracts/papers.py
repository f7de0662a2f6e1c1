"""A visitor's tokens for one event: what the other programs here send as headers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../docs/clients"))
from buyer import Client, enter, join, solve  # noqa: E402


def shopper(target, event_id):
    """Somebody in the shop."""
    client, base = Client(target), f"/v1/events/{event_id}"
    joined = join(client, base)
    client.tokens["Floodgate-Device"] = joined["device"]
    client.tokens["Floodgate-Queue-Ticket"] = joined["queue_ticket"]
    client.tokens["Floodgate-Pass"] = enter(client, base, joined["place"])["pass"]
    return client


if __name__ == "__main__":
    tokens = shopper(sys.argv[1], sys.argv[2]).tokens
    print("\n".join(tokens[name] for name in ("Floodgate-Device", "Floodgate-Queue-Ticket", "Floodgate-Pass")))
