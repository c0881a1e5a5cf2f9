// The last events of the log.

import { el, fill, name, table } from "./dom.js";
import { cost, number, words } from "./format.js";
import { Refresher } from "./refresher.js";

const SHOWN = 30;
const GAP_MS = 500;

const AMOUNTS = ["amount", "balance", "credit_limit", "liquidity_pool", "missing"];
const FIRST = ["tick", "event"];

export class Events {
  constructor(model) {
    this.model = model;
    this.place = el("div", {}, el("p", { class: "quiet" }, "No event yet."));
    this.element = el(
      "section",
      { class: "events", "aria-labelledby": "events" },
      el("h2", { id: "events" }, "Last events"),
      this.place,
    );
    this.refresher = new Refresher(model, () => this.#fetch(), GAP_MS);
  }

  close() {
    this.refresher.close();
  }

  async #fetch() {
    const { events, last } = await this.model.lastEvents(SHOWN);
    const rows = events
      .map((event, at) => [
        number(last - events.length + at + 1),
        number(event.tick),
        words(event.event),
        told(event),
      ])
      .reverse();
    const heads = [
      { text: "number", figure: true },
      { text: "tick", figure: true },
      "event",
      "what",
    ];
    const shown = table("", heads, rows, {
      rowHeads: false,
      empty: "No event yet.",
      label: "Last events, the newest first",
    });
    const at = this.place.querySelector(".scroll")?.scrollTop ?? 0;
    const hadFocus = this.place.contains(document.activeElement);
    fill(this.place, shown);
    shown.scrollTop = at;
    if (hadFocus) shown.focus({ preventScroll: true });
  }
}

// An event in words: who, to whom, how much, and whatever else it says.
function told(event) {
  const { sender_id: sender, receiver_id: receiver, agent_id: agent, amount } = event;
  const parts = [];
  const said = new Set([...FIRST, "sender_id", "receiver_id", "agent_id"]);
  if (sender !== undefined) parts.push(name(sender), " → ", name(receiver));
  else if (agent !== undefined) parts.push(agent === null ? "all agents" : name(agent));
  if (amount !== undefined) {
    parts.push(parts.length ? " " : "", el("span", { class: "amount" }, number(amount)));
    said.add("amount");
  }
  for (const [key, value] of Object.entries(event)) {
    if (said.has(key) || value === null) continue;
    if (key === "divisible" && value === true) continue;
    parts.push(
      parts.length ? " · " : "",
      el("span", { class: "quiet" }, `${words(key.replace(/_id$/, ""))} `),
      plain(key, value),
    );
  }
  return el("span", {}, parts);
}

function plain(key, value) {
  if (key === "cost") return cost(value);
  if (AMOUNTS.includes(key)) return number(value);
  if (key.endsWith("_id")) return name(String(value));
  return typeof value === "string" ? words(value) : JSON.stringify(value);
}
