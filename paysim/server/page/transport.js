// The controls of one simulation, or of two at once: play, pause, step, pace, run to the end.

import { el, say, write } from "./dom.js";
import { number } from "./format.js";

const PACES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];
const DEFAULT_PACE = 10;
const PLACE = "paysim.pace";

export class Transport {
  constructor(models, alert) {
    this.models = models;
    this.alert = alert;
    const command = (label, key, attributes, run, isStep = false) =>
      el(
        "button",
        {
          ...attributes,
          "aria-keyshortcuts": key,
          title: `Key: ${key}`,
          onclick: () => this.#do(run, isStep),
        },
        label,
      );
    this.playing = command("Play", "Space", { class: "primary play" }, () => this.toggle());
    this.stepping = command("Step", "S", { class: "step" }, () => this.step(), true);
    this.ending = command("Run to the end", "E", { class: "end" }, () => this.runToEnd());
    this.pace = el(
      "select",
      { id: "pace", onchange: () => this.#do(() => this.#repace()) },
      PACES.map((pace) =>
        el(
          "option",
          { value: pace },
          `${number(pace)} ${pace === 1 ? "tick" : "ticks"} per second`,
        ),
      ),
      el("option", { value: "" }, "as fast as it goes"),
    );
    this.pace.value = sessionStorage.getItem(PLACE) ?? DEFAULT_PACE;
    this.measured = el("span", { class: "rate quiet" });
    this.element = el(
      "div",
      {
        class: "transport",
        role: "group",
        "aria-label": models.length > 1 ? "Controls of both" : "Controls",
      },
      this.playing,
      this.stepping,
      this.ending,
      el("span", { class: "pace" }, el("label", { for: "pace" }, "Speed"), this.pace),
      this.measured,
    );
    this.wasRunning = null;
    this.next = null; // a command that waits for a step
    this.begun = null; // by model, the record of the run before the one that was asked for
  }

  get isRunning() {
    return this.models.some((model) => model.isRunning);
  }

  press(key) {
    const command = { " ": () => this.toggle(), s: () => this.step(), e: () => this.runToEnd() }[
      key.toLowerCase()
    ];
    if (command) this.#do(command, key.toLowerCase() === "s");
    return command !== undefined;
  }

  show() {
    const { isRunning } = this;
    const isGone = this.models.some((model) => ["deleted", "failed"].includes(model.state));
    const hasEnded = this.models.every((model) => model.hasEnded);
    const isBusy = this.isBusy && !this.isStep;
    write(this.playing, isRunning ? "Pause" : "Play");
    this.playing.disabled = isGone || (hasEnded && !isRunning) || isBusy;
    this.stepping.disabled = isGone || isRunning || isBusy;
    this.ending.disabled = isGone || hasEnded || isBusy;
    if (this.wasRunning === null && isRunning) this.#readPace();
    if ((this.wasRunning || this.#isOver()) && !isRunning) this.#tellEnd();
    this.wasRunning = isRunning;
    const rate = Math.max(...this.models.map((model) => model.rate));
    write(this.measured, isRunning && rate > 0 ? `${number(rate)} per second` : "");
  }

  async toggle() {
    if (this.isRunning) await this.#all((model) => model.isRunning && model.pause());
    else await this.#play(Number(this.pace.value) || undefined);
  }

  async step() {
    if (this.isRunning) return;
    const [outcome] = await this.#all((model) => model.step());
    const { tick, num_arrivals: arrived, num_settlements: settled } = outcome;
    const more = this.models.length > 1 ? "" : `: ${arrived} arrived, ${settled} settled`;
    say(`Tick ${number(tick)} has been run${more}.`);
  }

  async runToEnd() {
    if (this.isRunning) await this.#all((model) => model.isRunning && model.pause());
    await this.#play(undefined);
  }

  async #play(pace) {
    const played = this.models.filter((model) => !model.hasEnded);
    if (!played.length) return;
    this.begun = new Map(played.map((model) => [model, record(model)]));
    await Promise.all(played.map((model) => model.play(pace)));
    if (this.begun !== null) say("Playing.");
  }

  // A short run is over before anything has shown it going on.
  #isOver() {
    return this.begun !== null && [...this.begun].every(([model, old]) => record(model) !== old);
  }

  // The pace is the server's to keep, so another one is another run.
  async #repace() {
    sessionStorage.setItem(PLACE, this.pace.value);
    if (!this.isRunning) return;
    await this.#all((model) => model.isRunning && model.pause());
    await this.#play(Number(this.pace.value) || undefined);
  }

  async #all(command) {
    return await Promise.all(this.models.map((model) => command(model)));
  }

  // What is asked for while a step is under way has its turn after it: the last of it, so that a
  // key that is held down leaves nothing behind. While a run is begun or ended nothing is taken.
  async #do(command, isStep = false) {
    if (this.isBusy) {
      if (this.isStep) this.next = [command, isStep];
      return;
    }
    this.isBusy = true;
    this.isStep = isStep;
    try {
      await command();
      this.alert.tell(null);
    } catch (error) {
      this.begun = null;
      this.alert.tell(error);
    } finally {
      this.isBusy = false;
      this.show();
    }
    const { next } = this;
    this.next = null;
    if (next) this.#do(...next);
  }

  // A page that finds a run under way shows the pace that it has.
  #readPace() {
    const pace = this.models.find((model) => model.isRunning).frame.run.ticks_per_second;
    const isKnown = [...this.pace.options].some((option) => option.value === String(pace ?? ""));
    if (isKnown) this.pace.value = String(pace ?? "");
  }

  #tellEnd() {
    const [model] = this.begun?.keys() ?? this.models;
    this.begun = null;
    const { status, detail } = model.frame.run;
    const words = { finished: "The run has come to its end", cancelled: "Paused" };
    say(
      `${words[status] ?? `The run is ${status}`} at tick ${number(model.tick)}. ${detail ?? ""}`,
    );
    const isWrong = ["failed", "interrupted", "stopped"].includes(status);
    if (isWrong)
      this.alert.tell({
        title: `The run is ${status}`,
        detail: detail || `It stands at tick ${number(model.tick)}.`,
      });
  }
}

function record(model) {
  return JSON.stringify(model.frame?.run ?? null);
}
