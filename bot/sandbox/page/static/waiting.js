// Shown while the bot starts: opens the workspace once the bot is ready.

const source = new EventSource("/live");

source.addEventListener("beat", (event) => {
  if (JSON.parse(event.data).ready) location.reload();
});
source.addEventListener("error", () => {
  document.querySelector("[role=status]").textContent = "Spy has stopped. The terminal says why.";
});
