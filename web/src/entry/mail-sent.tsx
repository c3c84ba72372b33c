import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { EntryFrame } from "./entry-frame";

/** Says where to look next. It says the same whether or not the address is known. */
export function MailSent({ email, advice }: { readonly email: string; readonly advice: string }) {
  return (
    <EntryFrame title="Look into your mail">
      <p role="status">
        We have written to <strong>{email}</strong>. {advice}
      </p>
      <p className="entry-ways">
        <Link to={pathTo.home}>Back to signing in</Link>
      </p>
    </EntryFrame>
  );
}
