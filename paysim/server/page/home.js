// The list of simulations.

import { get, remove, simulation } from "./api.js";
import { alertBox, ask, el, fill, name, say, table } from "./dom.js";
import { counted, number } from "./format.js";

const EVERY_MS = 2000;

export const address = (id) => `#/simulations/${encodeURIComponent(id)}`;

export class Home {
  constructor() {
    this.title = "Simulations";
    this.alert = alertBox();
    this.list = el("div");
    this.told = null;
    this.element = el(
      "div",
      { class: "home" },
      el(
        "div",
        { class: "head" },
        el("h1", { tabindex: "-1" }, "Simulations"),
        el("a", { class: "button primary", href: "#/new" }, "New simulation"),
      ),
      this.alert,
      this.list,
    );
  }

  async open() {
    await this.refresh(true);
    this.timer = setInterval(
      () => document.visibilityState === "visible" && this.refresh(),
      EVERY_MS,
    );
  }

  close() {
    this.isClosed = true;
    clearInterval(this.timer);
  }

  async refresh(isFirst = false) {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      const { simulations } = await get("api/simulations");
      this.alert.tell(null);
      if (!this.isClosed) this.#show(simulations);
    } catch (error) {
      if (isFirst && error.status) throw error;
      this.alert.tell(error);
    } finally {
      this.isBusy = false;
    }
  }

  #show(simulations) {
    const told = JSON.stringify(simulations);
    if (told === this.told) return;
    this.told = told;
    if (!simulations.length) {
      fill(
        this.list,
        el(
          "div",
          { class: "empty" },
          el("h2", {}, "No simulation yet"),
          el(
            "p",
            {},
            "A simulation is one scenario and one seed, moved on tick by tick. ",
            "Begin with a scenario that comes with paysim, or paste your own.",
          ),
          el("p", {}, el("a", { class: "button primary", href: "#/new" }, "Choose a scenario")),
        ),
      );
      return;
    }
    const names = new Map(
      simulations.map((each) => [each.simulation_id, each.name || each.simulation_id]),
    );
    // Whoever has the focus in the list keeps it when the list changes.
    const focused = document.activeElement?.dataset?.focus;
    const heads = [
      "simulation",
      { text: "tick", figure: true },
      { text: "of", figure: true },
      "",
      { text: "agents", figure: true },
      { text: "seed", figure: true },
      "run",
      "branched from",
      "",
    ];
    const rows = [...simulations].reverse().map((each) => this.#row(each, names));
    const shown = table("", heads, rows, { label: "Simulations" });
    shown.classList.add("simulations");
    fill(
      this.list,
      el(
        "p",
        { class: "quiet" },
        `${counted(simulations.length, "simulation")}, the newest first.`,
      ),
      shown,
    );
    if (focused)
      this.list
        .querySelector(`[data-focus="${CSS.escape(focused)}"]`)
        ?.focus({ preventScroll: true });
  }

  #row(each, names) {
    const id = each.simulation_id;
    const from = each.branched_from;
    const parent = from && names.get(from.simulation_id);
    return [
      el(
        "span",
        {},
        el("a", { href: address(id), dataset: { focus: id } }, name(each.name || id)),
        each.name ? el("span", { class: "quiet id" }, id) : null,
      ),
      number(each.current_tick),
      number(each.num_ticks),
      el("progress", {
        max: each.num_ticks,
        value: Math.min(each.current_tick, each.num_ticks),
        "aria-label": "ticks run",
      }),
      number(each.agents),
      number(each.seed),
      el(
        "span",
        { class: `run ${each.run ?? ""}` },
        each.run === "cancelled" ? "paused" : (each.run ?? "–"),
      ),
      from
        ? el(
            "span",
            {},
            parent
              ? el(
                  "a",
                  {
                    href: `${address(from.simulation_id)}/beside/${encodeURIComponent(id)}`,
                    title: "Show the two side by side",
                  },
                  name(parent),
                )
              : "deleted",
            ` at tick ${number(from.tick)}`,
          )
        : "–",
      el(
        "button",
        {
          class: "small",
          dataset: { focus: `delete ${id}` },
          "aria-label": `Delete ${each.name || id}`,
          onclick: () => this.#delete(each),
        },
        "Delete",
      ),
    ];
  }

  async #delete(each) {
    if (!(await askDelete(each.name || each.simulation_id, each.current_tick))) return;
    try {
      await remove(simulation(each.simulation_id));
      say(`${each.name || each.simulation_id} is deleted.`);
    } catch (error) {
      this.alert.tell(error);
    }
    await this.refresh();
    document.querySelector("h1")?.focus();
  }
}

export function askDelete(label, tick) {
  const detail =
    `It has run ${counted(tick, "tick")}. ` +
    "It goes for good, with its checkpoints; its branches stay.";
  return ask(`Delete “${label}”?`, detail, "Delete");
}
