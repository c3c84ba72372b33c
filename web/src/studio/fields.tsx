import {
  cloneElement,
  type InputHTMLAttributes,
  type ReactElement,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import "./fields.css";

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactElement<{ id?: string; "aria-describedby"?: string | undefined }>;
}

/** A labelled control, with its hint tied to it. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  const described = hint ? `${id}-hint` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, { id, "aria-describedby": described })}
      {hint && (
        <p id={described} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}

export function TextInput(props: InputHTMLAttributes<HTMLInputElement>) {
  return <input type="text" {...props} className="field-control" />;
}

export function TextArea(props: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea {...props} className="field-control" />;
}

type SelectProps = SelectHTMLAttributes<HTMLSelectElement> & {
  readonly options: ReadonlyArray<{ readonly value: string; readonly label: string }>;
};

export function Select({ options, ...rest }: SelectProps) {
  return (
    <select {...rest} className="field-control">
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
