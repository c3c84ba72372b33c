import { useQuery } from "../api/use-query";
import { useViewer } from "../api/viewer";
import { AccountDocument } from "../gql/operations";
import { pathTo } from "../router/route";
import { go, useDocumentTitle } from "../router/router";
import { Button } from "../ui/button";
import { Notice } from "../ui/notice";
import { AppPanel } from "./app-panel";
import { DeletionPanel, ExportPanel } from "./data-panel";
import { DetailsPanel } from "./details-panel";
import { DevicesPanel } from "./devices-panel";
import { EmailPanel } from "./email-panel";
import { PasskeyPanel } from "./passkey-panel";
import { PasswordPanel } from "./password-panel";
import { RecoveryPanel } from "./recovery-panel";
import "../studio/studio.css";
import "../studio/fields.css";
import "./account.css";

/** Everything that somebody proves themselves with, and where they are signed in. */
export default function AccountPage() {
  useDocumentTitle("Your account");
  const [state, reload] = useQuery(AccountDocument, {});
  if (state.phase === "loading") return <div className="account-page" aria-busy="true" />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  const { viewer } = state.data;
  if (!viewer) return null;
  const { credentials } = viewer;
  const mustEnrol = viewer.needsSecondFactor || new URLSearchParams(location.search).has("enrol");
  return (
    <div className="account-page">
      <h1>Your account</h1>
      {mustEnrol ? (
        <EnrolNotice done={credentials.hasSecondFactor} />
      ) : (
        credentials.hasSecondFactor || (
          <p className="account-hint">Add a passkey or an authenticator app: a password alone can be guessed or stolen.</p>
        )
      )}
      <div className="account-panels">
        <DetailsPanel account={viewer} onChanged={reload} />
        <PasskeyPanel passkeys={credentials.passkeys} onChanged={reload} />
        <AppPanel since={credentials.totpSince ?? null} label={viewer.displayName} onChanged={reload} />
        {credentials.hasSecondFactor && <RecoveryPanel left={credentials.recoveryCodesLeft} onChanged={reload} />}
        <PasswordPanel hasPassword={credentials.hasPassword} onChanged={reload} />
        <EmailPanel />
        <DevicesPanel devices={viewer.devices} onChanged={reload} />
        <ExportPanel exports={viewer.exports} onChanged={reload} />
        <DeletionPanel />
      </div>
    </div>
  );
}

/** What staff is told who signed in by the password alone: their roles wait for a second factor. */
function EnrolNotice({ done }: { readonly done: boolean }) {
  const { entered } = useViewer();
  const goOn = () => {
    go(pathTo.home, { replace: true });
    entered();
  };
  if (!done) {
    return (
      <p className="account-hint" role="alert">
        Your work here needs a second factor. Add a passkey or an authenticator app; until then you can only watch.
      </p>
    );
  }
  return (
    <div className="account-hint" role="status">
      <p>That is all: from now on you sign in with it. Keep the recovery codes below before you go on.</p>
      <Button look="bulb" onClick={goOn}>
        Go on
      </Button>
    </div>
  );
}
