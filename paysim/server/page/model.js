// One simulation as the page knows it: what it is, how it stands, and what has passed so far.
//
// Frames tell what has passed since the frame before; added up they are the whole.

import { get, parse, post, remove, simulation } from "./api.js";
import { sum } from "./format.js";
import { Band, Bars, PANEL_POINTS_MAX, Series } from "./history.js";
import { follow } from "./stream.js";

const RATE_SECONDS = 1;

// Agents whose balances share a picture; of more, each has a panel.
const LINES_MAX = 6;

export class Simulation {
  constructor(id) {
    this.id = id;
    this.path = simulation(id);
    this.info = null;
    this.frame = null;
    this.frames = 0;
    this.changed = new Set(); // called upon each frame
    this.state = "open"; // or "lost", "deleted", "failed"
    this.wait = 0;
    this.problem = null;
    this.rate = 0;
    this.clear();
  }

  // Loads what it is, and begins to follow it.
  async open() {
    this.info = await get(this.path);
    this.stream = follow(`${this.path}/live`, {
      onevent: (name, data) => this.#take(name, data),
      onstate: (state, detail) => this.#tell(state, detail),
    });
    return this;
  }

  close() {
    this.stream?.stop();
    this.changed.clear();
  }

  clear() {
    this.first = null; // tick from which frames have told what passed
    this.seeded = new Set(); // charts whose history was read from tick 0
    this.settledBy = {};
    this.flows = new Map();
    this.balances = null;
    this.queues = { internal: new Series(), central: new Series() };
    this.bars = null;
    this.band = null;
    this.others = null; // numbers of the agents that a chart shows as one range
    this.measured = null;
  }

  // The tick from which what a chart shows is known.
  firstOf(name) {
    return name === "bilateral_flows" || this.seeded.has(name) ? 0 : (this.first ?? 0);
  }

  get tick() {
    return this.frame?.tick ?? this.info?.current_tick ?? 0;
  }
  get agents() {
    return this.info?.agents ?? [];
  }
  get isRunning() {
    return this.frame?.run?.status === "running";
  }
  get hasEnded() {
    return this.info !== null && this.tick >= this.info.num_ticks;
  }
  get label() {
    return this.info?.name || this.id;
  }

  // Commands. The pace is kept by the server, so a page that is reloaded finds it going on.

  play(ticksPerSecond, untilTick) {
    const wish = {};
    if (ticksPerSecond) wish.ticks_per_second = ticksPerSecond;
    if (untilTick !== undefined) wish.until_tick = untilTick;
    return post(`${this.path}/run`, wish);
  }

  pause() {
    return remove(`${this.path}/run`);
  }
  step(count = 1) {
    return post(`${this.path}/tick${count > 1 ? `?count=${count}` : ""}`);
  }
  branch(name) {
    return post(`${this.path}/branches`, { name });
  }
  addEvent(event) {
    return post(`${this.path}/scenario_events`, event);
  }
  account(agent) {
    return get(`${this.path}/agents/${encodeURIComponent(agent)}`);
  }
  chart(name, rows) {
    return get(`${this.path}/charts/${name}${rows ? "?data=rows" : ""}`);
  }

  // Lets the range of those agents be kept that are none of these.
  watch(ids) {
    const shown = new Set(ids);
    const others = this.agents.map((id, at) => at).filter((at) => !shown.has(this.agents[at]));
    if (String(others) === String(this.others)) return;
    this.others = others.length ? others : null;
    this.band = others.length ? new Band() : null;
  }

  async lastEvents(count) {
    const after = Math.max(0, (this.frame?.events ?? 0) - count);
    return get(`${this.path}/events?after=${after}&limit=${count}`);
  }

  #take(name, data) {
    if (name === "deleted") {
      this.state = "deleted";
      this.stream.stop();
    } else if (name === "frame") {
      this.#add(parse(data));
    }
    this.#notify();
  }

  #tell(state, detail) {
    this.state = state;
    if (state === "lost") this.wait = detail;
    if (state === "failed") {
      this.problem = detail;
      if (detail.status === 404) this.state = "deleted";
    }
    this.#notify();
  }

  #notify() {
    for (const listener of this.changed) listener(this);
  }

  #add(frame) {
    const before = this.frame;
    if (before && frame.since !== before.tick) this.clear();
    this.frame = frame;
    this.frames += 1;
    this.#measure(frame);
    for (const [cause, { volume, value }] of Object.entries(frame.settled_by)) {
      const own = (this.settledBy[cause] ??= { volume: 0, value: 0 });
      own.volume += volume;
      own.value = sum(own.value, value);
    }
    for (const [sender, receiver, , value] of frame.flows ?? []) {
      const pair = sender * this.agents.length + receiver;
      this.flows.set(pair, sum(this.flows.get(pair) ?? 0, value));
    }
    this.#remember(frame, before);
  }

  // Notes the points of charts. What passed before the first frame is not known tick by tick: it
  // is seeded by the exact charts.
  #remember(frame, before) {
    const causes = Object.keys(frame.settled_by);
    const most = this.agents.length > LINES_MAX ? PANEL_POINTS_MAX : undefined;
    this.balances ??= this.agents.map(() => new Series(most));
    this.bars ??= new Bars(causes.length);
    const isJoined = (before !== null && frame.since === before.tick) || frame.since === frame.tick;
    if (this.first === null)
      this.first = isJoined || frame.tick - frame.since <= 1 ? frame.since : frame.tick - 1;
    if (frame.tick === 0 || frame.tick === frame.since) return;
    const at = frame.tick - 1;
    frame.balances.forEach((balance, agent) => this.balances[agent].add(at, Number(balance)));
    if (this.others) {
      const own = this.others.map((agent) => Number(frame.balances[agent]));
      this.band.add(
        at,
        own.reduce((a, b) => Math.min(a, b)),
        own.reduce((a, b) => Math.max(a, b)),
      );
    }
    this.queues.internal.add(at, Number(frame.internal_queue.value));
    this.queues.central.add(at, Number(frame.central_queue.value));
    if (isJoined || frame.tick - frame.since <= 1) {
      this.bars.add(
        frame.since,
        frame.tick,
        causes.map((cause) => Number(frame.settled_by[cause].value)),
      );
    }
  }

  // Ticks per second, as they come in.
  #measure(frame) {
    const now = performance.now() / 1000;
    if (frame.run?.status !== "running") {
      this.measured = null;
      this.rate = 0;
      return;
    }
    this.measured ??= { now, tick: frame.tick };
    const seconds = now - this.measured.now;
    if (seconds >= RATE_SECONDS) {
      this.rate = (frame.tick - this.measured.tick) / seconds;
      this.measured = { now, tick: frame.tick };
    }
  }
}
