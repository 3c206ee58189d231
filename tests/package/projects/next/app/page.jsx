"use client";

// The server renders it too, and so imports the package.
import { useEffect } from "react";

import { run } from "../race.js";

export default function Page() {
  useEffect(() => run(), []);
  return <p>A race</p>;
}
