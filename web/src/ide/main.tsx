import "graphiql/style.css";
import "graphiql/setup-workers/vite";
import "./workbench.css";
import { createRoot } from "react-dom/client";
import { Workbench } from "./workbench";

const root = document.getElementById("workbench");
if (root === null) throw new Error("ide.html has a #workbench.");
createRoot(root).render(<Workbench />);
