// The Trusted Types policy for the package's own HTML and script addresses. No text from outside goes through it.

/** The name of the policy, for the page's `trusted-types`. */
const NAME = "mp-server-client";
const RULES = {
  createHTML: (/** @type {string} */ text) => text,
  createScriptURL: (/** @type {string} */ address) => address,
};
/** @type {typeof RULES | undefined} */
let policy;

/** The policy, or plain functions where there is none. Made on first use. */
export function trusted() {
  policy ??= made();
  return policy;
}

/** @returns {typeof RULES} */
function made() {
  try {
    return /** @type {any} */ (globalThis).trustedTypes?.createPolicy(NAME, RULES) ?? RULES;
  } catch {
    // The page's list of policies lacks this one. If the page enforces Trusted Types, the browser reports it at the first use.
    return RULES;
  }
}
