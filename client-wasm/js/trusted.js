// The package's texts for a page that demands Trusted Types. All are its own; nothing in them comes from anybody else.

/** The name of the policy, for the page's `trusted-types`. */
const NAME = "mp-server-client";
const RULES = {
  createHTML: (/** @type {string} */ text) => text,
  createScriptURL: (/** @type {string} */ address) => address,
};
/** @type {typeof RULES | undefined} */
let policy;

/** The rules by which the page lets this package write. They are made when they are first used. */
export function trusted() {
  policy ??= made();
  return policy;
}

/** @returns {typeof RULES} */
function made() {
  try {
    return /** @type {any} */ (globalThis).trustedTypes?.createPolicy(NAME, RULES) ?? RULES;
  } catch {
    // The page has a list of policies without this one. If it demands them as well, the browser says so where one is used.
    return RULES;
  }
}
