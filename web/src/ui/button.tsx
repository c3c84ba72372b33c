import type { ButtonHTMLAttributes } from "react";
import { Link } from "../router/router";
import { Icon, type IconName } from "./icon";
import "./button.css";

type Look = "bulb" | "velvet" | "plain" | "danger";

interface Shape {
  readonly look?: Look;
  readonly icon?: IconName | undefined;
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & Shape & { readonly busy?: boolean };

export function Button({ look = "velvet", icon, busy = false, children, disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button button-${look}`} disabled={disabled || busy} aria-busy={busy} {...rest}>
      {icon && <Icon name={icon} size={20} />}
      <span>{children}</span>
    </button>
  );
}

type ButtonLinkProps = Shape & { readonly to: string; readonly children: string };

/** Looks like a button, goes somewhere: so it is a link. */
export function ButtonLink({ to, look = "velvet", icon, children }: ButtonLinkProps) {
  return (
    <Link to={to} className={`button button-${look}`}>
      {icon && <Icon name={icon} size={20} />}
      <span>{children}</span>
    </Link>
  );
}
