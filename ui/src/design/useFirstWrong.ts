// After a failed save, brings the first field that is wrong into view and puts the cursor there.
import { type RefObject, useEffect } from "react";

export function useFirstWrong(form: RefObject<HTMLFormElement | null>, failure: unknown): void {
  useEffect(() => {
    if (failure) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [form, failure]);
}
