// One chart with its heading and its words.

import { el, fill, write } from "./dom.js";
import { scaled } from "./shapes.js";
import { View } from "./vega.js";

export class Panel {
  constructor(kind, mark) {
    this.kind = kind;
    this.place = el("div", { class: "place" });
    this.card = el(
      "div",
      { class: "card" },
      el("div", { role: "img", "aria-label": `${kind.title}. ${kind.caption}` }, this.place),
    );
    this.notes = el("span");
    this.state = el("span", { class: "state quiet" });
    this.element = el(
      "figure",
      {
        class: "plot",
        id: mark ? undefined : `plot-${kind.name}`,
        dataset: { state: "waiting", chart: kind.name, mark },
      },
      el("h3", {}, mark ? el("span", { class: "mark" }, mark) : null, kind.title, this.state),
      this.card,
      el("figcaption", {}, el("span", {}, `${kind.caption} `), this.notes),
    );
    this.view = new View(this.place);
    this.key = null;
    this.exact = null;
    this.turn = Promise.resolve();
    this.tick = null; // of the exact chart, if it is there
    fill(this.place, el("p", { class: "quiet" }, "Nothing is drawn here yet."));
    // What nobody sees need not be drawn.
    this.isVisible = false;
    this.onseen = null;
    this.seen = new IntersectionObserver(
      ([{ isIntersecting }]) => {
        this.isVisible = isIntersecting;
        if (isIntersecting) this.onseen?.();
      },
      { rootMargin: "200px" },
    );
    this.seen.observe(this.element);
  }

  get isStale() {
    return this.view.isStale;
  }

  showExact(spec, tick) {
    return this.#inTurn(() => this.#showExact(spec, tick));
  }

  showLive(plan, shape, info) {
    return this.#inTurn(() => this.#showLive(plan, shape, info));
  }

  // Lets one drawing be finished before the next begins.
  #inTurn(task) {
    const done = this.turn.then(task);
    this.turn = done.catch(() => {});
    return done;
  }

  async #showExact(spec, tick) {
    const { title, usermeta, ...rest } = spec;
    const told = typeof title === "object" ? (title.subtitle ?? []) : [];
    this.key = null;
    this.exact = rest;
    if (!(await this.view.show(rest))) return;
    write(this.notes, [told].flat().join(" "));
    this.tick = tick;
    this.element.dataset.tick = tick;
    this.#is("exact");
    this.#settle();
  }

  async #showLive(plan, shape, info) {
    if (this.tick === shape.tick) return; // it is there exactly
    if (!shape.rows.length) {
      if (this.element.dataset.state === "waiting" || this.key !== null) return;
    }
    const isPanels = plan.spec.facet !== undefined;
    const { rows, unit, width, params } = scaled(shape, info, isPanels);
    const key = JSON.stringify([unit, width, plan.names]);
    if (this.key === key && this.view.view) {
      await this.view.change(rows, params);
    } else {
      const spec = filled(plan, unit, width);
      spec.datasets = { rows };
      for (const param of spec.params) param.value = params[param.name];
      const { title, usermeta, ...rest } = spec;
      this.exact = null;
      this.tick = null;
      if (!(await this.view.show(rest))) return;
      this.key = key;
      this.#settle();
    }
    const late =
      shape.first > 0 ? `From tick ${shape.first} on; all of it when the run is paused.` : "";
    write(this.notes, `${isPanels ? `In ${unit}. ` : ""}${late}`);
    this.element.dataset.tick = shape.tick;
    this.#is("live");
  }

  async refit() {
    if (this.isStale && this.exact) await this.view.show(this.exact).catch(() => {});
    else this.key = null;
  }

  fail(error) {
    this.view.tell(`This chart could not be drawn: ${error.detail ?? error.message}`);
    this.key = null;
    this.tick = null;
    this.#is("failed");
  }

  close() {
    this.seen.disconnect();
    this.view.close();
  }

  #is(state) {
    if (this.element.dataset.state !== state) this.element.dataset.state = state;
  }

  #settle() {
    // What scrolls by itself must be reached with the keyboard too.
    const scrolls = this.card.scrollWidth > this.card.clientWidth + 1;
    if (scrolls) this.card.tabIndex = 0;
    else this.card.removeAttribute("tabindex");
  }
}

// A specification without data, made for a unit, a width and an order of agents.
function filled(plan, unit, width) {
  const asked = JSON.stringify(plan.asked);
  const digits = unit === "minor units" ? ["", ""] : [",.4~r", ",.3~r"];
  const walk = (value) => {
    if (typeof value === "string")
      return value
        .replace("{unit}", unit)
        .replace("{width}", width)
        .replace(...digits);
    if (Array.isArray(value)) return JSON.stringify(value) === asked ? plan.names : value.map(walk);
    if (value === null || typeof value !== "object") return value;
    // A hint at the pointer would be about what is gone by the time it is read.
    const entries = Object.entries(value).filter(([key]) => key !== "tooltip");
    return Object.fromEntries(entries.map(([key, item]) => [key, walk(item)]));
  };
  return walk(plan.spec);
}
