// A moment on the page. `RelativeTime` keeps itself true by looking at the clock twice a minute.
import { useInterval } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { exactTime, relativeTime, shortTime } from "./times";

export function RelativeTime({ at, never }: { at: string | null | undefined; never?: string }) {
  const { i18n } = useTranslation();
  const [now, setNow] = useState(() => new Date());
  useInterval(() => setNow(new Date()), 30_000, { autoInvoke: true });
  if (!at) return <span style={{ color: "var(--md-dim)" }}>{never ?? "–"}</span>;
  const moment = new Date(at);
  return (
    <time dateTime={at} title={exactTime(moment)} style={{ whiteSpace: "nowrap" }}>
      {relativeTime(moment, now, i18n.language)}
    </time>
  );
}

export function ClockTime({ at }: { at: string }) {
  const moment = new Date(at);
  return (
    <time dateTime={at} title={exactTime(moment)} style={{ whiteSpace: "nowrap" }}>
      {shortTime(moment, new Date())}
    </time>
  );
}
