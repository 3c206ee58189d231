// The colours of the cars, and of what they drive on. The sign-in form needs them too, so they are a file of their own.

/**
 * Bodies that keep apart for colour-blind eyes (they differ in lightness too) and stand out at 3:1 or more from
 * the asphalt. Ink is what is legible on the body.
 */
export const BODIES = /** @type {const} */ ([
  { body: "#ffd23f", ink: "#14161a" },
  { body: "#4fb3ff", ink: "#14161a" },
  { body: "#ff7a59", ink: "#14161a" },
  { body: "#f4f6f8", ink: "#14161a" },
  { body: "#35d49a", ink: "#14161a" },
  { body: "#f490c8", ink: "#14161a" },
  { body: "#b7a6ff", ink: "#14161a" },
  { body: "#ffab2e", ink: "#14161a" },
  { body: "#9be7ff", ink: "#14161a" },
  { body: "#c3e04c", ink: "#14161a" },
]);
export const ASPHALT = "#34373d";
