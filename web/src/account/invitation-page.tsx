import { useState } from "react";
import { execute } from "../api/client";
import { useViewer } from "../api/viewer";
import { AcceptInvitationDocument } from "../gql/operations";
import { pathTo } from "../router/route";
import { useDocumentTitle } from "../router/router";
import { useAct } from "../studio/use-act";
import { Button, ButtonLink } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import "../studio/fields.css";
import "./account.css";

/** Takes the role that somebody was invited to by mail. */
export default function InvitationPage({ token }: { readonly token: string }) {
  useDocumentTitle("Invitation");
  const { viewer, reload } = useViewer();
  const { busy, refused, act } = useAct();
  const [isAccepted, setAccepted] = useState(false);
  const accept = async () => {
    const done = await act(async () => (await execute(AcceptInvitationDocument, { input: { token } })).acceptInvitation);
    if (!done) return;
    setAccepted(true);
    reload();
  };
  return (
    <div className="account-page activate">
      <h1>You are invited to the staff</h1>
      <InlineProblem explanation={refused} />
      {isAccepted ? (
        <>
          <p role="status">Welcome. Your role counts once you sign in with a second factor.</p>
          <ButtonLink to={pathTo.account} look="bulb">
            To your account
          </ButtonLink>
        </>
      ) : (
        <>
          <p className="panel-text">You accept as {viewer?.displayName}. The invitation has to be for this account’s address.</p>
          <div className="form-actions">
            <Button look="bulb" busy={busy} onClick={() => void accept()}>
              Accept
            </Button>
          </div>
        </>
      )}
    </div>
  );
}
