// The package's site: the README, the guides, and the reference, which is made from the scripts. A type that a module passes on
// from another is described there too.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { OptionDefaults, RendererEvent } from "typedoc";

const PACKAGE = fileURLToPath(new URL("../../client-wasm", import.meta.url));
const ENTRIES = [
  "index",
  "inline",
  "map",
  "viewer",
  "react",
  "worker",
  "mock",
  "explain",
  "telemetry",
  "debug",
];
const GUIDES = ["first-race", "your-own-game", "spectators", "testing", "errors", "bundlers"];

/**
 * Put what programs read beside the pages: the package's `llms.txt`, and the Markdown that it names. In the package it names
 * declarations; here it names their pages.
 * @param {import("typedoc").Application} app
 */
function plainTexts({ renderer }) {
  renderer.on(RendererEvent.END, ({ outputDirectory, project }) => {
    const pages = new Map(
      project.children?.map((module) => [module.name, renderer.router?.getFullUrl(module)]),
    );
    const text = readFileSync(path.join(PACKAGE, "llms.txt"), "utf8");
    const linked = text.replaceAll(
      /\[(.+)\]\(\w+\.d\.ts\)/g,
      (_, entry) => `[${entry}](${pages.get(entry)})`,
    );
    writeFileSync(path.join(outputDirectory, "llms.txt"), linked);
    for (const name of ["README.md", "guides"]) {
      cpSync(path.join(PACKAGE, name), path.join(outputDirectory, name), { recursive: true });
    }
  });
}

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "mp-server-client",
  entryPoints: ENTRIES.map((entry) => `../../client-wasm/js/${entry}.js`),
  projectDocuments: GUIDES.map((guide) => `../../client-wasm/guides/${guide}.md`),
  plugin: [plainTexts],
  tsconfig: "./tsconfig.docs.json",
  readme: "../../client-wasm/README.md",
  blockTags: [...OptionDefaults.blockTags, "@implements"],
  highlightLanguages: [...OptionDefaults.highlightLanguages, "jsx"],
  excludePrivate: true,
  skipErrorChecking: false,
  sortEntryPoints: false,
  navigation: { includeFolders: false },
  headings: { readme: false },
  customCss: "./docs.css",
  searchInDocuments: true,
  disableSources: true,
  githubPages: false,
  validation: { notExported: false, invalidLink: true, invalidPath: true },
  treatValidationWarningsAsErrors: true,
};
