// Asks before a page with changes that are not saved is left, by a link or by closing the tab.
import { useBlocker } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

export function useUnsaved(hasChanges: boolean): void {
  const { t } = useTranslation();
  useBlocker({
    shouldBlockFn: () => hasChanges && !window.confirm(t("common.unsaved")),
    enableBeforeUnload: hasChanges,
  });
}
