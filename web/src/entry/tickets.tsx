import { useState } from "react";
import { type Explanation, explainError } from "../api/problems";
import type { Persona } from "../api/session";
import { useViewer } from "../api/viewer";
import { InlineProblem } from "../ui/notice";
import { goOnward } from "./onward";
import { type PersonaTicket, personas } from "./personas";

/** Admits a demo viewer: one ticket each. */
export function Tickets() {
  const { signIn } = useViewer();
  const [entering, setEntering] = useState<Persona>();
  const [refused, setRefused] = useState<Explanation>();

  const enter = async (persona: Persona) => {
    setEntering(persona);
    setRefused(undefined);
    try {
      await signIn(persona);
      goOnward();
    } catch (error) {
      setRefused(explainError(error));
      setEntering(undefined);
    }
  };
  return (
    <section className="signin-tickets" aria-labelledby="tickets">
      <h2 id="tickets">Or pick a ticket</h2>
      <p className="signin-hint">This is a demo house. Each ticket signs you in as someone else.</p>
      <InlineProblem explanation={refused} />
      <ul className="tickets">
        {personas.map((ticket) => (
          <li key={ticket.persona}>
            <Ticket ticket={ticket} busy={entering !== undefined} chosen={entering === ticket.persona} onEnter={enter} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface TicketProps {
  readonly ticket: PersonaTicket;
  readonly busy: boolean;
  readonly chosen: boolean;
  readonly onEnter: (persona: Persona) => void;
}

function Ticket({ ticket, busy, chosen, onEnter }: TicketProps) {
  return (
    <button
      type="button"
      className="ticket"
      disabled={busy}
      aria-busy={chosen}
      data-persona={ticket.persona}
      onClick={() => onEnter(ticket.persona)}
    >
      <span className="ticket-body">
        <span className="ticket-name">{ticket.name}</span>
        <span className="ticket-about">{ticket.about}</span>
      </span>
      <span className="ticket-stub">{chosen ? "Entering" : ticket.pass}</span>
    </button>
  );
}
