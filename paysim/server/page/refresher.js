// Keeps something fetched up to date: never two requests at once, and none too soon after another.

export class Refresher {
  constructor(model, fetch, gap) {
    this.model = model;
    this.fetch = fetch;
    this.gap = gap;
    this.done = null; // the state of the simulation that was fetched
    this.listener = () => this.#plan();
    model.changed.add(this.listener);
    this.#plan();
  }

  // Has it fetched anew, whatever was fetched before.
  again() {
    this.done = null;
    this.#plan();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.model.changed.delete(this.listener);
  }

  get #now() {
    const { frame } = this.model;
    return frame && `${frame.tick} ${frame.events}`;
  }

  #plan() {
    if (this.isClosed || this.isBusy || this.timer || !this.#now || this.#now === this.done) return;
    if (this.model.state === "deleted") return;
    const wait =
      this.last === undefined ? 0 : Math.max(0, this.last + this.gap - performance.now());
    this.timer = setTimeout(() => this.#run(), wait);
  }

  async #run() {
    this.timer = null;
    if (this.isClosed) return;
    this.isBusy = true;
    this.done = this.#now;
    try {
      await this.fetch();
    } catch {
      // The banner tells of a lost connection; what is shown stays.
    } finally {
      this.isBusy = false;
      this.last = performance.now();
      this.#plan();
    }
  }
}
