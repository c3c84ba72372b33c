import "./curtain.css";

/** Shown for the moment before there is anything else. */
export function Curtain() {
  return (
    <div className="curtain" role="status">
      <span className="visually-hidden">Loading</span>
      <span className="curtain-bulb" />
      <span className="curtain-bulb" />
      <span className="curtain-bulb" />
    </div>
  );
}
