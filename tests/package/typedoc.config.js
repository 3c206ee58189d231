// The reference of the package, made from its scripts: a type that a module passes on from another is described there too.
import { OptionDefaults } from "typedoc";

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "mp-server-client",
  entryPoints: ["index", "inline", "viewer", "debug", "explain", "map", "mock", "react", "worker"].map(
    (entry) => `../../client-wasm/js/${entry}.js`,
  ),
  tsconfig: "./tsconfig.docs.json",
  readme: "../../client-wasm/README.md",
  blockTags: [...OptionDefaults.blockTags, "@implements"],
  excludePrivate: true,
  skipErrorChecking: false,
  disableSources: true,
  githubPages: false,
  validation: { notExported: false, invalidLink: true },
};
