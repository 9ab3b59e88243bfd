// Keep the overview fresh: when the server says that something changed, load the page again and exchange what is live.

import { watch } from "./stream.js";

const live = document.querySelector("[data-live]");
const SLOW = 30_000;
let isLoading = false, isStale = false, last = 0, shown = "";

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
  document.dispatchEvent(new Event("spy:tick"));
  if (focused) live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

if (live) {
  watch(() => live.dataset.live, refresh);
  setInterval(() => { if (Date.now() - last > SLOW && !document.hidden) refresh(); }, 5_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}
