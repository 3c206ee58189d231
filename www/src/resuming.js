// Runs before the page is first painted. A player without a password is signed in again after a reload, and sees that instead of
// the form. signin.js removes the mark if it fails, and route.js when the player is back. `race-name` is the key of signin.js.

try {
  if (JSON.parse(sessionStorage.getItem("race-name") ?? "null")?.protected === false) {
    document.documentElement.dataset.resuming = "";
  }
} catch {
  // Site data is blocked, so nobody is known.
}
