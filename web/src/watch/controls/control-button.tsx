import { Icon, type IconName } from "../../ui/icon";

interface ControlButtonProps {
  readonly icon: IconName;
  readonly label: string;
  /** Left out where the screen is narrow. */
  readonly wide?: boolean;
  readonly onPress: () => void;
}

export function ControlButton({ icon, label, wide = false, onPress }: ControlButtonProps) {
  return (
    <button type="button" className={wide ? "control control-wide" : "control"} aria-label={label} title={label} onClick={onPress}>
      <Icon name={icon} />
    </button>
  );
}
