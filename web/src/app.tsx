import { lazy, Suspense } from "react";
import { useViewer } from "./api/viewer";
import { HomePage } from "./browse/home-page";
import { MissingPage } from "./missing-page";
import { isEntry, type Route, routeOf } from "./router/route";
import { useAddress } from "./router/router";
import { Shell } from "./shell/shell";
import { SearchPage } from "./search/search-page";
import { EntryPage } from "./entry/entry-page";
import { onwardTo } from "./entry/onward";
import { TitlePage } from "./titles/title-page";
import { Notice } from "./ui/notice";
import { Curtain } from "./shell/curtain";

// The player, the studio and the account are large and not needed to browse.
const WatchPage = lazy(() => import("./watch/watch-page"));
const AccountPage = lazy(() => import("./account/account-page"));
const ActivatePage = lazy(() => import("./account/activate-page"));
const InvitationPage = lazy(() => import("./account/invitation-page"));
const ProfilesPage = lazy(() => import("./profiles/profiles-page"));
const DeskPage = lazy(() => import("./desk/desk-page"));
const OverlayPage = lazy(() => import("./live/overlay-page"));
const StudioRoutes = lazy(() => import("./studio/studio-routes"));

export function App() {
  const { path, query } = useAddress();
  const { state, viewer, reload } = useViewer();
  // It is for software that signs nobody in.
  if (routeOf(path).page === "overlay") {
    return (
      <Suspense>
        <OverlayPage />
      </Suspense>
    );
  }
  if (state.phase === "loading") return <Curtain />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  const route = routeOf(path);
  if (route.page === "overlay") return null;
  // An app may want somebody who is in to prove it again.
  const provesAgain = route.page === "sign-in" && onwardTo(query) !== undefined;
  if (isEntry(route.page) && (viewer === null || route.page === "verify" || route.page === "reset" || provesAgain)) {
    return <EntryPage entry={route.page} query={query} />;
  }
  if (viewer === null) return <EntryPage entry="sign-in" query={query} />;
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
        <Page route={route} query={query} />
      </Suspense>
    </Shell>
  );
}

interface PageProps {
  readonly route: Exclude<Route, { page: "watch" | "overlay" }>;
  readonly query: URLSearchParams;
}

function Page({ route, query }: PageProps) {
  switch (route.page) {
    case "home":
      return <HomePage />;
    case "title":
      return <TitlePage key={route.titleId} titleId={route.titleId} />;
    case "search":
      return <SearchPage />;
    case "desk":
      return <DeskPage key={route.streamId} streamId={route.streamId} />;
    case "account":
      return <AccountPage />;
    case "invitation":
      return <InvitationPage token={query.get("token") ?? ""} />;
    case "profiles":
      return <ProfilesPage />;
    case "activate":
      return <ActivatePage given={query.get("user_code") ?? ""} />;
    case "studio":
    case "studio-new":
    case "studio-title":
      return <StudioRoutes route={route} />;
    case "sign-in":
    case "sign-up":
    case "forgot":
    case "verify":
    case "reset":
      // Whoever is in already has nothing to do there.
      return <HomePage />;
    case "missing":
      return <MissingPage />;
  }
}
