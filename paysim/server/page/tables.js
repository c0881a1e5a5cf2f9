// What the charts show, in tables: for those who cannot see charts, and for those who want figures.

import { el, fill, name, table } from "./dom.js";
import { DASH, cost, number, share, sum, words } from "./format.js";

const GAP_MS = 500;
const MATRIX_MAX = 25;
const SHOWN = 20;

const figure = (text) => ({ text, figure: true });

// A table behind a fold, made when it is unfolded and kept up to date while it is.
class Fold {
  constructor(title, model, make) {
    this.place = el("div");
    this.element = el(
      "details",
      { ontoggle: () => this.show(true) },
      el("summary", {}, title),
      this.place,
    );
    this.model = model;
    this.make = make;
    this.last = 0;
  }

  show(now = false) {
    if (!this.element.open || !this.model.frame) return;
    const state = `${this.model.frame.tick} ${this.model.frame.events}`;
    const time = performance.now();
    if (!now && (state === this.state || time < this.last + GAP_MS)) return;
    this.state = state;
    this.last = time;
    const [left, top] = [
      this.place.firstChild?.scrollLeft ?? 0,
      this.place.firstChild?.scrollTop ?? 0,
    ];
    const hadFocus = this.place.contains(document.activeElement);
    fill(this.place, this.make(this.model));
    this.place.firstChild?.scrollTo(left, top);
    if (hadFocus) this.place.firstChild?.focus({ preventScroll: true });
  }
}

export class Tables {
  constructor(model) {
    this.model = model;
    this.folds = [
      new Fold("Balances", model, balances),
      new Fold("Settlements by means", model, means),
      new Fold("Bilateral flows", model, flows),
    ];
    this.costs = el("div");
    this.costing = el(
      "section",
      { "aria-labelledby": "costs" },
      el("h2", { id: "costs" }, "Costs so far"),
      this.costs,
    );
    this.element = el(
      "section",
      { class: "tables", "aria-labelledby": "tables" },
      el("h2", { id: "tables" }, "In figures"),
      this.folds.map((fold) => fold.element),
    );
  }

  show() {
    if (!this.model.frame) return;
    const state = JSON.stringify(this.model.frame.cost);
    if (state !== this.state) {
      this.state = state;
      fill(this.costs, costs(this.model));
    }
    this.folds.forEach((fold) => fold.show());
    // What came too soon after the last time is shown a little later.
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.folds.forEach((fold) => fold.show());
    }, GAP_MS + 50);
  }

  close() {
    clearTimeout(this.timer);
  }
}

function costs({ frame }) {
  const total = Number(frame.total_cost);
  const borne = Object.entries(frame.cost).filter(([, value]) => /[1-9]/.test(value));
  if (!borne.length) return el("p", { class: "quiet" }, "Nobody has borne any cost.");
  const rows = borne.map(([component, value]) => {
    const part = total ? Number(value) / total : 0;
    const bar = el("meter", { min: 0, max: 1, value: part, "aria-hidden": "true" });
    return [words(component), cost(value), share(value, total), bar];
  });
  const found = table("", ["component", figure("minor units"), figure("share"), ""], rows, {
    label: "Costs so far by component",
  });
  found
    .querySelector("tbody")
    .append(
      el(
        "tr",
        { class: "sum" },
        el("th", { scope: "row" }, "all"),
        el("td", { class: "figure" }, cost(frame.total_cost)),
        el("td"),
        el("td"),
      ),
    );
  return found;
}

function balances({ agents, frame }) {
  const rows = agents.map((id, at) => [name(id), number(frame.balances[at])]);
  return table("Balances now, in minor units", ["agent", figure("balance")], rows);
}

function means({ settledBy }) {
  const all = Object.values(settledBy).reduce(
    (sums, { volume, value }) => ({ volume: sums.volume + volume, value: sum(sums.value, value) }),
    { volume: 0, value: 0 },
  );
  const rows = Object.entries(settledBy).map(([cause, { volume, value }]) => [
    words(cause),
    number(volume),
    number(value),
    share(value, all.value),
  ]);
  rows.push(["all", number(all.volume), number(all.value), share(all.value, all.value)]);
  return table(
    "Settled so far, by means",
    ["means", figure("volume"), figure("value"), figure("of the value")],
    rows,
  );
}

// The matrix of flows: all agents, or of many those that paid most and the others together.
function flows({ agents, flows: found, frame }) {
  if (frame.flows === null)
    return el(
      "p",
      { class: "quiet" },
      "There are too many agents for a table here; the table “bilateral” below has all flows.",
    );
  const paid = agents.map(() => 0n);
  for (const [pair, value] of found) paid[Math.floor(pair / agents.length)] += BigInt(value);
  const isWhole = agents.length <= MATRIX_MAX;
  const ranked = agents
    .map((_, at) => at)
    .sort((a, b) => (isWhole ? a - b : paid[b] > paid[a] ? 1 : paid[b] < paid[a] ? -1 : a - b));
  const shown = isWhole ? ranked : ranked.slice(0, SHOWN);
  const place = new Map(shown.map((agent, at) => [agent, at]));
  const rest = shown.length;
  const size = rest + (isWhole ? 0 : 1);
  const cells = Array.from({ length: size }, () => new Array(size).fill(0));
  for (const [pair, value] of found) {
    const row = place.get(Math.floor(pair / agents.length)) ?? rest;
    const column = place.get(pair % agents.length) ?? rest;
    cells[row][column] = sum(cells[row][column], value);
  }
  const isOwn = (row, column) => row === column && row < rest;
  const others = isWhole ? [] : [`${agents.length - SHOWN} others, sum`];
  const heads = [...shown.map((agent) => agents[agent]), ...others];
  const rows = cells.map((row, at) => [
    name(heads[at]),
    ...row.map((value, column) => (value ? number(value) : isOwn(at, column) ? "" : DASH)),
    number(row.reduce((a, b) => sum(a, b), 0)),
  ]);
  const matrix = table(
    "Settled value so far, from the agent of the row to that of the column, in minor units",
    ["sender", ...heads.map((head) => figure(head)), figure("all")],
    rows,
  );
  matrix.classList.add("matrix");
  return matrix;
}
