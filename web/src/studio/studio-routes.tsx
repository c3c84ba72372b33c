import { useViewer } from "../api/viewer";
import type { Route } from "../router/route";
import { Notice } from "../ui/notice";
import { NewTitlePage } from "./new-title-page";
import { StudioPage } from "./studio-page";
import { TitleEditorPage } from "./title-editor-page";
import "./studio.css";

type StudioRoute = Extract<Route, { page: "studio" | "studio-new" | "studio-title" }>;

/** The editors' side of the house. The API refuses everyone else; the page says so early. */
export default function StudioRoutes({ route }: { readonly route: StudioRoute }) {
  const { isEditor } = useViewer();
  if (!isEditor) {
    const explanation = { title: "Editors only", advice: "Sign out and come back with the editor’s ticket." };
    return <Notice explanation={explanation} />;
  }
  switch (route.page) {
    case "studio":
      return <StudioPage />;
    case "studio-new":
      return <NewTitlePage />;
    case "studio-title":
      return <TitleEditorPage key={route.titleId} titleId={route.titleId} />;
  }
}
