// Copies an address, and says for a moment that it did.

const SAID_MS = 2500;

/**
 * @param {string} text
 * @param {string} usual  what the button reads before and after
 * @param {(words: string) => void} say  what it is to read
 */
export async function copyText(text, usual, say) {
  try {
    await navigator.clipboard.writeText(text);
    say("Link copied");
  } catch {
    // Not allowed, or no secure context: then by hand.
    window.prompt("Copy this link:", text);
    return;
  }
  setTimeout(() => say(usual), SAID_MS);
}
