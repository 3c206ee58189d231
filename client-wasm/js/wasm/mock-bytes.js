/** The wasm module in base64; `cargo xtask package` puts it here. @type {string} */
export const base64 = "";
