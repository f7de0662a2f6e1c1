// Buys a ticket with a client that openapi-typescript made from the document: every path, body and
// answer below is checked against it by the compiler.
import createClient from "openapi-fetch";
import type { components, paths } from "./floodgate.d.ts";

type Schemas = components["schemas"];
declare const process: { argv: string[] };

const [, , baseUrl, event_id] = process.argv as [string, string, string, string];
const client = createClient<paths>({ baseUrl });
const headers: Record<string, string> = {};
client.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
    return request;
  },
});

const path = { event_id };
const key = () => ({ "Idempotency-Key": crypto.randomUUID() });

/** The answer, or its problem as an error. 202 comes only from a server that is very late. */
function of<T>(result: { data?: T; error?: unknown }): Exclude<T, Schemas["PendingAnswer"]> {
  if (result.data === undefined) throw new Error(JSON.stringify(result.error));
  return result.data as Exclude<T, Schemas["PendingAnswer"]>;
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

async function solve(asks: Schemas["PuzzleChallenge"]): Promise<string> {
  const text = new Uint8Array([...asks.challenge].map((c) => c.charCodeAt(0)));
  const trial = new Uint8Array(40);
  const view = new DataView(trial.buffer);
  trial.set(await sha256(text));
  const solution: number[] = [];
  for (let part = 0; part < asks.parts; part += 1) {
    view.setUint32(32, part);
    for (let number = 0; ; number += 1) {
      view.setUint32(36, number);
      const head = new DataView((await sha256(trial)).buffer).getUint32(0);
      if (head >>> (32 - asks.bits) === 0) break;
    }
    solution.push(...trial.slice(36));
  }
  return btoa(String.fromCharCode(...solution)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const door = of(await client.GET("/v1/events/{event_id}/queue/challenge", { params: { path } }));
if (door.asks) headers["Floodgate-Device"] = door.asks.device;
const shown = door.asks ? { challenge: door.asks.challenge, solution: await solve(door.asks) } : {};
const joined = of(await client.POST("/v1/events/{event_id}/queue", { params: { path, header: key() }, body: shown }));
headers["Floodgate-Device"] = joined.device;
headers["Floodgate-Queue-Ticket"] = joined.queue_ticket;
for (;;) {
  const entered = await client.POST("/v1/events/{event_id}/enter", { params: { path, header: key() } });
  if (entered.error && "code" in entered.error && entered.error.code === "not_your_turn") {
    await new Promise((resolve) => setTimeout(resolve, entered.error.retry_after_ms ?? 1000));
    continue;
  }
  headers["Floodgate-Pass"] = of(entered).pass;
  break;
}
const held = of(await client.POST("/v1/events/{event_id}/holds", {
  params: { path, header: key() }, body: { best: { count: 2 } },
}));
const token = of(await client.POST("/v1/payments/pages/{page}", {
  params: { path: { page: "tokenise" }, header: key() }, body: { card_number: "4000000000000077" },
})) as unknown as { payment_method: string };
let order: Schemas["Order"] = of(await client.POST("/v1/events/{event_id}/orders", {
  params: { path, header: key() }, body: { hold_id: held.hold_id, payment_method: token.payment_method },
}));
while (order.status === "payment_pending") {
  const query = { at_least: order.as_of.offset };
  const params = { path: { ...path, order_id: order.order_id }, query };
  order = of(await client.GET("/v1/events/{event_id}/orders/{order_id}", { params }));
}
if (order.status !== "confirmed") throw new Error(order.status);
const mine = { path: { ...path, order_id: order.order_id } };
const { tickets } = of(await client.GET("/v1/events/{event_id}/orders/{order_id}/tickets", { params: mine }));
console.log(`TypeScript: ${tickets.length} tickets, ${order.amount} ${order.currency}`);
