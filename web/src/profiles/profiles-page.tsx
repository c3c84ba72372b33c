import { type CSSProperties, useState } from "react";
import { execute } from "../api/client";
import { useQuery } from "../api/use-query";
import { useViewer } from "../api/viewer";
import { ChooseProfileDocument, ProfilesDocument, type ProfilesQuery } from "../gql/operations";
import { pathTo } from "../router/route";
import { go, useDocumentTitle } from "../router/router";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { InlineProblem, Notice } from "../ui/notice";
import { avatars } from "./avatars";
import { ProfileForm } from "./profile-form";
import { usePinned } from "./use-pinned";
import "../studio/fields.css";
import "../account/account.css";
import "./profiles.css";

export type Profile = NonNullable<ProfilesQuery["viewer"]>["profiles"][number];

/** Who is watching: chooses a profile, or changes them. */
export default function ProfilesPage() {
  useDocumentTitle("Who is watching?");
  const { entered } = useViewer();
  const [state, reload] = useQuery(ProfilesDocument, {});
  const [isManaging, setManaging] = useState(false);
  const [editing, setEditing] = useState<Profile | "new">();
  const { busy, refused, question, run } = usePinned();
  if (state.phase === "loading") return <div className="profiles-page" aria-busy="true" />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  const { viewer } = state.data;
  if (!viewer) return null;

  const choose = (profileId: string) =>
    run(
      async (pin) => (await execute(ChooseProfileDocument, { input: { profileId, pin: pin ?? null } })).chooseProfile,
      () => {
        // What was kept belongs to another profile now.
        entered();
        go(pathTo.home);
      },
    );
  if (editing) {
    const close = () => {
      setEditing(undefined);
      reload();
      entered();
    };
    return (
      <div className="profiles-page">
        <ProfileForm profile={editing === "new" ? null : editing} isOnly={viewer.profiles.length === 1} onDone={close} onCancel={() => setEditing(undefined)} />
      </div>
    );
  }
  return (
    <div className="profiles-page">
      <h1>Who is watching?</h1>
      {question ?? (
        <>
          <InlineProblem explanation={refused} />
          <ul className="profiles">
            {viewer.profiles.map((profile) => (
              <li key={profile.id}>
                <button
                  type="button"
                  className="profile"
                  disabled={busy}
                  aria-current={profile.id === viewer.profile.id}
                  aria-label={isManaging ? `Change ${profile.name}` : profile.name}
                  onClick={() => (isManaging ? setEditing(profile) : choose(profile.id))}
                >
                  <span className="profile-picture" style={{ "--hue": avatars[profile.avatar].hue } as CSSProperties} aria-hidden="true">
                    <svg viewBox="0 0 24 24" focusable="false">
                      <path d={avatars[profile.avatar].path} />
                    </svg>
                  </span>
                  <span className="profile-name">{profile.name}</span>
                  <span className="profile-marks">
                    {profile.isKids && "Kids"}
                    {profile.hasPin && " PIN"}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <div className="form-actions">
            <Button onClick={() => setManaging(!isManaging)}>{isManaging ? "Done" : "Manage profiles"}</Button>
            {isManaging && (
              <Button icon="plus" onClick={() => setEditing("new")}>
                New profile
              </Button>
            )}
          </div>
          {isManaging && (
            <p className="account-hint">
              <Icon name="info" size={18} /> Choose a profile to change it.
            </p>
          )}
        </>
      )}
    </div>
  );
}
