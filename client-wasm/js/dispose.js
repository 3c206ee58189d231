/// <reference lib="esnext.disposable" preserve="true" />
// The symbols of `using`. Older engines have none, and then nobody who would use them.

/** @type {typeof Symbol.dispose} */
export const DISPOSE = Symbol.dispose ?? Symbol("dispose");
/** @type {typeof Symbol.asyncDispose} */
export const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol("asyncDispose");
