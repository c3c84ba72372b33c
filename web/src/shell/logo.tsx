import "./logo.css";

/** The name in lights. */
export function Logo() {
  return (
    <span className="logo">
      <span className="logo-word">Marquee</span>
    </span>
  );
}
