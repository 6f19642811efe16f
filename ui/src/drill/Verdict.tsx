// The first thing said about a drill: how far it is, or what it came to, in one or two sentences.
import { Progress } from "@mantine/core";
import type { TFunction } from "i18next";
import { CircleAlert, CircleCheck, Hourglass, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import type { Drill } from "../api/shapes";
import { exactNumber, formatDuration } from "../design/numbers";
import { useWordsOf } from "../session/failure";
import classes from "./Result.module.css";
import { type Verdict as Found, shareText, stayedInUse, verdictOf } from "./verdict";
import { causeName } from "./words";

type Tone = "ok" | "warn" | "error" | "plain";

export function Verdict({ drill }: { drill: Drill }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const minutes = drill.scenario.minutes ?? 0;
  const played = drill.minutes.length;
  const found = verdictOf(drill);
  switch (drill.state) {
    case "waiting":
      return <Said tone="plain">{t("drill.isWaiting")}</Said>;
    case "running":
      return (
        <Said tone="plain">
          <div aria-live="polite">{t("drill.isRunning", { played, minutes })}</div>
          <Progress
            value={minutes > 0 ? (played / minutes) * 100 : 0}
            size="sm"
            mt={6}
            aria-label={t("drill.progress")}
          />
        </Said>
      );
    case "failed":
      // The server wrote the reason down in its own language, as it does when it refuses a request.
      return (
        <Said tone="error">
          {t("drill.hasFailed", { reason: wordsOf(new ApiError(1, "", drill.problem)) })}
        </Said>
      );
    case "lost":
      return <Said tone="error">{t("drill.isLost")}</Said>;
    case "stopped":
      return (
        <Said tone="warn">
          {t("drill.wasStopped", { played, minutes })} {played > 0 && errorWords(t, found)}
        </Said>
      );
    case "done":
      return (
        <Said tone={toneOf(found)}>
          <strong>{errorWords(t, found)}</strong> {noticedWords(t, drill)} {duringWords(t, found)}{" "}
          {slowestWords(t, found)}
        </Said>
      );
  }
}

function Said({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Icon = { ok: CircleCheck, warn: TriangleAlert, error: CircleAlert, plain: Hourglass }[tone];
  return (
    <div className={classes.verdict} data-tone={tone} role="status">
      <Icon size={18} aria-hidden />
      <div className={classes.body}>{children}</div>
    </div>
  );
}

/** From here on callers wait so much longer that it is no good result, whether anybody saw an error or not. */
const SLOW = 1.5;

function toneOf({ errors, calls, latency, slowest }: Found): Tone {
  const isSlow = (latency ?? 0) + 1 >= SLOW || (slowest !== null && slowest.during >= slowest.before * SLOW);
  if (errors === 0) return isSlow ? "warn" : "ok";
  return errors / calls < 0.01 ? "warn" : "error";
}

export function errorWords(t: TFunction, found: Found): string {
  if (found.errors === 0) return t("drill.sawNone");
  return t("drill.sawErrors", {
    n: exactNumber(found.errors),
    calls: exactNumber(found.calls),
    share: shareText(found.errors / found.calls),
    reason: causeName(t, found.reason),
  });
}

/** A filter's refusal says nothing about the deployment, which therefore stays where it is. */
const NEVER_RESTS = ["blocks"];
const MOST_NOTICED = 3;

function noticedWords(t: TFunction, drill: Drill): string {
  return drill.noticed
    .filter((one) => !NEVER_RESTS.includes(one.kind))
    .filter((one) => one.after_s != null || stayedInUse(drill, one.deployment))
    .slice(0, MOST_NOTICED)
    .map(({ deployment, after_s }) =>
      after_s == null
        ? t("drill.stayed", { deployment })
        : t("drill.outAfter", { deployment, after: formatDuration(after_s * 1000) }),
    )
    .join(" ");
}

function duringWords(t: TFunction, { nobodyAnswered, latency, cost }: Found): string {
  if (nobodyAnswered) return t("drill.nobodyAnswered");
  if (latency == null) return "";
  if (cost == null) return t("drill.duringLatency", { latency: changeWords(t, "latency", latency, "Ends") });
  return t("drill.during", {
    latency: changeWords(t, "latency", latency),
    cost: changeWords(t, "cost", cost),
  });
}

function slowestWords(t: TFunction, { slowest }: Found): string {
  if (!slowest) return "";
  return t("drill.slowest", {
    before: formatDuration(slowest.before),
    during: formatDuration(slowest.during),
  });
}

function changeWords(t: TFunction, of: "latency" | "cost", change: number, form: "" | "Ends" = ""): string {
  const percent = Math.round(Math.abs(change) * 100);
  const way = change >= 1 ? "Times" : percent === 0 ? "Same" : change > 0 ? "More" : "Less";
  const n = way === "Times" ? (change + 1).toFixed(1) : percent;
  if (of === "cost") return t(`drill.cost${way}`, { n });
  return t(`drill.latency${way}${form}`, { n });
}
