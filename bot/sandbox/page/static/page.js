// The page of the sandbox: updates the page, and sends the person's actions.
// The server renders all HTML. This script fetches parts again and morphs them into place.

import { completing } from "/static/words.js";
import { Idiomorph } from "/static/vendor/idiomorph.esm.js";

const body = document.body;
const at = (id) => document.getElementById(id);
const query = () => body.dataset.location;
const isNarrow = matchMedia("(max-width: 760px)");

// ------------------------------------------------------------------ parts of the page

const KEPT = new Set(["open", "value", "checked", "selected", "hidden", "style"]); // set by the person, not by the server

const isTyping = () => document.activeElement.matches("input, textarea, select");

function morph(part, html) {
  Idiomorph.morph(part, html, {
    morphStyle: "innerHTML",
    ignoreActiveValue: isTyping(),
    restoreFocus: true,
    callbacks: {
      beforeAttributeUpdated: (name, node) =>
        !(KEPT.has(name) && (node.closest("form") || name === "open")),
      beforeNodeMorphed: (before, after) => !before.isEqualNode?.(after) && !before.classList?.contains("loaded"),
    },
  });
}

async function html(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.text();
}

const stale = new Set();
let refreshing = null;

/** Fetch these parts again soon. Calls in quick succession become one. */
function refresh(...parts) {
  parts.filter((part) => at(part)).forEach((part) => stale.add(part));
  refreshing ??= new Promise((done) => setTimeout(done, 30)).then(async () => {
    const due = [...stale];
    stale.clear();
    refreshing = null;
    await Promise.all(due.map(async (part) => {
      const asked = query();
      const fresh = await html(`/region/${part}?${asked}`);
      if (asked === query() && at(part)) show(part, fresh);
    }));
  }).catch(() => {});
  return refreshing;
}

function show(part, fresh) {
  const element = at(part);
  if (part === "modal") return showModal(element, fresh);
  morph(element, fresh);
  if (part === "dock") settleDock();
}

/** Show the number of ringing phones on a narrow screen too. */
function settleDock() {
  settleThread();
  const ringing = document.querySelector(".tabs .ringing")?.textContent ?? "";
  document.querySelector(".panes [data-show=dock]").dataset.ringing = ringing;
}

// ------------------------------------------------------------------ going somewhere

/** Load another location. `record` is the method of the browser's history: pushState, replaceState, or "" for none. */
async function go(address, record = "pushState") {
  const url = new URL(address, location.href);
  const fresh = new DOMParser().parseFromString(await html(url.pathname + url.search), "text/html");
  const old = { ...body.dataset };
  for (const key of ["location", "person", "place", "thread", "dock"]) body.dataset[key] = fresh.body.dataset[key];
  const isElsewhere = ["person", "place"].some((key) => old[key] !== body.dataset[key]);
  if (record) history[record](null, "", url);
  document.title = fresh.title;
  for (const part of ["sidebar", "dock", ...(isElsewhere ? ["chat", "toolbar", "modal"] : [])]) {
    if (part === "modal") showModal(at(part), fresh.getElementById(part).innerHTML);
    else if (part === "chat") at(part).replaceChildren(...fresh.getElementById(part).childNodes);
    else morph(at(part), fresh.getElementById(part).innerHTML);
  }
  if (isElsewhere) {
    settleChat();
    catchUp();
  }
  settleDock();
  return isElsewhere;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== "/") return;
  event.preventDefault();
  if (url.search !== location.search) {
    const opensThread = link.matches(".replies, .tools a"), leavesThread = link.matches(".thread .close");
    const isElsewhere = await go(url.href);
    pane(opensThread || (link.closest("#dock") && !isElsewhere && !leavesThread) ? "dock" : "chat");
    if (opensThread) document.querySelector("#dock textarea")?.focus();
    else if (leavesThread || (isElsewhere && !isNarrow.matches)) at("words")?.focus();
  }
  if (url.hash) reveal(url.hash.slice(1));
});

addEventListener("popstate", () => go(location.href, ""));

async function reveal(id) {
  while (!at(id) && at("older")) await older();
  const message = at(id);
  message?.scrollIntoView({ block: "center" });
  message?.focus({ preventScroll: true });
}

/** Choose the one part that a narrow screen shows. */
function pane(name) {
  body.dataset.pane = name;
  document.querySelectorAll("[data-show]").forEach((button) =>
    button.setAttribute("aria-pressed", button.dataset.show === name));
}

// ------------------------------------------------------------------ messages

const lists = () => [["messages", "m"], ["answers", "t"]].filter(([id]) => at(id));
const due = new Set();
let fetching = null;

/** Stay at the end of a list while messages arrive, until the person scrolls up. */
function follow(list) {
  const scroller = list.parentElement;
  let isAtEnd = true;
  scroller.addEventListener("scroll", () => {
    isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  }, { passive: true });
  const toEnd = () => isAtEnd && (scroller.scrollTop = scroller.scrollHeight);
  new ResizeObserver(toEnd).observe(list);
  new ResizeObserver(toEnd).observe(scroller);
  toEnd();
}

/** Mark the first message of each day, and messages that follow one of the same author. */
function arrange(list) {
  let before = null;
  for (const line of list.children) {
    const isNewDay = line.dataset.day !== before?.dataset.day;
    const isSoon = before && line.dataset.ts - before.dataset.ts < 300;
    const isPlain = !line.matches(".grey, .ephemeral") && !before?.matches(".grey, .ephemeral");
    line.classList.toggle("new-day", isNewDay);
    line.classList.toggle("follows", !isNewDay && isSoon && isPlain && line.dataset.user === before.dataset.user);
    before = line;
  }
}

function put(list, prefix, wanted, fresh) {
  const template = document.createElement("template");
  template.innerHTML = fresh;
  const lines = new Map([...template.content.children].map((line) => [line.dataset.ts, line]));
  for (const ts of wanted) {
    const [before, after] = [at(prefix + ts), lines.get(ts)];
    if (before && after) {
      after.className += ["new-day", "follows"].filter((it) => before.classList.contains(it)).map((it) => ` ${it}`).join("");
      Idiomorph.morph(before, after, { ignoreActiveValue: isTyping() });
    } else if (before) before.remove();
    else if (after) {
      const next = [...list.children].find((line) => line.dataset.ts > ts) ?? null;
      list.insertBefore(after, next);
    }
  }
  arrange(list);
}

/** Fetch a message of the current channel again soon. */
function renew(ts) {
  due.add(ts);
  fetching ??= new Promise((done) => setTimeout(done, 25)).then(async () => {
    const wanted = [...due];
    due.clear();
    fetching = null;
    await Promise.all(lists().map(async ([id, prefix]) => {
      const list = at(id), asked = query();
      const oldest = list.firstElementChild?.dataset.ts ?? "";
      const shown = at("older") && id === "messages" ? wanted.filter((it) => it >= oldest) : wanted;
      if (!shown.length) return;
      const which = shown.map((it) => `&ts=${it}`).join("") + (id === "answers" ? "&in_thread=1" : "");
      const fresh = await html(`/messages?${asked}${which}`);
      if (asked !== query() || !list.isConnected) return;
      put(list, prefix, shown, fresh);
    }));
  }).catch(() => {});
}

/** Fetch what arrived after the page was rendered and before its events arrived: messages, or the home tab. */
async function catchUp() {
  const list = at("messages"), asked = query();
  if (at("home")) refresh("home");
  if (!list) return;
  const fresh = await html(`/messages?${asked}&before=9`).catch(() => ""); // the last hundred messages
  if (asked !== query() || !list.isConnected) return;
  put(list, "m", [...fresh.matchAll(/ data-ts="([\d.]+)"/g)].map(([, ts]) => ts), fresh);
}

let loading = null;

/** Load the next hundred older messages. One load at a time. */
function older() {
  loading ??= loadOlder().finally(() => (loading = null));
  return loading;
}

async function loadOlder() {
  const button = at("older"), list = at("messages"), scroller = at("scroll");
  if (!button) return;
  const template = document.createElement("template");
  template.innerHTML = await html(`/messages?${query()}&before=${list.firstElementChild.dataset.ts}`);
  const more = template.content.querySelector(".more");
  more?.remove();
  const fromEnd = scroller.scrollHeight - scroller.scrollTop;
  list.prepend(...template.content.children);
  arrange(list);
  scroller.scrollTop = scroller.scrollHeight - fromEnd;
  if (!more) button.remove();
}

function settleChat() {
  const list = at("messages"), scroller = at("scroll");
  if (!list) return;
  arrange(list);
  follow(list);
  scroller.addEventListener("scroll", () => scroller.scrollTop < 200 && older(), { passive: true });
  at("older")?.addEventListener("click", older);
  const draft = sessionStorage.getItem(draftOf(at("words")?.form));
  if (!draft) return;
  at("words").value = draft;
  grow(at("words"));
}

const followed = new WeakSet();

function settleThread() {
  const list = at("answers");
  if (!list) return;
  arrange(list);
  if (!followed.has(list)) follow(list);
  followed.add(list);
}

// Up and down move between messages. Tab moves into the focused message.
document.addEventListener("keydown", (event) => {
  const log = event.target.closest?.("[role=log]");
  if (!log || !["ArrowUp", "ArrowDown"].includes(event.key) || event.target.matches("select, input, textarea")) return;
  const lines = [...log.querySelectorAll(".message")];
  const here = lines.indexOf(event.target.closest(".message"));
  const next = here < 0 ? lines.at(-1) : lines[here + (event.key === "ArrowUp" ? -1 : 1)];
  next?.focus();
  event.preventDefault();
});

// ------------------------------------------------------------------ acting

async function act(path, facts) {
  const answer = await fetch(`${path}?${query()}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(facts),
  }).catch(() => null);
  const result = await answer?.json().catch(() => null);
  if (result?.address) await go(result.address);
  if (result?.ok) return true;
  showAlert(result?.error ?? "The box does not answer. Is it still running?");
  return false;
}

let quiet = null;

function showAlert(sentence) {
  at("alert").textContent = sentence;
  clearTimeout(quiet);
  quiet = setTimeout(() => (at("alert").textContent = ""), 8000);
}

function confirmed({ title, text, confirm, deny, style }) {
  const dialog = at("confirm");
  at("confirm-title").textContent = title;
  at("confirm-text").textContent = text;
  at("confirm-yes").textContent = confirm;
  at("confirm-yes").className = style === "danger" ? "danger" : "primary";
  at("confirm-deny").textContent = deny;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) =>
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

/** Run the action of an element. `value` is the choice made in it. */
async function use(element, value) {
  if (element.dataset.confirm && !(await confirmed(JSON.parse(element.dataset.confirm)))) return;
  if (element.dataset.url) {
    if (element.dataset.url.startsWith("/")) await go(element.dataset.url);
    else open(element.dataset.url, "_blank", "noopener,noreferrer");
  }
  const facts = { ...JSON.parse(element.dataset.body ?? "{}"), value };
  const view = element.closest("[data-view]");
  if (view) Object.assign(facts, { view: view.dataset.view, values: view.matches("form") ? filled(view) : {} });
  element.setAttribute("aria-busy", "true");
  await act(element.dataset.post, facts);
  element.removeAttribute("aria-busy");
  if (element.closest(".phone")) refresh("dock");
  if (element.closest("[popover]")?.matches(":popover-open") && element.matches("button")) element.closest("[popover]").hidePopover();
}

document.addEventListener("click", (event) => {
  const element = event.target.closest("button");
  if (!element) return;
  if (element.dataset.post) use(element, element.dataset.value);
  else if (element.dataset.show) pane(element.dataset.show);
  else if (element.dataset.react) reactTo(element);
  else if (element.dataset.emoji) reactWith(element.dataset.emoji);
  else if (element.dataset.edit !== undefined) edit(element);
  else if ("close" in element.dataset) closeModal();
});

document.addEventListener("change", (event) => {
  const element = event.target.closest("select[data-post], input[data-post]");
  if (!element) return;
  const group = element.type === "checkbox" && element.name && element.closest(".choices");
  const ticked = () => [...group.querySelectorAll("input:checked")].map((it) => it.value);
  use(element, group ? ticked() : element.value);
});

document.addEventListener("toggle", async (event) => {
  const details = event.target;
  if (!details.open || !details.dataset?.load || details.dataset.isLoaded) return;
  details.dataset.isLoaded = "yes";
  details.querySelector(".loaded").innerHTML = await html(details.dataset.load);
}, true);

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.overflow[open], details.members[open]").forEach((menu) => {
    if (!menu.contains(event.target) || event.target.closest("button")) menu.open = false;
  });
});

// ------------------------------------------------------------------ reactions

let reacting = null;

function reactTo(button) {
  reacting = JSON.parse(button.dataset.react);
  const picker = at("emoji"), near = button.getBoundingClientRect();
  picker.showPopover();
  picker.style.top = `${Math.min(near.bottom + 4, innerHeight - picker.offsetHeight - 8)}px`;
  picker.style.left = `${Math.max(8, Math.min(near.right, innerWidth - 8) - picker.offsetWidth)}px`;
  picker.querySelector("button").focus();
}

function reactWith(name) {
  at("emoji").hidePopover();
  act("/act/react", { ...reacting, name });
}

// ------------------------------------------------------------------ modals

let opener = null;

function showModal(dialog, fresh) {
  const template = document.createElement("template");
  template.innerHTML = fresh;
  const after = template.content.querySelector("form"), before = dialog.querySelector("form");
  if (!after) {
    dialog.replaceChildren();
    if (dialog.open) dialog.close();
    return;
  }
  if (before?.dataset.view === after.dataset.view) morph(dialog, fresh); // keeps what the person filled in
  else dialog.replaceChildren(template.content);
  if (!dialog.open) {
    opener = document.activeElement;
    dialog.showModal();
  }
  const wrong = dialog.querySelector(".wrong :is(input, textarea, select)");
  const first = dialog.querySelector(".field :is(input, textarea, select)");
  if (wrong) wrong.focus();
  else if (before?.dataset.view !== after.dataset.view) first?.focus();
}

function filled(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.dataset.post) continue;
    if (field.type === "checkbox" && "many" in field.dataset) {
      values[field.name] ??= [];
      if (field.checked) values[field.name].push(field.value);
    } else if (field.multiple) values[field.name] = [...field.selectedOptions].map((it) => it.value);
    else if (field.type === "radio") values[field.name] = field.checked ? field.value : values[field.name] ?? "";
    else if (field.type === "datetime-local") values[field.name] = field.value ? Date.parse(field.value) / 1000 : "";
    else values[field.name] = field.value;
  }
  return values;
}

function closeModal() {
  const view = at("modal").querySelector("form")?.dataset.view;
  if (view) act("/act/close", { view }).then(() => refresh("modal"));
}

at("modal").addEventListener("cancel", (event) => {
  event.preventDefault();
  closeModal();
});
at("modal").addEventListener("close", () => opener?.isConnected && opener.focus());

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.matches("form.view")) {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    await act("/act/submit", { view: form.dataset.view, values: filled(form) });
    button.disabled = false;
    refresh("modal");
  } else if (form.dataset.submit) {
    event.preventDefault();
    if (await act(form.dataset.submit, Object.fromEntries(new FormData(form)))) refresh("dock");
  } else if (form.matches("form.say")) {
    event.preventDefault();
    send(form);
  }
});

// ------------------------------------------------------------------ the message box

const draftOf = (form) => form && `draft ${body.dataset.person} ${form.dataset.channel} ${form.dataset.thread}`;

async function send(form) {
  const box = form.elements.text, text = box.value.trim(), edited = form.dataset.edited;
  if (!text) return;
  box.value = "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  sessionStorage.removeItem(draftOf(form));
  at("alert").textContent = "";
  const { channel, thread } = form.dataset;
  const isDone = edited
    ? await act("/act/edit", { channel, ts: edited, text })
    : await act("/act/say", { channel, thread, text });
  if (isDone) stopEditing(form);
  else if (!box.value) box.value = text; // keep what was typed
  const scroller = thread ? at("answers")?.parentElement : at("scroll");
  if (isDone && !edited && scroller) scroller.scrollTop = scroller.scrollHeight;
}

function edit(button) {
  const line = button.closest(".message");
  const form = line.parentElement.parentElement.parentElement.querySelector("form.say");
  if (!form) return;
  form.dataset.edited = line.dataset.ts;
  form.querySelector(".editing").hidden = false;
  form.elements.text.value = button.dataset.edit;
  form.elements.text.focus();
  grow(form.elements.text);
}

function stopEditing(form) {
  if (!form.dataset.edited) return;
  delete form.dataset.edited;
  form.querySelector(".editing").hidden = true;
  form.elements.text.value = "";
}

function grow(box) {
  box.rows = Math.min(8, box.value.split("\n").length);
}

const offers = completing();

document.addEventListener("input", (event) => {
  const box = event.target;
  if (!box.matches("form.say textarea")) return;
  grow(box);
  offers.look(box);
  if (!box.form.dataset.edited) sessionStorage.setItem(draftOf(box.form), box.value);
});

document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (!box.matches?.("form.say textarea") || event.isComposing || offers.key(box, event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    box.form.requestSubmit();
  } else if (event.key === "Escape") stopEditing(box.form);
});

// ------------------------------------------------------------------ time

const clock = { at: Number(at("clock").dataset.at), rate: Number(at("clock").dataset.rate), heard: performance.now() };

function tick() {
  const face = at("clock");
  const now = clock.at + ((performance.now() - clock.heard) / 1000) * clock.rate;
  const zone = face.dataset.zone;
  const format = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone });
  const text = format.format(new Date(now * 1000)).replace(",", "");
  if (face.textContent !== text) face.textContent = text;
}

setInterval(() => { if (!document.hidden) tick(); }, 1000);

// ------------------------------------------------------------------ events from the box

let beats = 0, exchanges = 0; // the first beat: the box sends events to this page now

const HANDLERS = {
  beat({ at: now, rate, exchanges: count }) {
    const wasFast = clock.rate > 1;
    Object.assign(clock, { at: now, rate, heard: performance.now() });
    tick();
    if (wasFast !== rate > 1) refresh("toolbar");
    beats += 1;
    if (beats === 1) {
      refresh("sidebar", "head", "composer", "dock", "toolbar", "caption", "modal");
      catchUp();
    }
    if (body.dataset.thread) return;
    if (body.dataset.dock === "sites" && !at("dock").contains(document.activeElement)) refresh("dock");
    if (body.dataset.dock === "inspector" && (count !== exchanges || beats % 3 === 0)) refresh("dock");
    if (["oncall", "phones"].includes(body.dataset.dock) && (rate > 1 || beats % 10 === 0) && !at("dock").contains(document.activeElement)) refresh("dock");
    exchanges = count;
  },
  change({ parts, place, person, ts, thread }) {
    if (ts && place === body.dataset.place) {
      renew(ts);
      if (thread && thread !== ts) renew(thread);
    }
    for (const part of parts) {
      const [region, dock] = part.split(":");
      if (["head", "composer"].includes(region) && place !== body.dataset.place) continue;
      if (region === "modal" && person !== new URLSearchParams(query()).get("as")) continue;
      if (dock && dock !== "phones" && dock !== body.dataset.dock) continue;
      if (dock && body.dataset.thread && dock !== "phones") continue;
      refresh(region);
    }
  },
  failed({ person, text }) {
    if (person === new URLSearchParams(query()).get("as")) showAlert(text);
  },
  async story({ as, in: place, dock }) {
    refresh("caption", "toolbar");
    if (!as) return;
    const wanted = new URLSearchParams(query());
    const before = wanted.toString();
    wanted.set("as", as);
    if (place) wanted.set("in", place);
    if (dock) wanted.set("dock", dock);
    wanted.delete("thread");
    if (wanted.toString() !== before) await go(`/?${wanted}`, "replaceState");
    pane(dock ? "dock" : "chat");
  },
};

let isLost = false;

function listen() {
  const source = new EventSource("/live");
  for (const [kind, handle] of Object.entries(HANDLERS))
    source.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  source.addEventListener("open", () => {
    if (!isLost) return;
    isLost = false;
    location.reload(); // so that no change is missed
  });
  source.addEventListener("error", () => {
    isLost = true;
    showAlert("The box has stopped. This page reloads when it runs again.");
    clearTimeout(quiet);
  });
}

settleChat();
settleDock();
pane(body.dataset.pane);
if (at("modal").querySelector("form")) showModal(at("modal"), at("modal").innerHTML);
if (location.hash) reveal(location.hash.slice(1));
else if (!isNarrow.matches) at("words")?.focus();
listen();
