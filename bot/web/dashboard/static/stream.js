// Hear from the server what is new, and say so while this page is not live.

const RETRY = 5_000, PATIENCE = 2_000;

/**
 * Watch an address while the page is seen. `address()` returns it with the mark of what the page shows; `hear` gets each
 * event's name, mark and HTML. It is called with "gone" when there is nothing to see any more.
 */
export function watch(address, hear) {
  const notice = document.getElementById("not-live");
  let source = null, quiet = 0, later = 0, isOver = false, heard = Date.now();

  function lively() {
    heard = Date.now();
    clearTimeout(quiet);
    quiet = 0;
    document.documentElement.dataset.isLive = "yes";
    if (notice) notice.hidden = true;
  }

  function silent() {
    if (quiet) return;
    quiet = setTimeout(() => {
      document.documentElement.dataset.isLive = "no";
      if (!notice) return;
      const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      notice.textContent = `Not live since ${at}: Spy does not answer. It tries again by itself.`;
      notice.hidden = false;
    }, PATIENCE);
  }

  /** There is nothing to see any more: not for this reader, or nobody is signed in here. */
  async function over() {
    isOver = true;
    close();
    clearTimeout(quiet);
    delete document.documentElement.dataset.isLive;
    hear("gone", "", "");
    if (await status() === 401) location.reload();
  }

  /** What the server answers for this page; 0 if it does not. */
  async function status() {
    try {
      return (await fetch(location.href, { method: "HEAD", headers: { Accept: "text/html" } })).status;
    } catch {
      return 0;
    }
  }

  function close() {
    clearTimeout(later);
    source?.close();
    source = null;
  }

  /** The server refused the stream. Look whether the page itself may still be seen. */
  async function refused() {
    close();
    silent();
    if ([401, 404].includes(await status())) return over();
    later = setTimeout(open, RETRY);
  }

  function open() {
    if (source || isOver || document.hidden) return;
    source = new EventSource(address());
    source.onopen = lively;
    source.addEventListener("ping", lively);
    source.onerror = () => (source?.readyState === EventSource.CLOSED ? refused() : silent());
    for (const name of ["change", "reload", "gone"]) {
      source.addEventListener(name, event => {
        lively();
        if (name === "gone") return over();
        hear(name, event.lastEventId, JSON.parse(event.data).html);
      });
    }
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
  return { renew() { close(); open(); }, get heard() { return heard; } };
}
