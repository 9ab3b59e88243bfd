// What every page does in the browser: the theme, times that go on, and commands that are answered in place.

import { watch } from "./stream.js";

const root = document.documentElement;
let ahead = Number(root.dataset.now) * 1000 - Date.now();

/** The time at the server, in milliseconds since 1970. */
const now = () => Date.now() + ahead;

/** A length of time in its largest units, as the server writes it. */
function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60), hours = Math.floor(seconds / 3600), days = Math.floor(seconds / 86400);
  if (days) return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
  if (hours) return minutes % 60 ? `${hours} h ${String(minutes % 60).padStart(2, "0")}` : `${hours} h`;
  return minutes ? `${minutes} min` : `${seconds} s`;
}

function show(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** The time at which a part of the page stands: now, or the moment of the past that it shows. */
const clock = part => Number(part.closest("[data-clock]")?.dataset.clock) || now();

/** Let times go on: `data-since` counts up, `data-due` counts down and then is late. */
function tick(part = document) {
  for (const it of part.querySelectorAll("[data-since]")) show(it, span(clock(it) - Date.parse(it.dataset.since)));
  for (const it of part.querySelectorAll("[data-due]")) {
    const left = Date.parse(it.dataset.due) - clock(it);
    show(it, left < 0 ? `late by ${span(-left)}` : `in ${span(left)}`);
    it.classList.toggle("late", left < 0);
    it.closest(".card")?.classList.toggle("late", left < 0);
  }
}

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const theme = document.getElementById("theme");
if (theme) {
  const shown = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
    shown();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", shown);
  shown();
}

/** Send a form once, also if its button is pressed twice: a second press would undo the first one's answer. */
document.addEventListener("submit", event => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  else if (form.matches("[data-say]")) say(event, form);
  else form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => document.querySelectorAll("form").forEach(it => it.removeAttribute("aria-busy")));

/** Send a command without leaving the page. Its answer stands below the form; words that were refused stay in it. */
async function say(event, form) {
  event.preventDefault();
  form.setAttribute("aria-busy", "true");
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  const place = form.closest("[data-answers]") ?? form.parentElement;
  try {
    const reply = await fetch(form.action, { method: "POST", body: fields, headers: { "X-Part": "1" } });
    const isDone = put(place, await reply.text());
    if (reply.ok) {
      if (isDone) form.reset();
      const id = form.elements.namedItem("id");
      if (id) id.value = crypto.randomUUID?.() ?? String(Math.random());
    }
  } catch {
    put(place, null);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** Show an answer in a place that screen readers announce. Return whether the command was done. */
function put(place, html) {
  let box = place.querySelector(":scope > output.answers");
  if (!box) {
    box = document.createElement("output");
    box.className = "answers";
    place.append(box);
  }
  if (html === null) {
    box.textContent = "Spy does not answer, so this may not be done. Look before you send it again.";
    return false;
  }
  const page = new DOMParser().parseFromString(html, "text/html");
  const answer = page.querySelector(".answer");
  if (answer) box.replaceChildren(answer);
  else box.replaceChildren(...(page.querySelector("main") ?? page.body).childNodes);
  return Boolean(answer && !answer.classList.contains("refused"));
}

// --- pages that stay fresh: `data-live` is the address that tells what is new, `data-state` says what the page shows ---

const live = document.querySelector("[data-live]");
const SLOW = 30_000;

/** Take over what is new. It comes with the event: Spy draws it once for all who see the same. */
function hear(name, state, html) {
  if (name !== "change") return;
  const focused = live.contains(document.activeElement) && document.activeElement.getAttribute("href");
  live.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  live.dataset.state = state;
  document.title = `${live.querySelector("[data-title]").dataset.title} · Spy`;
  tick(live);
  if (focused) live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

/** Load the page again, for who hears nothing of its stream. */
async function reload() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.status === 401) { location.reload(); return; }
    const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
    const fresh = page.querySelector("[data-live]");
    if (fresh && fresh.dataset.state !== live.dataset.state) hear("change", fresh.dataset.state, fresh.innerHTML);
  } catch { /* it is tried again */ }
}

if (live) {
  const stream = watch(() => `${live.dataset.live}&since=${live.dataset.state}`, hear);
  setInterval(() => { if (!document.hidden && Date.now() - stream.heard > SLOW) reload(); }, SLOW);
}

tick();
setInterval(() => { if (!document.hidden) tick(); }, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
// for the scripts of single pages: an import would run this file twice, because its address has a digest
globalThis.spy = { now, span, tick, set(time) { ahead = time - Date.now(); } };
