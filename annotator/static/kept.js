// What this browser keeps: half-typed answers and the one submission on its way.
// A full or forbidden localStorage must never stop a rating, so each access may fail.

const DRAFT = "siqa.draft.";
const OUTBOX = "siqa.outbox";
const MONTH_MS = 30 * 24 * 3600 * 1000;

export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

export function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** Draft of an assignment: `answers` as typed, `synced` as the server last confirmed them. */
export const draftOf = (assignment) => read(DRAFT + assignment);
export const keepDraft = (assignment, answers, synced) =>
  write(DRAFT + assignment, { answers, synced, at: Date.now() });
export const dropDraft = (assignment) => write(DRAFT + assignment, null);

/** The submission that the server has not confirmed yet, with its rater; null when none. */
export const outbox = () => read(OUTBOX);
export const keepOutbox = (submission) => write(OUTBOX, submission);
export const emptyOutbox = () => write(OUTBOX, null);

export function dropOldDrafts() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(DRAFT) && Date.now() - (read(key)?.at ?? 0) > MONTH_MS) write(key, null);
    }
  } catch {
    // Storage is switched off: there is nothing old in it either.
  }
}

const same = (a, b) => JSON.stringify(a ?? {}) === JSON.stringify(b ?? {});

/**
 * Join the server's draft with this browser's.
 *
 * Clocks are not compared: `synced` says what the server had when this browser last spoke to it.
 * Where only one side moved since then, that side wins; where both did, scores are the server's
 * (filled up from here) and of texts nothing is dropped.
 */
export function mergeDrafts(server, local) {
  if (!local || same(local.answers, local.synced)) return Object.keys(server).length ? server : local?.answers ?? {};
  if (same(server, local.synced) || !Object.keys(server).length) return local.answers;
  const merged = { ...local.answers };
  for (const [step, theirs] of Object.entries(server)) {
    const ours = local.answers[step] ?? {};
    merged[step] = { ...ours, ...theirs };
    if (ours.scores || theirs.scores) merged[step].scores = { ...ours.scores, ...theirs.scores };
    if (typeof ours.text === "string" || typeof theirs.text === "string")
      merged[step].text = joinTexts(theirs.text ?? "", ours.text ?? "");
  }
  return merged;
}

function joinTexts(theirs, ours) {
  if (theirs.includes(ours)) return theirs;
  if (ours.includes(theirs)) return ours;
  return theirs + "\n\n" + ours;
}

/** A random name for a submission; `randomUUID` is missing on plain-http origins. */
export function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
