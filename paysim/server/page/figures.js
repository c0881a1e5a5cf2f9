// The key figures of one simulation, or of two with what lies between them.

import { el, table, write } from "./dom.js";
import { DASH, cost, costDifference, difference, number, share, sum } from "./format.js";

const SAVING = ["bilateral_offsetting", "cycles", "gridlock_resolution"];

const totals = (model) => {
  const all = { volume: 0, value: 0, saved: 0 };
  for (const [cause, { volume, value }] of Object.entries(model.settledBy)) {
    all.volume += volume;
    all.value = sum(all.value, value);
    if (SAVING.includes(cause)) all.saved = sum(all.saved, value);
  }
  return all;
};

const lowest = (model) => {
  const balances = model.frame?.balances ?? [];
  let at = 0;
  balances.forEach((balance, agent) => {
    if (balance < balances[at]) at = agent;
  });
  return balances.length ? { agent: model.agents[at], balance: balances[at] } : null;
};

// Label, unit, the figure, and how two are compared; `note` says more of it.
const FIGURES = [
  { label: "Settled value", unit: "minor units", value: (model) => totals(model).value },
  { label: "Settled transactions", unit: "", value: (model) => totals(model).volume },
  {
    label: "By saving mechanisms",
    unit: "minor units",
    value: (model) => totals(model).saved,
    note: (model) => `${share(totals(model).saved, totals(model).value)} of all`,
  },
  {
    label: "In the central queue",
    unit: "minor units",
    value: (model) => model.frame.central_queue.value,
    note: (model) => waiting(model.frame.central_queue.volume),
  },
  {
    label: "Held by agents",
    unit: "minor units",
    value: (model) => model.frame.internal_queue.value,
    note: (model) => waiting(model.frame.internal_queue.volume),
  },
  {
    label: "Lowest balance",
    unit: "minor units",
    value: (model) => lowest(model)?.balance,
    note: (model) => lowest(model)?.agent ?? "",
  },
  {
    label: "Costs so far",
    unit: "minor units",
    value: (model) => model.frame.total_cost,
    isCost: true,
  },
];

const waiting = (volume) => `${number(volume)} waiting`;

export class Figures {
  constructor(model) {
    this.model = model;
    this.cells = FIGURES.map((figure) => {
      const value = el("span", { class: "value" }, DASH);
      const note = el("bdi");
      const below = [figure.unit, figure.unit && figure.note ? " · " : "", note];
      const said = el("span", { class: "note" }, below);
      return {
        value,
        note,
        element: el("div", {}, el("dt", {}, figure.label), el("dd", {}, value, said)),
      };
    });
    this.element = el(
      "dl",
      { class: "numbers" },
      this.cells.map((cell) => cell.element),
    );
  }

  show() {
    if (!this.model.frame) return;
    FIGURES.forEach((figure, at) => {
      const found = figure.value(this.model);
      const text = figure.isCost ? cost(found) : number(found);
      write(this.cells[at].value, text);
      this.cells[at].value.classList.toggle("long", text.length > 12);
      if (figure.note) write(this.cells[at].note, figure.note(this.model));
    });
  }
}

// The key figures of two simulations and their differences, B less A.
export function differences(a, b) {
  const rows = [
    ["Tick", number(a.tick), number(b.tick), difference(a.tick, b.tick)],
    ...FIGURES.map((figure) => {
      const [own, other] = [figure.value(a), figure.value(b)];
      return figure.isCost
        ? [figure.label, cost(own), cost(other), costDifference(own, other)]
        : [figure.label, number(own), number(other), difference(own, other)];
    }),
  ];
  const components = Object.keys(a.frame.cost).filter((name) =>
    [a, b].some((model) => /[1-9]/.test(model.frame.cost[name])),
  );
  for (const name of components) {
    const pair = [a.frame.cost[name], b.frame.cost[name]];
    rows.push([
      `Costs: ${name.replaceAll("_", " ")}`,
      cost(pair[0]),
      cost(pair[1]),
      costDifference(...pair),
    ]);
  }
  const figure = (text) => ({ text, figure: true });
  const found = table(
    "Key figures; amounts and costs in minor units",
    ["", figure("A"), figure("B"), figure("B less A")],
    rows,
  );
  found.classList.add("differences");
  return found;
}
