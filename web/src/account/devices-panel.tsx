import { useState } from "react";
import { execute } from "../api/client";
import { useViewer } from "../api/viewer";
import { RemoveDeviceDocument, SignOutEverywhereDocument } from "../gql/operations";
import { Panel } from "../studio/panel";
import { useAct } from "../studio/use-act";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { day } from "./passkey-panel";

interface Device {
  readonly id: string;
  readonly name: string;
  readonly lastSeenAt: string;
}

interface DevicesPanelProps {
  readonly devices: ReadonlyArray<Device>;
  readonly onChanged: () => void;
}

/** Where the account is signed in, and the way to end it there. */
export function DevicesPanel({ devices, onChanged }: DevicesPanelProps) {
  const { busy, refused, act } = useAct();
  const { reload } = useViewer();
  const [alone, setAlone] = useState(false);
  const remove = async (deviceId: string) => {
    const done = await act(async () => (await execute(RemoveDeviceDocument, { input: { deviceId } })).removeDevice);
    if (!done) return;
    onChanged();
    // It may have been this one.
    reload();
  };
  const leaveOthers = async () => {
    const input = { keepThis: true };
    const done = await act(async () => (await execute(SignOutEverywhereDocument, { input })).signOutEverywhere);
    if (!done) return;
    setAlone(true);
    onChanged();
  };
  return (
    <Panel heading="Devices">
      <InlineProblem explanation={refused} />
      <ul className="account-list">
        {devices.map((device) => (
          <li key={device.id}>
            <span>
              <strong>{device.name}</strong>
              <span className="account-when">signed in {day(device.lastSeenAt)}</span>
            </span>
            <Button look="plain" disabled={busy} aria-label={`Sign out ${device.name}`} onClick={() => void remove(device.id)}>
              Sign out
            </Button>
          </li>
        ))}
      </ul>
      {devices.length > 1 && (
        <div className="form-actions">
          <Button busy={busy} onClick={() => void leaveOthers()}>
            Sign out everywhere else
          </Button>
          <span role="status">{alone && "You are signed in here only."}</span>
        </div>
      )}
    </Panel>
  );
}
