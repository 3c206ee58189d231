import path from "node:path";

export default {
  devIndicators: false,
  // In strict mode the development server would begin two races.
  reactStrictMode: false,
  // The tools lie beside the project's folder, and their settings at the top of the repository.
  turbopack: { root: path.join(import.meta.dirname, "../../../..") },
};
