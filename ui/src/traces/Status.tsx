// The status of a trace or span, in a word with its dot; the kind of failure on hover.
import { useTranslation } from "react-i18next";
import { causeWords, errorWords } from "../calls/words";
import { StatusDot } from "../design/Tag";

interface StatusProps {
  status: "unset" | "ok" | "error";
  errorType: string;
  /** Shows the technical kind of failure instead of just "error". */
  long?: boolean;
}

export function Status({ status, errorType, long }: StatusProps) {
  const { t } = useTranslation();
  if (status === "ok") return <StatusDot tone="ok">{t("traces.ok")}</StatusDot>;
  if (status === "unset") return <StatusDot tone="warn">{t("traces.unset")}</StatusDot>;
  return (
    <StatusDot tone="error" title={errorWords(t, errorType)}>
      {long && errorType ? causeWords(t, errorType) : t("traces.error")}
    </StatusDot>
  );
}
