// What the live charts of some simulations show: their specification without data, and which agents
// in which order.

export class Plans {
  constructor(models) {
    this.models = models;
    this.plans = new Map(models.map((model) => [model, new Map()]));
  }

  // The plan of a chart if it is there.
  known(name, model) {
    return this.plans.get(model).get(name) ?? null;
  }

  // The plan of a chart, which is asked for once; null while it is on its way.
  async get(name, model) {
    const plans = this.plans.get(model);
    if (plans.has(name)) return plans.get(name);
    plans.set(name, null);
    let spec;
    try {
      spec = await model.chart(name, true);
    } catch (error) {
      plans.delete(name);
      throw error;
    }
    const { labels, shown, rest, means, floors } = spec.usermeta;
    const order = model.agents.slice(0, shown);
    const names = [...order.map((id) => labels[id]), ...(rest ? [rest] : [])];
    const plan = { spec, labels, order, rest, means, floors, asked: names, names };
    plans.set(name, plan);
    if (name === "balances" && rest) model.watch(order);
    return plan;
  }

  // Lets two charts have their agents in the order of the first.
  align(name) {
    const [first, ...others] = this.models.map((model) => this.known(name, model));
    for (const plan of others) {
      if (!first || !plan) continue;
      if (JSON.stringify(plan.labels) !== JSON.stringify(first.labels)) continue;
      Object.assign(plan, { order: first.order, names: first.names });
    }
  }
}
