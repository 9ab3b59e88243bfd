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

// --- pages that stay fresh: `data-live` names the address that says when something changed ---

const live = document.querySelector("[data-live]");
const SLOW = 30_000;
let isLoading = false, isStale = false, last = Date.now(), shown = "";

/** Load the page again, and exchange what is live on it. */
async function refresh() {
  if (isLoading) { isStale = true; return; }
  isLoading = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.status === 401) { location.reload(); return; }
    if (answer.ok) exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
    last = Date.now();
  } catch { /* the next event, or the next half minute, tries again */ }
  isLoading = false;
  if (isStale) { isStale = false; refresh(); }
}

function exchange(page) {
  const fresh = page.querySelector("[data-live]");
  if (!fresh || fresh.innerHTML === shown) return;
  shown = fresh.innerHTML;
  const focused = live.contains(document.activeElement) && document.activeElement.getAttribute("href");
  live.replaceChildren(...fresh.cloneNode(true).childNodes);
  document.title = page.title;
  tick(live);
  if (focused) live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

if (live) {
  watch(() => live.dataset.live, refresh);
  setInterval(() => { if (Date.now() - last > SLOW && !document.hidden) refresh(); }, 5_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}

tick();
setInterval(tick, 1000);
// for the scripts of single pages: an import would run this file twice, because its address has a digest
globalThis.spy = { now, span, tick, refresh, set(time) { ahead = time - Date.now(); } };
