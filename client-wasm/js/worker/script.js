/** The worker's script as text; `cargo xtask package` puts it here. @type {string} */
export const script = "";
