// Server-sent events, read by fetch: so they can carry a key, and go on after the last one seen.

import { send } from "./api.js";

const WAITS = [500, 1000, 2000, 4000, 8000];

// Reads events until they are stopped; comes back after a loss, later and later.
//
// onevent(name, data, id): an event; data is text.
// onstate(state, detail): "open", "lost" with the seconds to the next try, or "failed" with a
// problem.
export function follow(path, { onevent, onstate }) {
  const stopper = new AbortController();
  let seen = "";
  let tries = 0;
  let wake = null;

  const read = async () => {
    const headers = seen ? { "Last-Event-ID": seen } : {};
    const response = await send("GET", path, {
      accept: "text/event-stream",
      headers,
      signal: stopper.signal,
    });
    tries = 0;
    onstate("open");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const messages = (rest + value).split("\n\n");
      rest = messages.pop();
      for (const message of messages) take(message);
    }
  };

  const take = (message) => {
    let [name, data, id] = ["message", "", null];
    for (const line of message.split("\n")) {
      if (line.startsWith("data: ")) data += line.slice(6);
      else if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("id: ")) id = line.slice(4);
    }
    if (!data) return;
    if (id !== null) seen = id;
    onevent(name, data);
  };

  const run = async () => {
    while (!stopper.signal.aborted) {
      try {
        await read();
      } catch (error) {
        if (stopper.signal.aborted) return;
        // What the server has said itself does not become better by asking again, but for a while.
        if (error.status && ![408, 429, 500, 502, 503, 504].includes(error.status)) {
          onstate("failed", error);
          return;
        }
      }
      if (stopper.signal.aborted) return;
      const wait = WAITS[Math.min(tries, WAITS.length - 1)];
      tries += 1;
      onstate("lost", wait / 1000);
      await new Promise((done) => {
        const timer = setTimeout(done, wait);
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
      wake = null;
    }
  };

  run();
  return {
    stop: () => {
      stopper.abort();
      wake?.();
    },
    retry: () => wake?.(),
    restart: () => {
      seen = "";
    },
  };
}
