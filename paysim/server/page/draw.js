// When things are drawn: by animation frames, at most 30 times a second, and never so often that
// drawing takes more than half of the time. What comes in between is drawn together.

const LEAST = 1000 / 30;

const waiting = new Set();
let isPlanned = false;
let next = 0;
let draws = 0;

// Has a function called when it is time to draw, once, however often it is asked for.
export function draw(task) {
  waiting.add(task);
  plan();
}

export function undraw(task) {
  waiting.delete(task);
}

function plan() {
  if (isPlanned || !waiting.size) return;
  isPlanned = true;
  requestAnimationFrame(tick);
}

async function tick(now) {
  if (now < next) {
    requestAnimationFrame(tick);
    return;
  }
  const tasks = [...waiting];
  waiting.clear();
  const begun = performance.now();
  for (const task of tasks) {
    try {
      await task();
    } catch (error) {
      console.error(error);
    }
  }
  const taken = performance.now() - begun;
  // Animation frames come in steps of the screen, so the time of the next is kept and not counted
  // anew from each; over any second there are 30 at most.
  next = Math.max(Math.max(next, now - LEAST) + LEAST, now + 2 * taken);
  draws += 1;
  document.documentElement.dataset.draws = String(draws);
  isPlanned = false;
  plan();
}
