// The charts of one simulation, or of two side by side.
//
// At rest they are the exact ones of the plotting layer. While a run goes on, and where two are
// compared, they are drawn by the same layer's specifications without data, from what frames tell.

import { draw, undraw } from "./draw.js";
import { el, fill } from "./dom.js";
import { Panel } from "./panel.js";
import { Plans } from "./plans.js";
import { Offline, get } from "./api.js";
import { joined, shape } from "./shapes.js";
import { seed } from "./seeds.js";

const QUIET_MS = 400;

// Time that drawing takes before the page has its turn again.
const DRAW_MS = 12;

// A run up to so many ticks and agents is read from the beginning even while it goes on.
const SHORT = 500_000;

// What stands at the left where there is room for two.
const LEFT = ["balances", "bilateral_flows"];

// One exact chart is asked for at a time, as each may take the server seconds.
let line = Promise.resolve();

export class Charts {
  constructor(models) {
    this.models = models;
    this.halves = [el("div"), el("div")];
    this.element = el("div", { class: "charts" }, this.isCompared ? null : this.halves);
    this.note = el("div");
    this.more = el("div", { class: "charts" });
    this.panels = []; // of each chart, one panel for each model
    this.shown = models.map(() => null); // the tick of the exact charts that are there
    this.plans = new Plans(models);
    this.timer = null;
    this.due = []; // charts that wait for their turn
    this.isAsked = false;
    this.isClosed = false;
    this.task = () => this.#drawLive();
    this.resized = new ResizeObserver(() => this.#refit());
  }

  get isCompared() {
    return this.models.length > 1;
  }

  async open() {
    const { charts, missing } = await get(`${this.models[0].path}/charts`);
    if (missing) {
      fill(
        this.note,
        el("p", { class: "warning" }, `${missing}. Everything else works without them.`),
      );
      return;
    }
    for (const kind of charts) {
      if (this.isCompared && !kind.is_live) continue;
      const panels = this.models.map(
        (model, at) => new Panel(kind, this.isCompared ? "AB"[at] : ""),
      );
      this.panels.push(panels);
      for (const panel of panels)
        panel.onseen = () => this.models.some((model) => model.isRunning) && this.#ask();
      const row = this.isCompared
        ? [
            el(
              "div",
              { class: "pair" },
              panels.map((panel) => panel.element),
            ),
          ]
        : panels.map((panel) => panel.element);
      if (!kind.is_live) this.more.append(...row);
      else if (this.isCompared) this.element.append(...row);
      else this.half(LEFT.includes(kind.name) ? 0 : 1, ...row);
    }
    this.resized.observe(this.element);
    this.models.forEach((model) => model.changed.add(() => this.changed(model)));
    this.models.forEach((model) => model.frame && this.changed(model));
  }

  // Puts charts where they stand, before what else there is.
  half(at, ...elements) {
    const others = this.halves[at].querySelector(":scope > section");
    for (const element of elements) this.halves[at].insertBefore(element, others);
  }

  // What is behind a fold is asked for when it is unfolded.
  unfold() {
    this.isUnfolded = true;
    this.shown.fill(null);
    this.#plan();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    undraw(this.task);
    this.resized.disconnect();
    for (const panel of this.panels.flat()) panel.close();
  }

  changed(model) {
    if (this.isClosed || !this.panels.length) return;
    const at = this.models.indexOf(model);
    if (this.shown[at] !== model.tick) this.shown[at] = null;
    if (model.frame && (model.isRunning || this.isCompared || model.frames > 1)) this.#ask();
    this.#plan();
  }

  get #isAtRest() {
    return this.models.every((model) => !model.isRunning && model.state !== "deleted");
  }

  #needsSeed(model) {
    const isWanting = this.panels.some(
      ([{ kind }]) => kind.is_live && model.firstOf(kind.name) > 0,
    );
    return isWanting && model.tick * model.agents.length <= SHORT;
  }

  #plan() {
    clearTimeout(this.timer);
    if (this.isFetching) return;
    const wanted = this.models.some(
      (model, at) =>
        model.frame &&
        model.state === "open" &&
        this.shown[at] === null &&
        (this.#isAtRest || this.#needsSeed(model)),
    );
    if (wanted) this.timer = setTimeout(() => this.#fetch(), this.hasFetched ? QUIET_MS : 0);
  }

  async #fetch() {
    this.isFetching = true;
    this.hasFetched = true;
    try {
      await this.#fetchAll();
    } finally {
      this.isFetching = false;
    }
    if (!this.isClosed) this.#plan();
  }

  async #fetchAll() {
    for (const [at, model] of this.models.entries()) {
      if (!model.frame || this.shown[at] !== null) continue;
      this.shown[at] = model.tick;
      for (const panels of this.panels) {
        const panel = panels[at];
        if (!panel.kind.is_live && !this.isUnfolded) continue;
        if (!panel.kind.is_live && !this.#isAtRest) continue;
        line = line.then(() => this.#show(panel, model)).catch(() => {});
        await line;
        if (this.isClosed) return;
      }
    }
  }

  async #show(panel, model) {
    if (this.isClosed || model.state === "deleted") return;
    try {
      if (panel.kind.is_live) await this.plans.get(panel.kind.name, model);
      const { tick } = model;
      const spec = await model.chart(panel.kind.name);
      // What has gone on meanwhile is asked for again.
      if (this.isClosed || (model.tick !== tick && !model.isRunning)) return;
      const plan = this.plans.known(panel.kind.name, model);
      if (plan) seed(panel.kind.name, spec, model, plan);
      this.plans.align(panel.kind.name);
      if (this.isCompared || model.isRunning) this.#ask();
      else await panel.showExact(spec, tick);
    } catch (error) {
      // What cannot be had now stays as it was, and is asked for when the server is back.
      if (error instanceof Offline) this.shown[this.models.indexOf(model)] = null;
      else panel.fail(error);
    }
  }

  // Asks for all charts to be drawn as things are now, also those that had their turn already.
  #ask() {
    this.isAsked = true;
    draw(this.task);
  }

  // Draws as many charts as there is time for; the others have their turn with the next frame.
  async #drawLive() {
    if (this.isClosed) return;
    const begun = performance.now();
    if (!this.due.length) {
      this.due = this.panels.filter(([panel]) => panel.kind.is_live);
      this.isAsked = false;
    }
    while (this.due.length) {
      const [panels, ...later] = this.due;
      this.due = later;
      if (this.#isDone(panels)) continue;
      if (performance.now() - begun > DRAW_MS) {
        this.due = [panels, ...later];
        draw(this.task);
        return;
      }
      const { name } = panels[0].kind;
      // At rest the beginning is on its way: a chart without it would tell another story.
      if (this.#isAtRest && this.models.some((model) => model.firstOf(name) > 0)) continue;
      let plans = [];
      try {
        plans = await Promise.all(this.models.map((model) => this.plans.get(name, model)));
      } catch {
        continue; // the banner tells of it, and the next frame tries again
      }
      if (plans.some((plan) => !plan)) continue;
      let shapes = this.models.map((model, at) => shape(name, model, plans[at]));
      const width = Math.max(...shapes.map((each) => each.width));
      if (this.isCompared) {
        if (shapes.some((each) => each.width !== width)) {
          shapes = this.models.map((model, at) => shape(name, model, plans[at], { width }));
        }
        shapes = joined(shapes);
      }
      for (const [at, panel] of panels.entries()) {
        if (this.isClosed) return;
        await panel.showLive(plans[at], shapes[at], this.models[at].info);
      }
    }
    if (this.isAsked) draw(this.task);
  }

  // Whether charts need not be drawn: nobody sees them change, or they are there exactly.
  #isDone(panels) {
    if (!this.#isAtRest) return !panels.some((panel) => panel.isVisible);
    return !this.isCompared && panels[0].tick === this.models[0].tick;
  }

  #refit() {
    if (this.panels.flat().some((panel) => panel.isStale)) {
      clearTimeout(this.fitting);
      this.fitting = setTimeout(() => this.panels.flat().forEach((panel) => panel.refit()), 150);
    }
  }
}
