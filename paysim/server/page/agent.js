// The account and the queues of one agent.

import { el, fill, name, table } from "./dom.js";
import { DASH, cost, counted, number, words } from "./format.js";
import { Refresher } from "./refresher.js";

const GAP_MS = 500;
const ROWS_MAX = 50;

const FIGURES = [
  ["balance", "Balance"],
  ["available_liquidity", "Available liquidity"],
  ["credit_limit", "Credit limit"],
  ["free_liquidity", "Free liquidity"],
  ["liquidity_pool", "In its pool"],
  ["loan", "Loan"],
  ["day_inflow", "Received today"],
  ["day_outflow", "Paid today"],
];

export class Agent {
  constructor(model, chosen, onchoice) {
    this.model = model;
    this.select = el(
      "select",
      {
        id: "agent",
        onchange: () => {
          onchoice(this.select.value);
          this.refresher.again();
        },
      },
      model.agents.map((id) => el("option", { value: id }, id)),
    );
    if (model.agents.includes(chosen)) this.select.value = chosen;
    this.place = el("div");
    this.element = el(
      "section",
      { class: "agent", "aria-labelledby": "agent-title" },
      el("h2", { id: "agent-title" }, "One agent"),
      el("p", { class: "choice" }, el("label", { for: "agent" }, "Agent"), this.select),
      this.place,
    );
    this.refresher = new Refresher(model, () => this.#fetch(), GAP_MS);
  }

  choose(id) {
    if (!this.model.agents.includes(id) || this.select.value === id) return;
    this.select.value = id;
    this.refresher.again();
  }

  close() {
    this.refresher.close();
  }

  async #fetch() {
    const id = this.select.value;
    const { agent } = await this.model.account(id);
    if (id !== this.select.value) return;
    const figures = FIGURES.filter(
      ([key]) => !(["liquidity_pool", "loan"].includes(key) && !agent[key]),
    );
    const isOutside = this.model.info.outside.includes(id);
    const notes = [
      agent.is_out
        ? "Its systems have failed: it decides nothing, is paid, and what it has handed in settles."
        : null,
      isOutside ? "It decides over HTTP." : null,
      agent.tick > 0 && agent.tick % this.model.info.ticks_per_day === 0
        ? `Day ${agent.day - 1} is over; today is day ${agent.day}, of which no tick has been run.`
        : null,
    ].filter(Boolean);
    const open = new Set(
      [...this.place.querySelectorAll("details[open]")].map((each) => each.dataset.queue),
    );
    fill(
      this.place,
      notes.map((note) => el("p", { class: "note" }, note)),
      el(
        "dl",
        { class: "account" },
        figures.map(([key, label]) =>
          el("div", {}, el("dt", {}, label), el("dd", {}, number(agent[key]))),
        ),
        el("div", {}, el("dt", {}, "Costs so far"), el("dd", {}, cost(agent.total_cost))),
      ),
      costs(agent.cost, open),
      queue("internal_queue", "Internal queue: held by the agent", agent),
      queue("central_queue", "Central queue: released, and not yet settled", agent),
    );
  }
}

function costs(found, open) {
  const rows = Object.entries(found)
    .filter(([, value]) => /[1-9]/.test(value))
    .map(([key, value]) => [words(key), cost(value)]);
  if (!rows.length) return null;
  return el(
    "details",
    { dataset: { queue: "costs" }, open: open.has("costs") },
    el("summary", {}, "Its costs by component"),
    table("", ["component", { text: "cost", figure: true }], rows, {
      label: "Costs of this agent",
    }),
  );
}

function queue(key, title, agent) {
  const waiting = agent[key];
  const heads = [
    "transaction",
    "to",
    ...["amount", "age", "deadline in", "priority"].map((text) => ({ text, figure: true })),
  ];
  const rows = waiting
    .slice(0, ROWS_MAX)
    .map((each) => [
      name(each.id),
      name(each.receiver_id),
      number(each.amount),
      number(each.age_ticks),
      each.is_overdue
        ? el("span", { class: "late" }, "overdue")
        : each.deadline_tick === null
          ? DASH
          : number(each.ticks_to_deadline),
      number(each.priority),
    ]);
  const more =
    waiting.length > ROWS_MAX
      ? el("p", { class: "note" }, `and ${counted(waiting.length - ROWS_MAX, "transaction")} more`)
      : null;
  return el(
    "div",
    { class: "queue" },
    el(
      "h3",
      {},
      title,
      el("span", { class: "quiet" }, ` · ${counted(waiting.length, "transaction")}`),
    ),
    waiting.length
      ? table("", heads, rows, { label: title })
      : el("p", { class: "quiet" }, "Empty."),
    more,
  );
}
