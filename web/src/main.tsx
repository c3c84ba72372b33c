import "@fontsource-variable/bricolage-grotesque/wdth.css";
import "@fontsource-variable/figtree";
import "./design/tokens.css";
import "./design/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ViewerProvider } from "./api/viewer";
import { App } from "./app";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has a #root.");
createRoot(root).render(
  <StrictMode>
    <ViewerProvider>
      <App />
    </ViewerProvider>
  </StrictMode>,
);
