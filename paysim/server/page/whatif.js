// Something that befalls a simulation from outside: what makes a branch differ from its origin.

import { alertBox, el, fill, say } from "./dom.js";
import { number, words } from "./format.js";

// What each type needs: its fields and what they are called here.
const TYPES = {
  outage: { agent_id: "Agent" },
  outage_end: { agent_id: "Agent" },
  liquidity_injection: { agent_id: "Agent", amount: "Amount, in minor units" },
  liquidity_drain: { agent_id: "Agent", amount: "Amount, in minor units" },
  credit_limit_change: { agent_id: "Agent", amount: "New limit, in minor units" },
  direct_transfer: { sender_id: "From", receiver_id: "To", amount: "Amount, in minor units" },
  extra_transaction: { sender_id: "From", receiver_id: "To", amount: "Amount, in minor units" },
  arrival_rate_change: { agent_id: "Agent", multiplier: "Multiplier of the rate" },
  halt: {},
  resume: {},
};

let made = 0;

export class WhatIf {
  constructor(model) {
    this.model = model;
    made += 1;
    this.prefix = `event-${made}`;
    this.alert = alertBox();
    this.type = el(
      "select",
      { id: `${this.prefix}-type`, onchange: () => this.#fields() },
      Object.keys(TYPES).map((type) => el("option", { value: type }, words(type))),
    );
    this.fields = el("div", { class: "fields" });
    this.done = el("ul", { class: "done quiet" });
    this.element = el(
      "details",
      { class: "whatif" },
      el("summary", {}, "What if … let something happen"),
      el(
        "form",
        {
          novalidate: true,
          onsubmit: (event) => {
            event.preventDefault();
            this.#add();
          },
        },
        el("div", { class: "fields" }, this.#field("Event", this.type)),
        this.fields,
        this.alert,
        el("div", { class: "buttons" }, el("button", {}, "Let it happen")),
        this.done,
      ),
    );
    this.#fields();
  }

  #field(label, input) {
    return el("div", { class: "field" }, el("label", { for: input.id }, label), input);
  }

  #fields() {
    const inputs = Object.entries(TYPES[this.type.value]).map(([key, label]) =>
      this.#field(label, this.#input(key)),
    );
    const tick = el("input", {
      id: `${this.prefix}-tick`,
      name: "tick",
      inputmode: "numeric",
      autocomplete: "off",
      placeholder: "the next",
    });
    fill(this.fields, inputs, this.#field("In tick", tick));
    this.alert.tell(null);
  }

  #input(key) {
    const id = `${this.prefix}-${key}`;
    if (!key.endsWith("_id"))
      return el("input", {
        id,
        name: key,
        inputmode: key === "amount" ? "numeric" : "decimal",
        autocomplete: "off",
      });
    const options = this.model.agents.map((agent) => el("option", { value: agent }, agent));
    const select = el("select", { id, name: key }, options);
    if (key === "receiver_id") select.selectedIndex = 1;
    return select;
  }

  async #add() {
    const event = { type: this.type.value };
    for (const input of this.fields.querySelectorAll("[name]")) {
      const text = input.value.trim();
      if (text === "" && input.name === "tick") continue;
      const isWhole = /^-?\d+$/.test(text);
      event[input.name] = input.name.endsWith("_id")
        ? text
        : input.name === "multiplier"
          ? Number(text)
          : isWhole
            ? Number(text)
            : text;
    }
    try {
      const { tick } = await this.model.addEvent(event);
      this.alert.tell(null);
      const whom = event.agent_id ? ` of ${event.agent_id}` : "";
      const said = `${words(event.type)}${whom} in tick ${number(tick)}`;
      this.done.append(el("li", {}, said));
      say(`Added: ${said}.`);
    } catch (error) {
      this.alert.tell(error);
    }
  }
}
