import type { Entry } from "../router/route";
import { ForgotPage } from "./forgot-page";
import { ResetPage } from "./reset-page";
import { SignInPage } from "./sign-in-page";
import { SignUpPage } from "./sign-up-page";
import { VerifyPage } from "./verify-page";

/** The page that somebody sees who is not in yet, or follows a link of a mail. */
export function EntryPage({ entry, query }: { readonly entry: Entry; readonly query: URLSearchParams }) {
  const token = query.get("token") ?? "";
  switch (entry) {
    case "sign-in":
      return <SignInPage problem={query.get("problem")} />;
    case "sign-up":
      return <SignUpPage />;
    case "verify":
      return <VerifyPage key={token} token={token} />;
    case "forgot":
      return <ForgotPage />;
    case "reset":
      return <ResetPage key={token} token={token} />;
  }
}
