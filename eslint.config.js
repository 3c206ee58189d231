// What the linter checks: the page and the package (a browser), their tests (Node) and the browser tests (both).
import js from "@eslint/js";
import globals from "globals";

const rules = {
  curly: ["error", "multi-line"],
  eqeqeq: ["error", "always"],
  "no-await-in-loop": "off",
  "no-console": "error",
  "no-implicit-coercion": "error",
  "no-shadow": "error",
  "no-throw-literal": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
  "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
};

export default [
  {
    ignores: [
      "target/",
      "www/pkg/",
      "client-wasm/dist/",
      "tests/package/.fresh/",
      "client-wasm/js/wasm/*_wasm*",
      "**/test-results/",
      "**/node_modules/",
    ],
  },
  js.configs.recommended,
  { rules, linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["www/**/*.js", "client-wasm/js/**", "client-wasm/src/tests/**"],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ["www/test/**", "client-wasm/test/**", "tests/**", "*.js"],
    languageOptions: { globals: globals.nodeBuiltin },
  },
  {
    files: [
      "tests/bench/**",
      "tests/browser/**",
      "tests/package/sight.js",
      "tests/package/react.test.js",
      "tests/package/projects/browser/**",
      "tests/package/projects/react/**",
      "tests/package/projects/react-hooks/**",
      "client-wasm/examples/**",
    ],
    languageOptions: { globals: globals.browser },
  },
  {
    // A program for the terminal: what it has to say, it says there.
    files: ["client-wasm/examples/node-bot/**"],
    languageOptions: { globals: globals.nodeBuiltin },
    rules: { "no-console": "off" },
  },
];
