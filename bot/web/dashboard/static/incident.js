// One incident: what is new comes in by itself, and its past can be played.

import { watch } from "./stream.js";

const page = document.getElementById("incident");
const log = document.getElementById("lines");
const filters = document.getElementById("filters");
const GONE = "There is no such incident, or you can't see it.";
let last = Number(page.dataset.line), query = page.dataset.query, player = null;

const address = (base, ...more) => `${base}?${[query, ...more].filter(Boolean).join("&")}`;
const parsed = html => new DOMParser().parseFromString(html, "text/html");
const { tick, set } = globalThis.spy;

// --- what is new ---------------------------------------------------------------------------------------------------

const stream = watch(() => address(page.dataset.stream, `since=${last}`), hear);

function hear(name, line, html) {
  if (name === "gone") return vanish();
  if (name === "reload") return location.reload();
  last = Number(line);
  const news = parsed(html);
  player?.stale();
  put(news.body, page);
  for (const it of news.querySelectorAll("[data-gone]")) log.querySelector(`#line-${it.dataset.gone}`)?.remove();
  for (const it of news.querySelectorAll("li.line")) place(it);
  set(Date.parse(news.querySelector("[data-now]").dataset.now));
  tick();
  player?.mark();
}

/** The page forgets all that it showed. */
function vanish() {
  const was = player;
  player = null;
  was?.pause();
  const said = document.createElement("p");
  said.textContent = GONE;
  said.setAttribute("role", "alert");
  document.title = "Spy";
  page.replaceChildren(said);
}

/** Exchange the facts that differ. While the past is shown, keep those of now for later. */
function put(fresh, whole) {
  for (const it of fresh.querySelectorAll("[data-fact]")) {
    const old = whole.querySelector(`[data-fact="${it.dataset.fact}"]`);
    if (!old) continue;
    if (player?.isOpen) player.now.set(it.dataset.fact, it.innerHTML);
    else if (old.innerHTML !== it.innerHTML) old.innerHTML = it.innerHTML;
  }
}

const order = line => [line.dataset.at, Number(line.dataset.line)];
const isLater = (one, other) => one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);

/** Put a line where it belongs by its time: the newest is the first. What is older than all that is loaded waits. */
function place(line) {
  const list = log.querySelector("ol.lines");
  document.getElementById(line.id)?.remove();
  const after = [...list.children].find(it => isLater(order(line), order(it)));
  if (!after && log.querySelector(".more")) return;
  list.insertBefore(document.importNode(line, true), after ?? null).classList.add("new");
  log.querySelector(".none")?.remove();
}

// --- filters and earlier lines -------------------------------------------------------------------------------------

let loading = 0;

/** Load a window of lines. Answers that come too late are left. */
async function load(more, use) {
  const mine = ++loading;
  log.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address(location.pathname, "part=lines", more));
    if (mine !== loading) return;
    if (answer.status === 401 || answer.status === 404) return vanish();
    if (answer.ok) use(parsed(await answer.text()).getElementById("lines"));
  } catch { /* the notice says that Spy does not answer */ }
  if (mine === loading) log.removeAttribute("aria-busy");
  player?.mark();
}

const replace = fresh => log.replaceChildren(...document.importNode(fresh, true).childNodes);

log.addEventListener("click", event => {
  const link = event.target.closest("a[data-more]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  load(`before=${encodeURIComponent(link.dataset.more)}`, fresh => {
    const had = log.querySelector("ol.lines"), more = [...fresh.querySelectorAll("li.line")];
    had.append(...more.map(it => document.importNode(it, true)));
    log.querySelector(".more").remove();
    if (fresh.querySelector(".more")) log.append(document.importNode(fresh.querySelector(".more"), true));
    if (more.length) focus(document.getElementById(more[0].id));
  });
});

function focus(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

function narrow(event) {
  event?.preventDefault();
  query = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value)).toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  load("", replace);
  stream.renew();
}

if (filters) {
  filters.addEventListener("submit", narrow);
  filters.addEventListener("change", event => { if (event.target.type !== "search") narrow(); });
  document.getElementById("all-lines")?.remove();
}

// --- the past ------------------------------------------------------------------------------------------------------

const part = name => document.getElementById(`replay-${name}`);
const TICK = 100, STALE = 2_000, SETTLED = 300, AHEAD = 10_000;

class Player {
  constructor(past, clock) {
    this.now = new Map();
    for (const it of page.querySelectorAll("[data-fact]")) this.now.set(it.dataset.fact, it.innerHTML);
    this.isOpen = true;
    this.until = Infinity;
    this.clock = clock;
    this.take(past);
  }

  /** Take over what was loaded: each step has its time, and the facts that it changed. */
  take(past) {
    this.steps = [...past.querySelectorAll(".step")].map(step => ({
      at: Date.parse(step.dataset.at),
      phase: step.dataset.phase,
      leads: step.dataset.leads,
      facts: new Map([...step.querySelectorAll("[data-fact]")].map(it => [it.dataset.fact, it.innerHTML])),
    }));
    this.known = new Set(this.steps.flatMap(it => [...it.facts.keys()]));
    this.start = Math.floor(this.steps[0].at / 1000) * 1000;
    const end = this.steps.at(-1).at;
    this.end = Math.ceil((past.hasAttribute("data-over") ? end : Date.parse(past.dataset.until)) / 1000) * 1000;
    part("at").max = Math.max(1, Math.round((this.end - this.start) / 1000));
    this.draw("phases", it => it.phase, name => name.replaceAll(" ", "-"));
    this.draw("leads", it => it.leads, () => "leads");
  }

  /** Draw who led, or the phases, as bands above the slider. */
  draw(row, named, kind) {
    const whole = this.end - this.start || 1, bands = [];
    for (const step of this.steps) {
      const from = Math.max(0, (step.at - this.start) / whole);
      if (bands.at(-1)?.name === named(step)) continue;
      bands.push({ name: named(step), from });
    }
    part(row).replaceChildren(...bands.map((it, at) => {
      const band = document.createElement("span");
      band.textContent = it.name || "nobody";
      band.className = `band ${it.name ? kind(it.name) : "nobody"}`;
      band.style.left = `${it.from * 100}%`;
      band.style.width = `${((bands[at + 1]?.from ?? 1) - it.from) * 100}%`;
      return band;
    }));
  }

  /** Show the facts as they were at a moment, in milliseconds since 1970. */
  show(moment) {
    const first = this.steps[0].at;
    this.at = Math.max(Math.min(moment, this.end), first);
    const facts = new Map();
    let step = this.steps[0];
    for (const it of this.steps) {
      if (it.at > this.at && it !== this.steps[0]) break;
      step = it;
      for (const [name, html] of it.facts) facts.set(name, html);
    }
    page.classList.add("past");
    page.dataset.clock = this.at;
    for (const it of page.querySelectorAll("[data-fact]")) it.hidden = !this.known.has(it.dataset.fact);
    for (const name of this.known) {
      const place = page.querySelector(`[data-fact="${name}"]`), html = facts.get(name) ?? "";
      if (place && place.innerHTML !== html) place.innerHTML = html;
    }
    part("at").value = this.at === first ? 0 : Math.ceil((this.at - this.start) / 1000);
    this.say(step);
    this.mark();
    tick();
  }

  say(step) {
    const at = new Date(this.at);
    const isOneDay = this.end - this.start < 86_400_000;
    const clock = at.toLocaleTimeString("en-GB", { timeZone: this.clock });
    const shown = isOneDay ? clock : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: this.clock })}, ${clock}`;
    const words = `${shown}: ${step.phase}, ${step.leads ? `${step.leads} leads` : "nobody leads"}`;
    part("said").textContent = `As of ${words}`;
    part("at").setAttribute("aria-valuetext", words);
  }

  /** Hide the lines that were still to come, and load those of this moment if they are not here. */
  mark() {
    if (!this.isOpen) return;
    const lines = [...log.querySelectorAll("li.line")];
    for (const it of lines) it.hidden = Date.parse(it.dataset.at) > this.at;
    const isBefore = lines.every(it => it.hidden) && log.querySelector(".more");
    if (isBefore || this.at > this.until) this.settling ??= setTimeout(() => this.window(isBefore), SETTLED);
  }

  /** Load the lines until this moment; while it plays, and unless there are too many, also those that come soon. */
  window(isExact) {
    this.settling = null;
    const ahead = this.isPlaying && !isExact ? AHEAD * Number(part("speed").value) : 0;
    this.until = this.at + ahead;
    const until = new Date(this.until + 1); // lines have microseconds: one of this very millisecond belongs to it
    load(`until=${encodeURIComponent(until.toISOString())}`, replace);
  }

  next() { this.show(this.steps.find(it => it.at > this.at)?.at ?? this.end); }

  back() { this.show(this.steps.findLast(it => it.at < this.at - 999)?.at ?? this.start); }

  get isPlaying() { return Boolean(this.timer); }

  play() {
    if (this.at >= this.end) this.show(this.start);
    let before = performance.now();
    this.timer = setInterval(() => {
      const now = performance.now();
      this.show(this.at + (now - before) * Number(part("speed").value));
      before = now;
      if (this.at >= this.end) this.pause();
    }, TICK);
    part("play").textContent = "Pause";
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    part("play").textContent = "Play";
  }

  /** Something happened now: what was loaded of the past is not the whole any more. */
  stale() {
    clearTimeout(this.refreshing);
    if (this.isOpen) this.refreshing = setTimeout(async () => {
      const past = await loaded();
      if (!past || !this.isOpen) return;
      this.take(past);
      this.show(this.at);
    }, STALE);
  }

  close() {
    this.pause();
    this.isOpen = false;
    clearTimeout(this.settling);
    page.classList.remove("past");
    delete page.dataset.clock;
    for (const [name, html] of this.now) {
      const place = page.querySelector(`[data-fact="${name}"]`);
      if (place && place.innerHTML !== html) place.innerHTML = html;
    }
    for (const it of page.querySelectorAll("li.line, [data-fact]")) it.hidden = false;
    if (this.until < Infinity) load("", replace);
    part("player").hidden = true;
    part("open").hidden = false;
    tick();
  }
}

async function loaded() {
  try {
    const answer = await fetch(`${location.pathname}?part=replay`);
    const past = answer.ok && parsed(await answer.text()).getElementById("past");
    return past?.querySelector(".step") ? past : null;
  } catch {
    return null;
  }
}

async function open() {
  part("open").setAttribute("aria-busy", "true");
  const past = await loaded();
  part("open").removeAttribute("aria-busy");
  if (!past) return;
  player = new Player(past, page.dataset.zone);
  part("open").hidden = true;
  part("player").hidden = false;
  player.show(player.start);
  part("at").focus();
}

function close() {
  player.close();
  player = null;
  part("open").focus();
}

const toggle = () => (player.isPlaying ? player.pause() : player.play());
const KEYS = { " ": toggle, k: toggle, j: () => player.back(), l: () => player.next(), Escape: close };

const replay = document.getElementById("replay");
replay.hidden = false;
part("open").addEventListener("click", open);
part("close").addEventListener("click", close);
part("play").addEventListener("click", toggle);
part("back").addEventListener("click", () => player.back());
part("on").addEventListener("click", () => player.next());
part("at").addEventListener("input", event => player.show(player.start + Number(event.target.value) * 1000));
replay.addEventListener("keydown", event => {
  const isButton = event.target.matches("button, select");
  const act = event.key === " " && isButton ? null : KEYS[event.key];
  if (!player || !act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});
