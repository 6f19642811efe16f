// An empty list of traces: either the filter fits nothing, or nothing was ever called.
import { Button } from "@mantine/core";
import { SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../design/states";
import { SpanWords } from "../design/TimeRange";
import type { Timespan } from "../design/timespan";

interface NoTracesProps {
  isFiltered: boolean;
  span: Timespan;
  onClear: () => void;
  onWiden: () => void;
  /** What to do when there was never a call. */
  children: ReactNode;
}

export function NoTraces({ isFiltered, span, onClear, onWiden, children }: NoTracesProps) {
  const { t } = useTranslation();
  const isWide = "range" in span && span.range === "30d";
  if (!isFiltered && isWide)
    return (
      <EmptyState title={t("traces.empty")} actions={children}>
        {t("traces.emptyHelp")}
      </EmptyState>
    );
  return (
    <EmptyState
      icon={<SearchX size={28} strokeWidth={1.5} />}
      title={isFiltered ? t("traces.noMatch") : t("traces.empty")}
      actions={
        <>
          {isFiltered && (
            <Button variant="default" onClick={onClear}>
              {t("traces.clearFilter")}
            </Button>
          )}
          {!isWide && (
            <Button variant="default" onClick={onWiden}>
              {t("traces.widen")}
            </Button>
          )}
          {!isFiltered && children}
        </>
      }
    >
      {isFiltered ? (
        <>
          <SpanWords span={span} /> — {t("traces.noMatchHelp")}
        </>
      ) : (
        t("traces.emptyHelp")
      )}
    </EmptyState>
  );
}
