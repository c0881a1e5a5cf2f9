// One simulation: its controls, figures, charts, events and accounts.

import { Agent } from "./agent.js";
import { Charts } from "./charts.js";
import { Events } from "./events.js";
import { Figures } from "./figures.js";
import { Files } from "./files.js";
import { Simulation } from "./model.js";
import { Tables } from "./tables.js";
import { Transport } from "./transport.js";
import { WhatIf } from "./whatif.js";
import { address, askDelete } from "./home.js";
import { alertBox, el, fill, name, say, write } from "./dom.js";
import { draw, undraw } from "./draw.js";
import { number } from "./format.js";
import { remove } from "./api.js";
import { watch } from "./banner.js";

export class One {
  constructor(id, query) {
    this.model = new Simulation(id);
    this.query = query;
    this.element = el("div", { class: "one" });
    this.task = () => this.#show();
  }

  async open() {
    const { model } = this;
    await model.open();
    if (this.isClosed) {
      model.close();
      return;
    }
    this.title = model.label;
    const alert = (this.alert = alertBox());
    this.transport = new Transport([model], alert);
    this.progress = new Progress(model);
    this.figures = new Figures(model);
    this.charts = new Charts([model]);
    this.events = new Events(model);
    this.agent = new Agent(model, this.query.get("agent"), (agent) => this.#remember(agent));
    this.tables = new Tables(model);
    this.branching = el(
      "button",
      { title: "Key: B", "aria-keyshortcuts": "B", onclick: () => this.#branch() },
      "Branch",
    );
    this.deleting = el("button", { onclick: () => this.#delete() }, "Delete");
    this.charts.halves[0].append(
      this.agent.element,
      el("section", { "aria-label": "What if" }, new WhatIf(model).element),
    );
    this.charts.halves[1].append(this.events.element, this.tables.costing);
    const more = el(
      "details",
      { class: "more", ontoggle: () => more.open && this.charts.unfold() },
      el("summary", {}, "More charts, of the run so far"),
      this.charts.more,
    );
    fill(
      this.element,
      el(
        "div",
        { class: "head" },
        el("div", {}, el("h1", { tabindex: "-1" }, name(model.label)), this.#facts()),
        el("div", { class: "buttons" }, this.branching, this.deleting),
      ),
      el("div", { class: "bar" }, this.transport.element, this.progress.element),
      alert,
      el("section", { "aria-label": "Key figures" }, this.figures.element),
      el("h2", { class: "unseen" }, "Charts, events and accounts"),
      this.charts.note,
      this.charts.element,
      this.tables.element,
      more,
      new Files(model, alert).element,
      keys(),
    );
    model.changed.add(() => draw(this.task));
    draw(this.task);
    await this.charts.open();
  }

  close() {
    this.isClosed = true;
    undraw(this.task);
    for (const part of [this.charts, this.events, this.agent, this.tables, this.model])
      part?.close();
  }

  // The rest of the address has become another, by a bookmark or by going back.
  readdress(query) {
    if (query.get("agent")) this.agent?.choose(query.get("agent"));
  }

  press(key) {
    if (key.toLowerCase() === "b" && this.branching && !this.branching.disabled) {
      this.#branch();
      return true;
    }
    return this.transport?.press(key) ?? false;
  }

  #facts() {
    const { info } = this.model;
    const parts = [`${number(info.agents.length)} agents`, `seed ${number(info.seed)}`];
    if (info.num_ticks > info.ticks_per_day)
      parts.push(
        `${number(info.num_ticks / info.ticks_per_day)} days of ` +
          `${number(info.ticks_per_day)} ticks`,
      );
    const from = info.branched_from;
    const origin = from
      ? [
          " · ",
          el(
            "a",
            { href: `${address(from.simulation_id)}/beside/${encodeURIComponent(this.model.id)}` },
            `branched at tick ${number(from.tick)}: show it beside its origin`,
          ),
        ]
      : [];
    return el(
      "p",
      { class: "quiet facts" },
      parts.join(" · "),
      origin,
      " · ",
      el("span", { class: "id" }, this.model.id),
    );
  }

  #show() {
    if (this.isClosed) return;
    watch([this.model]);
    const isGone = this.model.state === "deleted";
    this.branching.disabled = isGone || this.model.isRunning;
    this.deleting.disabled = isGone;
    this.transport.show();
    this.progress.show();
    this.figures.show();
    this.tables.show();
    document.documentElement.dataset.tick = String(this.model.tick);
    document.documentElement.dataset.frames = String(this.model.frames);
  }

  #remember(agent) {
    history.replaceState(null, "", `${address(this.model.id)}?agent=${encodeURIComponent(agent)}`);
  }

  async #branch() {
    try {
      const made = await this.model.branch(
        `${this.model.label}, from tick ${this.model.tick}`.slice(-100),
      );
      say(`Branched at tick ${number(this.model.tick)}.`);
      location.hash = `${address(this.model.id)}/beside/${encodeURIComponent(made.simulation_id)}`;
    } catch (error) {
      this.alert.tell(error);
    }
  }

  async #delete() {
    if (!(await askDelete(this.model.label, this.model.tick))) return;
    try {
      await remove(this.model.path);
      location.hash = "#/";
    } catch (error) {
      this.alert.tell(error);
    }
  }
}

// How far a simulation has come.
export class Progress {
  constructor(model) {
    this.model = model;
    this.text = el("span", { class: "tick" });
    this.bar = el("progress", { max: model.info.num_ticks, value: 0, "aria-label": "Ticks run" });
    this.element = el("div", { class: "progress" }, this.text, this.bar);
  }

  show() {
    const { info, tick } = this.model;
    const day =
      info.num_ticks > info.ticks_per_day
        ? `, day ${number(Math.floor(tick / info.ticks_per_day))}`
        : "";
    const over = tick > info.num_ticks ? ", beyond its last day" : "";
    write(this.text, `Tick ${number(tick)} of ${number(info.num_ticks)}${day}${over}`);
    this.bar.value = Math.min(tick, info.num_ticks);
  }
}

export function keys(canBranch = true) {
  const key = (text, what) => el("li", {}, el("kbd", {}, text), ` ${what}`);
  return el(
    "footer",
    { class: "keys quiet" },
    el("h2", {}, "Keys"),
    el(
      "ul",
      {},
      key("Space", "play or pause"),
      key("S", "step"),
      key("E", "run to the end"),
      canBranch ? key("B", "branch") : null,
    ),
    el(
      "p",
      {},
      "They do nothing while the focus is on a field. Amounts are in minor units of the ",
      "currency; a tick's figures are those at its end.",
    ),
  );
}
