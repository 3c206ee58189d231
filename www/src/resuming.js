// Runs before the page is first painted, while the other scripts are loading. A player without a password is signed in again after a reload, and sees that instead of
// the form. signin.js removes the mark if it fails, and route.js when the player is back. `race-name` is the key of signin.js.

try {
  if (JSON.parse(sessionStorage.getItem("race-name") ?? "null")?.protected === false) {
    document.documentElement.dataset.resuming = "";
  }
} catch {
  // Site data is blocked, so nobody is known.
}

// Until signin.js is there, the form is answered here: the button waits, and signin.js sends the form again.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  document.documentElement.dataset.pressed = "";
  event.submitter?.classList.add("waiting");
});
