// Figures as people read them. Amounts may be larger than what a number holds exactly: then they
// come as BigInt, and stay exact until they are drawn.

export const DASH = "–";

const UNITS = ["", "thousands of ", "millions of ", "billions of ", "trillions of "];
UNITS.push("quadrillions of ", "quintillions of ");

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");

// A whole number with its thousands separated; what is undefined is a dash.
export function number(value) {
  if (value === undefined || value === null) return DASH;
  const text = typeof value === "bigint" ? value.toString() : String(Math.round(value));
  return text.startsWith("-") ? `−${grouped(text.slice(1))}` : grouped(text);
}

// A cost, which comes as an exact decimal, to two places.
export function cost(text) {
  if (text === undefined || text === null) return DASH;
  const scaled = hundredths(text);
  if (scaled === 0n && /[1-9]/.test(text)) return "<0.01";
  return money(scaled);
}

// The difference of two costs, to two places.
export function costDifference(a, b) {
  return signed(hundredths(b) - hundredths(a), money);
}

// The difference of two whole numbers.
export function difference(a, b) {
  if (a === undefined || b === undefined || a === null || b === null) return DASH;
  return signed(BigInt(b) - BigInt(a), number);
}

function signed(value, tell) {
  return value > 0n ? `+${tell(value)}` : tell(value);
}

function money(scaled) {
  const sign = scaled < 0n ? "−" : "";
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(3, "0");
  return `${sign}${grouped(digits.slice(0, -2))}.${digits.slice(-2)}`;
}

// Rounded half-even, as everywhere in paysim.
function hundredths(text) {
  const [, sign, whole, places = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [null, "", "0"];
  const kept = BigInt(whole + places.slice(0, 2).padEnd(2, "0"));
  const rest = places.slice(2);
  const half = rest.startsWith("5") && /^50*$/.test(rest);
  const up = half ? kept % 2n === 1n : rest !== "" && rest[0] >= "5";
  const rounded = up ? kept + 1n : kept;
  return sign ? -rounded : rounded;
}

// A part of a whole, in per cent with one place.
export function share(part, whole) {
  const all = Number(whole);
  if (!all) return DASH;
  const found = (100 * Number(part)) / all;
  if (found > 0 && found < 0.05) return "<0.1 %";
  return `${found.toFixed(1)} %`;
}

// The sum of two whole numbers, exact however large.
export function sum(a, b) {
  if (typeof a === "number" && typeof b === "number") {
    const both = a + b;
    if (Number.isSafeInteger(both)) return both;
  }
  return BigInt(a) + BigInt(b);
}

// The unit in which the largest of some values has few digits before its point.
export function unitOf(largest) {
  let power = 0;
  if (largest >= 10_000)
    while (largest >= 1000 ** (power + 1) && power < UNITS.length - 1) power += 1;
  return { scale: 1000 ** power, name: `${UNITS[power]}minor units` };
}

// The smallest of 1, 2, 5, 10, 20, 50 and so on that is not less than a number.
export function nice(least) {
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) if (digit * power >= least) return digit * power;
  }
}

// The top of an axis that begins at 0, on one of its marks.
export function niceTop(value, marks = 8) {
  if (!(value > 0)) return 1;
  const exponent = 10 ** Math.floor(Math.log10(value / marks));
  const step = exponent * nice(Math.max(1, value / marks / exponent));
  return Math.ceil(value / step) * step;
}

export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

export const words = (key) => key.replaceAll("_", " ");
