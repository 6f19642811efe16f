// Asks before a page with changes that are not saved is left, by a link or by closing the tab.
import { useBlocker } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** `hasChanges` is asked at the moment of leaving. */
export function useUnsaved(hasChanges: () => boolean): void {
  const { t } = useTranslation();
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      // Another view of the same page (a tab, a filter) leaves nothing behind.
      current.pathname !== next.pathname && hasChanges() && !window.confirm(t("common.unsaved")),
    enableBeforeUnload: hasChanges,
  });
}
