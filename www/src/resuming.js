// Runs before the page is first painted, while the other scripts are loading. A player without a password, or with an account that is signed in, is signed in again,
// and sees that instead of the form. signin.js removes the mark if it fails, and route.js when the player is back. The keys are those of signin.js.

try {
  const { protected: isProtected, account } = JSON.parse(sessionStorage.getItem("race-name") ?? "null") ?? {};
  const base = new URL(".", document.baseURI);
  const [query] = /[?&]server=[^&]+/.exec(location.search) ?? [""];
  if (
    isProtected === false ||
    account ||
    localStorage.getItem(`race-account ${base}${query.replace("&", "?")}`)
  ) {
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
