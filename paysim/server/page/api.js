// Requests to the service. A key, if one is asked for, is kept for this tab and sent with each.

import { askKey, forgetKey, key } from "./key.js";

// What the service tells of an error (RFC 9457), or what can be said without it.
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail || told.title || `Status ${status}`);
    this.status = status;
    this.title = told.title || "The request failed";
    this.detail = told.detail || `The server answered with status ${status}.`;
    this.errors = told.errors ?? [];
    this.omitted = told.omitted ?? 0;
  }
}

export class Offline extends Error {
  constructor() {
    super("The server cannot be reached.");
    this.title = "No connection";
    this.detail = "The server cannot be reached. Is it still running?";
  }
}

// Whole numbers that a number does not hold exactly become BigInt, where the browser can.
export function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (name, value, context) => {
    const isLarge =
      typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isLarge && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value;
  });
}

// Sends a request and returns the response, which tells of success. Asks for a key if need be.
export async function send(method, path, { body, type, accept, headers = {}, signal } = {}) {
  for (;;) {
    const given = { Accept: accept ?? "application/json", ...headers };
    if (type) given["Content-Type"] = type;
    const sent = key();
    if (sent) given.Authorization = `Bearer ${sent}`;
    let response;
    try {
      const settings = {
        method,
        body,
        headers: given,
        signal,
        cache: "no-store",
        redirect: "error",
      };
      response = await fetch(path, settings);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Offline();
    }
    if (response.ok) return response;
    if (response.status === 401) {
      if (sent === key()) forgetKey();
      await askKey(sent !== "");
      continue;
    }
    throw new Problem(response.status, await told(response));
  }
}

async function told(response) {
  try {
    return JSON.parse(await response.text());
  } catch {
    return {};
  }
}

export async function get(path, settings) {
  return parse(await (await send("GET", path, settings)).text());
}

export async function post(path, data, settings = {}) {
  const body = data === undefined ? undefined : JSON.stringify(data);
  const given = { body, type: body && "application/json", ...settings };
  return parse(await (await send("POST", path, given)).text());
}

export async function remove(path) {
  return parse(await (await send("DELETE", path)).text());
}

// Fetches a file, which a link cannot do as it brings neither key nor form, and saves it.
export async function download(path, accept, name) {
  const blob = await (await send("GET", path, { accept })).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export const simulation = (id) => `api/simulations/${encodeURIComponent(id)}`;
