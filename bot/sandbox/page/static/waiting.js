// Shown while the bot starts: opens the workspace once the bot is ready.

new EventSource("/live").addEventListener("beat", (event) => {
  if (JSON.parse(event.data).ready) location.reload();
});
