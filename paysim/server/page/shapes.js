// The rows of live charts, shaped as those of the plotting layer, and what their axes span.
//
// A shape has its values in minor units: {rows, fields, first, end, low, high, width}. Shapes of
// two runs are joined to be drawn on the same scales.

import { nice, niceTop, unitOf } from "./format.js";

const LABELS_MAX = 12;
const QUEUES = { internal: "held by agents", central: "in the central queue" };

// `plan` says what a chart shows: labels by id, those shown in order, and the label of the rest.
const SHAPES = {
  balances,
  queue_value: queues,
  settlements_by_means: means,
  bilateral_flows: flows,
};

export function shape(name, model, plan, options = {}) {
  const found = SHAPES[name](model, plan, options);
  const first = model.firstOf(name);
  return {
    tick: model.tick,
    first,
    end: Math.max(model.tick, first + 1),
    low: 0,
    width: 1,
    ...found,
  };
}

// Makes shapes span the same.
export function joined(shapes) {
  const first = Math.min(...shapes.map((each) => each.first));
  const end = Math.max(...shapes.map((each) => each.end));
  const low = Math.min(...shapes.map((each) => each.low));
  const high = Math.max(...shapes.map((each) => each.high));
  return shapes.map((each) => ({ ...each, first, end, low, high }));
}

// The rows in the unit of the axis, and the parameters of the chart.
export function scaled(found, info, isPanels) {
  const unit = unitOf(Math.max(Math.abs(found.low), Math.abs(found.high)));
  const rows = found.rows.map((row) => {
    const own = { ...row };
    for (const field of found.fields) if (own[field] !== null) own[field] /= unit.scale;
    return own;
  });
  const high = found.high > found.low ? found.high : found.low + unit.scale;
  const marks = timeMarks(found.first, found.end, info, isPanels ? 4 : LABELS_MAX);
  return {
    rows,
    unit: unit.name,
    width: found.width === 1 ? "tick" : `${found.width} ticks`,
    params: {
      first: found.first,
      end: found.end,
      marks,
      low: found.low / unit.scale,
      high: high / unit.scale,
    },
  };
}

// Where time is labelled: days and ticks of the day, or days only if there are many.
function timeMarks(first, end, info, most) {
  const perDay = info.ticks_per_day;
  const days = Math.ceil(end / perDay) - Math.floor(first / perDay);
  const marks = [];
  if (info.num_ticks <= perDay || days === 1) {
    const step = nice((end - first) / most);
    for (let tick = Math.ceil(first / step) * step; tick <= end; tick += step) marks.push(tick);
    return marks;
  }
  const isEach = days <= 6 && most >= 2 * days;
  const step = isEach ? nice(Math.ceil(perDay / Math.floor(most / days))) : perDay;
  const every = isEach ? perDay : nice(Math.ceil(days / most)) * perDay;
  for (let day = Math.floor(first / every) * every; day <= end; day += every) {
    for (
      let tick = day;
      tick < (isEach ? Math.min(day + perDay, end + 1) : day + 1);
      tick += step
    ) {
      // A label just before a border would run into that of the border.
      if (tick >= first && (tick === day || day + perDay - tick >= step / 2)) marks.push(tick);
    }
  }
  return marks;
}

function balances(model, { order, labels, rest, floors }) {
  const rows = [];
  const { tick: end, agents } = model;
  const places = new Map(agents.map((id, at) => [id, at]));
  let [low, high] = [0, 0];
  for (const id of order) {
    const series = model.balances?.[places.get(id)];
    if (!series?.ticks.length) continue;
    const floor = floors?.[id] ?? null;
    const put = (tick, balance) =>
      rows.push({ tick, agent: labels[id], balance, floor, low: null, high: null });
    series.ticks.forEach((tick, at) => {
      const balance = series.values[at];
      low = Math.min(low, balance);
      high = Math.max(high, balance);
      put(tick, balance);
    });
    put(end, series.last);
  }
  const points = rest && model.band ? model.band.points : [];
  const put = (tick, [, from, to]) =>
    rows.push({ tick, agent: rest, balance: null, floor: null, low: from, high: to });
  for (const point of points) {
    low = Math.min(low, point[1]);
    high = Math.max(high, point[2]);
    put(point[0], point);
  }
  if (points.length) put(end, points.at(-1));
  return { rows, fields: ["balance", "floor", "low", "high"], low, high };
}

function queues(model) {
  const rows = [];
  let high = 0;
  for (const [key, queue] of Object.entries(QUEUES)) {
    const series = model.queues[key];
    series.ticks.forEach((tick, at) => {
      high = Math.max(high, series.values[at]);
      rows.push({ tick, queue, value: series.values[at] });
    });
    if (series.ticks.length) rows.push({ tick: model.tick, queue, value: series.last });
  }
  return { rows, fields: ["value"], high: niceTop(high) };
}

function means(model, { means: names }, { width: least = 1 }) {
  const rows = [];
  let high = 0;
  const width = Math.max(least, model.bars?.width ?? 1);
  for (const [start, end, amounts] of model.bars?.rows(width) ?? []) {
    let top = 0;
    Object.values(names).forEach((label, cause) => {
      const value = amounts[cause];
      if (!value) return;
      rows.push({ means: label, start, end, value, from: top, to: top + value });
      top += value;
    });
    high = Math.max(high, top);
  }
  return { rows, fields: ["value", "from", "to"], high: niceTop(high), width };
}

function flows(model, { order, labels, rest }) {
  const cells = new Map();
  const { agents } = model;
  const shown = new Set(order);
  const others = agents.length - shown.size;
  for (const [pair, value] of model.flows) {
    const ids = [agents[Math.floor(pair / agents.length)], agents[pair % agents.length]];
    const [sender, receiver] = ids.map((id) => (shown.has(id) ? labels[id] : rest));
    const cell = `${sender}\n${receiver}`;
    const own = cells.get(cell) ?? { sender, receiver, value: 0 };
    own.value += Number(value);
    cells.set(cell, own);
  }
  const rows = [...cells.values()];
  for (const row of rows) {
    const count = [row.sender, row.receiver].filter((label) => rest && label === rest).length;
    if (count === 1) row.value /= others;
    if (count === 2) row.value /= others * (others - 1);
  }
  const high = rows.reduce((most, row) => Math.max(most, row.value), 0);
  return { rows, fields: ["value"], high: high || 1 };
}
