// Two keys one after the other, such as "g" then "t", outside of fields.
import { useEffect, useRef } from "react";

const WITHIN_MS = 1200;

export function useSequence(first: string, then: Record<string, () => void>): void {
  const actions = useRef(then);
  useEffect(() => {
    actions.current = then;
  });
  useEffect(() => {
    let pressedAt = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      if (event.key === first) pressedAt = event.timeStamp;
      else if (event.timeStamp - pressedAt < WITHIN_MS) {
        pressedAt = 0;
        actions.current[event.key]?.();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [first]);
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
