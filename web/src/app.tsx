import { lazy, Suspense } from "react";
import { useViewer } from "./api/viewer";
import { HomePage } from "./browse/home-page";
import { MissingPage } from "./missing-page";
import { type Route, routeOf } from "./router/route";
import { useAddress } from "./router/router";
import { Shell } from "./shell/shell";
import { SearchPage } from "./search/search-page";
import { SignInPage } from "./signin/sign-in-page";
import { TitlePage } from "./titles/title-page";
import { Notice } from "./ui/notice";
import { Curtain } from "./shell/curtain";

// The player and the studio are large and not needed to browse.
const WatchPage = lazy(() => import("./watch/watch-page"));
const StudioRoutes = lazy(() => import("./studio/studio-routes"));

export function App() {
  const { path } = useAddress();
  const { state, viewer, reload } = useViewer();
  if (state.phase === "loading") return <Curtain />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  if (viewer === null) return <SignInPage />;
  const route = routeOf(path);
  if (route.page === "watch") {
    return (
      <Suspense fallback={<Curtain />}>
        <WatchPage key={route.titleId} titleId={route.titleId} />
      </Suspense>
    );
  }
  return (
    <Shell path={path}>
      <Suspense fallback={<Curtain />}>
        <Page route={route} />
      </Suspense>
    </Shell>
  );
}

function Page({ route }: { readonly route: Exclude<Route, { page: "watch" }> }) {
  switch (route.page) {
    case "home":
      return <HomePage />;
    case "title":
      return <TitlePage key={route.titleId} titleId={route.titleId} />;
    case "search":
      return <SearchPage />;
    case "studio":
    case "studio-new":
    case "studio-title":
      return <StudioRoutes route={route} />;
    case "missing":
      return <MissingPage />;
  }
}
