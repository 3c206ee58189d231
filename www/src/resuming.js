// Runs before the page is first painted: whoever reloads is signed in again, and sees that instead of the form. signin.js removes
// the mark where that fails, and route.js when the player is back in the room.

if (JSON.parse(sessionStorage.getItem("race-name") ?? "null")?.protected === false) {
  document.documentElement.dataset.resuming = "";
}
