import type { LogLine } from "./use-log";

/** What happened, line by line; read out as it grows. */
export function LogPanel({ lines }: { readonly lines: ReadonlyArray<LogLine> }) {
  return (
    <aside className="log" aria-labelledby="log-heading">
      <h2 id="log-heading">What’s happening</h2>
      <div role="log" aria-labelledby="log-heading">
        <ol reversed>
          {lines.map((line) => (
            <li key={line.number}>
              <time dateTime={line.at.toISOString()}>{line.at.toLocaleTimeString("en-GB")}</time>
              <span>{line.text}</span>
            </li>
          ))}
        </ol>
      </div>
    </aside>
  );
}
