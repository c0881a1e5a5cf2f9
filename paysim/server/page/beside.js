// Two simulations side by side: the same charts on the same scales, and what lies between them.

import { Charts } from "./charts.js";
import { Simulation } from "./model.js";
import { Progress, keys } from "./one.js";
import { Transport } from "./transport.js";
import { WhatIf } from "./whatif.js";
import { address } from "./home.js";
import { alertBox, el, fill, name } from "./dom.js";
import { differences } from "./figures.js";
import { draw, undraw } from "./draw.js";
import { number } from "./format.js";
import { watch } from "./banner.js";

const GAP_MS = 150;

export class Beside {
  constructor(a, b) {
    this.models = [new Simulation(a), new Simulation(b)];
    this.element = el("div", { class: "beside" });
    this.task = () => this.#show();
  }

  async open() {
    await Promise.all(this.models.map((model) => model.open()));
    if (this.isClosed) {
      this.models.forEach((model) => model.close());
      return;
    }
    const [a, b] = this.models;
    this.title = `${a.label} and ${b.label}`;
    const alert = alertBox();
    this.transport = new Transport(this.models, alert);
    this.progresses = this.models.map((model) => new Progress(model));
    this.charts = new Charts(this.models);
    this.figures = el("div");
    const from = b.info.branched_from;
    const isBranch = from?.simulation_id === a.id;
    fill(
      this.element,
      el(
        "div",
        { class: "head" },
        el(
          "div",
          {},
          el("h1", { tabindex: "-1" }, "Side by side"),
          el(
            "p",
            { class: "quiet facts" },
            isBranch
              ? `B was branched from A at tick ${number(from.tick)}.`
              : "Two simulations on the same scales.",
          ),
        ),
      ),
      el(
        "div",
        { class: "pair sides" },
        this.models.map((model, at) =>
          el(
            "section",
            { "aria-label": `Simulation ${"AB"[at]}` },
            el(
              "h2",
              {},
              el("span", { class: "mark" }, "AB"[at]),
              " ",
              el("a", { href: address(model.id) }, name(model.label)),
            ),
            this.progresses[at].element,
            new WhatIf(model).element,
          ),
        ),
      ),
      el("div", { class: "bar" }, this.transport.element),
      alert,
      el(
        "section",
        { "aria-labelledby": "differences" },
        el("h2", { id: "differences", class: "unseen" }, "Key figures"),
        this.figures,
      ),
      el(
        "section",
        { "aria-labelledby": "charts" },
        el("h2", { id: "charts", class: "unseen" }, "Charts"),
        this.charts.note,
        this.charts.element,
      ),
      keys(false),
    );
    this.models.forEach((model) => model.changed.add(() => draw(this.task)));
    draw(this.task);
    await this.charts.open();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    undraw(this.task);
    this.charts?.close();
    this.models.forEach((model) => model.close());
  }

  press(key) {
    return this.transport?.press(key) ?? false;
  }

  #show() {
    if (this.isClosed) return;
    watch(this.models);
    this.transport.show();
    this.progresses.forEach((progress) => progress.show());
    document.documentElement.dataset.tick = this.models.map((model) => model.tick).join(" ");
    this.#compare();
  }

  #compare() {
    if (this.timer || !this.models.every((model) => model.frame)) return;
    const left = (this.compared ?? -GAP_MS) + GAP_MS - performance.now();
    const show = () => {
      this.timer = null;
      this.compared = performance.now();
      const state = JSON.stringify(this.models.map(({ frame }) => [frame.tick, frame.events]));
      if (state === this.state) return;
      this.state = state;
      fill(this.figures, differences(...this.models));
    };
    if (left <= 0) show();
    else this.timer = setTimeout(show, left);
  }
}
