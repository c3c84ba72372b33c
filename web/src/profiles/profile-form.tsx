import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { type Avatar, CreateProfileDocument, RemoveProfileDocument, UpdateProfileDocument } from "../gql/operations";
import { Field, Select, TextInput } from "../studio/fields";
import { languageOptions } from "../studio/languages";
import { languageName } from "../ui/wording";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { avatarChoices } from "./avatars";
import type { Profile } from "./profiles-page";
import { usePinned } from "./use-pinned";

interface ProfileFormProps {
  readonly profile: Profile | null;
  readonly isOnly: boolean;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

const ages = [0, 6, 12, 16, 18].map((age) => ({ value: String(age), label: age === 0 ? "Everything for all ages" : `Up to age ${age}` }));

/** Makes a profile, changes one, or takes it away. */
export function ProfileForm({ profile, isOnly, onDone, onCancel }: ProfileFormProps) {
  const { busy, refused, question, run } = usePinned();
  const [name, setName] = useState(profile?.name ?? "");
  const [avatar, setAvatar] = useState<Avatar>(profile?.avatar ?? "FOX");
  const [language, setLanguage] = useState(profile?.language ?? "en");
  const [age, setAge] = useState(String(profile?.maturityLimit ?? 18));
  const [isKids, setKids] = useState(profile?.isKids ?? false);
  const [autoplay, setAutoplay] = useState(profile?.autoplay ?? true);
  const [newPin, setNewPin] = useState("");
  const [removePin, setRemovePin] = useState(false);

  const save = (event: FormEvent) => {
    event.preventDefault();
    const chosen = { name, avatar, language, isKids, autoplay, newPin: newPin === "" ? null : newPin };
    // A kids profile has the limit of kids.
    const limit = isKids ? null : Number(age);
    run(async (pin) => {
      const given = { ...chosen, maturityLimit: limit, pin: pin ?? null };
      if (!profile) return (await execute(CreateProfileDocument, { input: given })).createProfile;
      const input = { ...given, profileId: profile.id, expectedVersion: profile.version, removePin };
      return (await execute(UpdateProfileDocument, { input })).updateProfile;
    }, onDone);
  };
  const remove = (gone: Profile) =>
    run(async (pin) => {
      const input = { profileId: gone.id, expectedVersion: gone.version, pin: pin ?? null };
      return (await execute(RemoveProfileDocument, { input })).removeProfile;
    }, onDone);

  if (question) return question;
  return (
    <form className="form" onSubmit={save}>
      <h1>{profile ? `Change ${profile.name}` : "New profile"}</h1>
      <InlineProblem explanation={refused} />
      <Field label="Name">
        <TextInput required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <div className="form-pair">
        <Field label="Picture">
          <Select options={avatarChoices} value={avatar} onChange={(event) => setAvatar(event.target.value as Avatar)} />
        </Field>
        <Field label="Language">
          <Select options={languages(profile?.language)} value={language} onChange={(event) => setLanguage(event.target.value)} />
        </Field>
      </div>
      <Check label="For children: nothing above age 12" checked={isKids} onChange={setKids} />
      {!isKids && (
        <Field label="May watch">
          <Select options={ages} value={age} onChange={(event) => setAge(event.target.value)} />
        </Field>
      )}
      <Check label="Play the next episode by itself" checked={autoplay} onChange={setAutoplay} />
      <Field label={profile?.hasPin ? "New PIN" : "PIN"} hint={isKids && !profile?.hasPin ? "Four to eight digits. It is asked for when a child wants to leave." : "Four to eight digits. Leave it empty to keep things as they are."}>
        <TextInput type="password" inputMode="numeric" pattern="[0-9]{4,8}" autoComplete="off" value={newPin} onChange={(event) => setNewPin(event.target.value)} />
      </Field>
      {profile?.hasPin && <Check label="Take the PIN away" checked={removePin} onChange={setRemovePin} />}
      <div className="form-actions">
        <Button look="bulb" type="submit" busy={busy}>
          Save
        </Button>
        <Button look="plain" onClick={onCancel}>
          Cancel
        </Button>
        {profile && !isOnly && (
          <Button look="danger" disabled={busy} onClick={() => remove(profile)}>
            Remove
          </Button>
        )}
      </div>
    </form>
  );
}

/** The languages on offer, and the one that the profile has, which may be a finer one. */
function languages(own: string | undefined): ReadonlyArray<{ readonly value: string; readonly label: string }> {
  const offered = languageOptions().map(({ tag, name }) => ({ value: tag, label: name }));
  if (own === undefined || offered.some((one) => one.value === own)) return offered;
  return [{ value: own, label: languageName(own) }, ...offered];
}

interface CheckProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} /> {label}
    </label>
  );
}
