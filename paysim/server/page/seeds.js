// What exact charts hold, taken over into what is known of a run: so that a chart that goes on
// begins where the exact one ends, and a page that was opened late has everything from tick 0.

export function seed(name, spec, model, plan) {
  if (!model.frame) return;
  model.seeded.add(name);
  const scale = spec.usermeta?.scale;
  if (!scale) return; // it says that there is nothing to draw
  const rows = (...columns) =>
    Object.values(spec.datasets ?? {}).find(
      (set) => set.length && columns.every((column) => column in set[0]),
    ) ?? [];
  SEEDS[name]?.(rows, scale, model, plan, spec);
}

const SEEDS = {
  balances(rows, scale, model, plan, spec) {
    const found = rows("tick", "agent", "balance");
    const end = found.reduce((most, row) => Math.max(most, row.tick), 0);
    const ids = new Map(Object.entries(plan.labels).map(([id, label]) => [label, id]));
    const places = new Map(model.agents.map((id, at) => [id, at]));
    const lines = new Map();
    const band = [];
    for (const row of found) {
      if (row.tick >= end) continue; // the last point is repeated at the end of its tick
      if (row.agent === plan.rest) {
        band.push([row.tick, Math.round(row.low * scale), Math.round(row.high * scale)]);
        continue;
      }
      const id = ids.get(row.agent);
      if (id === undefined) continue;
      if (!lines.has(id)) lines.set(id, []);
      lines.get(id).push([row.tick, Math.round(row.balance * scale)]);
      plan.floors[id] = Math.round(row.floor * scale);
    }
    for (const [id, points] of lines) model.balances[places.get(id)].seed(points, end);
    if (plan.rest && lines.size) {
      const order = (spec.facet?.sort ?? []).map((label) => ids.get(label)).filter(Boolean);
      if (order.length === plan.order.length) reorder(plan, order);
      model.watch(plan.order);
      model.band?.seed(band, end);
    }
  },

  queue_value(rows, scale, model) {
    const found = rows("tick", "queue", "value");
    const end = found.reduce((most, row) => Math.max(most, row.tick), 0);
    for (const [key, label] of [
      ["internal", "held by agents"],
      ["central", "in the central queue"],
    ]) {
      const own = found.filter((row) => row.queue === label && row.tick < end);
      model.queues[key].seed(
        own.map((row) => [row.tick, Math.round(row.value * scale)]),
        end,
      );
    }
  },

  settlements_by_means(rows, scale, model, plan) {
    const found = rows("means", "start", "end");
    const labels = Object.values(plan.means);
    const known = found.reduce((most, row) => Math.max(most, row.end), 0);
    const later = model.bars.rows().filter(([start]) => start >= known);
    model.bars.clear();
    for (const row of found) {
      const amounts = labels.map((label) => (label === row.means ? row.value * scale : 0));
      model.bars.add(row.start, row.end, amounts);
    }
    for (const [start, end, amounts] of later) model.bars.add(start, end, amounts);
  },

  bilateral_flows(rows, scale, model, plan, spec) {
    const matrix = spec.layer?.find((layer) => layer.encoding?.y?.scale?.domain);
    const ids = new Map(Object.entries(plan.labels).map(([id, label]) => [label, id]));
    const order = (matrix?.encoding.y.scale.domain ?? [])
      .map((label) => ids.get(label))
      .filter(Boolean);
    if (order.length === plan.order.length) reorder(plan, order);
  },
};

function reorder(plan, order) {
  plan.order = order;
  plan.names = [...order.map((id) => plan.labels[id]), ...(plan.rest ? [plan.rest] : [])];
}
