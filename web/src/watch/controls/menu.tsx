import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Icon, type IconName } from "../../ui/icon";
import { useDismiss } from "../../ui/use-dismiss";
import type { Choice } from "../tracks";
import { focusStep } from "./focus-step";
import "./menu.css";

interface MenuProps {
  readonly icon: IconName;
  readonly label: string;
  readonly choices: ReadonlyArray<Choice>;
  readonly onChoose: (id: string) => void;
  readonly onOpen: (open: boolean) => void;
  /** Shown below the choices. */
  readonly children?: ReactNode;
}

/** A button with a menu of which one line is chosen (WAI-ARIA menu button pattern). */
export function Menu({ icon, label, choices, onChoose, onOpen, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const show = (next: boolean) => {
    setOpen(next);
    onOpen(next);
  };
  useDismiss(frame, open, () => show(false), opener);
  const chosen = choices.find((choice) => choice.chosen);

  const choose = (choice: Choice) => {
    onChoose(choice.id);
    show(false);
    opener.current?.focus();
  };
  return (
    <div className="menu" ref={frame} onKeyDown={open ? moveFocus : undefined}>
      <button
        ref={opener}
        type="button"
        className="control"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={chosen ? `${label}: ${chosen.label}` : label}
        title={label}
        onClick={() => show(!open)}
      >
        <Icon name={icon} />
      </button>
      {open && (
        <div className="menu-panel">
          <p className="menu-heading" id={`${id}-heading`}>
            {label}
          </p>
          <Choices id={id} choices={choices} onChoose={choose} />
          {children}
        </div>
      )}
    </div>
  );
}

interface ChoicesProps {
  readonly id: string;
  readonly choices: ReadonlyArray<Choice>;
  readonly onChoose: (choice: Choice) => void;
}

function Choices({ id, choices, onChoose }: ChoicesProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector<HTMLElement>("[aria-checked=true], [role=menuitemradio]")?.focus();
  }, []);
  return (
    <div id={id} ref={list} role="menu" aria-labelledby={`${id}-heading`}>
      {choices.map((choice) => (
        <button
          key={choice.id}
          type="button"
          role="menuitemradio"
          aria-checked={choice.chosen}
          tabIndex={choice.chosen ? 0 : -1}
          className="menu-choice"
          onClick={() => onChoose(choice)}
        >
          <span className="menu-check">{choice.chosen && <Icon name="check" size={20} />}</span>
          <span>{choice.label}</span>
          {choice.detail && <span className="menu-detail">{choice.detail}</span>}
        </button>
      ))}
    </div>
  );
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitemradio]")];
  const at = items.findIndex((item) => item === document.activeElement);
  const next = focusStep(event.key, at, items.length);
  // Keys must not reach the film while a menu is open.
  event.stopPropagation();
  event.nativeEvent.stopImmediatePropagation();
  if (next === undefined) return;
  event.preventDefault();
  items[next]?.focus();
}
