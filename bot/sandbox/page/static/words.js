// Completion in the message box: / for commands, @ for people, # for channels, : for emoji.

const MOST = 8;
const BEGUN = /(?:^|\s)([@#:][\w.+-]*)$/;

/** Show one list of completions at a time, below its message box. */
export function completing() {
  let words = null, shown = [], chosen = 0, from = 0;

  const listOf = (box) => document.getElementById(box.getAttribute("aria-controls"));

  async function look(box) {
    const typed = box.value.slice(0, box.selectionStart);
    const begun = /^\/[\w-]*$/.test(typed) ? typed : BEGUN.exec(typed)?.[1];
    if (typed.startsWith("/") && !begun) return usage(box, typed);
    if (!begun || begun === ":" ) return close(box);
    words = await (await fetch("/words")).json();
    if (box.value.slice(0, box.selectionStart) !== typed) return;
    from = typed.length - begun.length;
    const wanted = begun.toLowerCase();
    shown = words[begun[0]].filter((it) => it.value.toLowerCase().startsWith(wanted)
      || (begun[0] === "@" && it.about.toLowerCase().includes(wanted.slice(1)))).slice(0, MOST);
    chosen = 0;
    if (shown.length === 1 && shown[0].value === begun && begun[0] !== "/") return close(box);
    draw(box);
  }

  /** Show the usage of a complete command, as Slack does. */
  function usage(box, typed) {
    const command = words?.["/"].find((it) => typed.startsWith(`${it.value} `));
    shown = [];
    const list = listOf(box);
    list.replaceChildren();
    list.hidden = !command?.usage;
    if (command?.usage) list.append(row({ value: command.value, usage: command.usage, about: command.about }, "hint"));
  }

  function draw(box) {
    const list = listOf(box);
    list.replaceChildren(...shown.map((it, n) => {
      const item = row(it, "");
      item.id = `${list.id}-${n}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", n === chosen);
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        chosen = n;
        take(box);
      });
      return item;
    }));
    list.hidden = !shown.length;
    if (shown.length) box.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function row({ value, usage: how, about }, kind) {
    const item = document.createElement("li");
    item.className = kind;
    for (const [tag, text] of [["b", value], ["code", how], ["small", about]]) {
      if (!text) continue;
      const part = document.createElement(tag);
      part.textContent = text;
      item.append(part, " ");
    }
    return item;
  }

  function take(box) {
    const end = box.selectionStart;
    const value = `${shown[chosen].value} `;
    box.setRangeText(value, from, end, "end");
    close(box);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function close(box) {
    shown = [];
    draw(box);
  }

  /** Whether the completions used this key. */
  function key(box, event) {
    if (!shown.length) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      chosen = (chosen + step + shown.length) % shown.length;
      draw(box);
    } else if (event.key === "Tab" && !event.shiftKey) take(box);
    else if (event.key === "Enter" && box.value.slice(from, box.selectionStart) !== shown[chosen].value) take(box);
    else {
      if (event.key === "Escape" || event.key === "Enter") close(box);
      return event.key === "Escape" && !!event.preventDefault();
    }
    event.preventDefault();
    return true;
  }

  return { look, key };
}
