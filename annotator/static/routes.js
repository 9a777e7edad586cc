// The server's routes, and the three ways in which an answer can fail to come.

/** The server answered and said no. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** True where trying the same thing again later can succeed. */
  get passing() {
    return this.status >= 500 || this.status === 429;
  }

  /** True where the person must come in again first. */
  get loggedOut() {
    return this.status === 401;
  }
}

/** No answer: network cut, server down, or too slow. */
export class Unreachable extends Error {}

const PATIENCE_MS = 20_000;
const KEEPALIVE_LIMIT = 60_000; // browsers refuse larger keepalive bodies (64 KiB in flight)

async function ask(method, path, body, { keepalive = false } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  let response;
  try {
    response = await fetch(path, {
      method,
      body: text,
      headers: text === undefined ? {} : { "Content-Type": "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      keepalive: keepalive && (text ?? "").length < KEEPALIVE_LIMIT,
      signal: keepalive ? undefined : AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new Unreachable(error.message);
  }
  let answer = null;
  try {
    answer = await response.json();
  } catch {
    // A proxy's or a restarting server's page, not an answer of ours.
    if (response.ok) throw new Unreachable("no JSON");
  }
  if (!response.ok) {
    const { code = "http_" + response.status, message = "" } = answer?.error ?? {};
    throw new Refused(response.status, code, message);
  }
  return answer;
}

export const next = () => ask("GET", "/api/next");
export const submit = (submission) => ask("POST", "/api/submissions", submission);
export const saveDraft = (assignment, answers, options) =>
  ask("PUT", `/api/drafts/${encodeURIComponent(assignment)}`, { answers }, options);
export const skip = (assignment_id, reason) => ask("POST", "/api/skip", { assignment_id, reason });
export const undo = () => ask("POST", "/api/undo", {});
