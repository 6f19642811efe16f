// What happened in the last day: calls, errors, cost, latency, and their course.
import { Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { chartQuery, summaryQuery } from "../api/traces";
import { chartsOf, timesOf } from "../calls/charts";
import { ChartStrip } from "../design/ChartStrip";
import { Count, Duration, Money } from "../design/Figures";
import { FigureTile } from "../design/FigureTile";
import { ButtonLink } from "../design/links";
import { exactNumber, formatDuration, formatShare } from "../design/numbers";
import { Failure } from "../session/Failure";
import { usePlace } from "../session/session";
import classes from "./Home.module.css";

const DAY_MS = 86_400_000;
const EVERY_MS = 10_000;

export function Today() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const lastDay = useCallback(() => ({ from: new Date(Date.now() - DAY_MS).toISOString() }), []);
  const summary = useQuery({ ...summaryQuery(project.id, "today", lastDay), refetchInterval: EVERY_MS });
  const chart = useQuery({ ...chartQuery(project.id, "today", lastDay, 48), refetchInterval: EVERY_MS });
  const charts = useMemo(() => chartsOf(t, chart.data, null), [t, chart.data]);
  const times = useMemo(() => timesOf(chart.data), [chart.data]);
  const found = summary.data;
  if (summary.isError && !found)
    return <Failure failure={summary.error} onRetry={() => void summary.refetch()} />;
  return (
    <section aria-labelledby="today">
      <div className={classes.head}>
        <Title order={2} id="today">
          {t("home.today")}
        </Title>
        <ButtonLink
          to="/p/$project/traces"
          params={{ project: project.id }}
          variant="default"
          size="compact-sm"
        >
          {t("home.seeTraces")}
        </ButtonLink>
      </div>
      <div className={classes.tiles}>
        <FigureTile
          title={t("home.calls")}
          value={<Count value={found?.traces} />}
          note={found && `${t("home.tokens")} ${exactNumber(found.total_tokens)}`}
        />
        <FigureTile
          title={t("home.errors")}
          value={<Count value={found?.errors} />}
          note={found && t("home.ofCalls", { share: formatShare(found.errors, found.traces) })}
        />
        <FigureTile
          title={t("home.cost")}
          value={<Money usd={found?.cost_usd} unknown={t("traces.unknownCost")} />}
          note={
            found && found.unknown_cost > 0 && t("home.unknownCost", { n: exactNumber(found.unknown_cost) })
          }
        />
        <FigureTile
          title={`${t("home.latency")} (${t("home.median")})`}
          value={<Duration ms={found?.p50_ms} />}
          note={found?.p95_ms != null && t("home.p95", { value: formatDuration(found.p95_ms) })}
        />
      </div>
      <div className={classes.charts}>
        <ChartStrip charts={charts} times={times} height={120} loading={chart.isPending} />
      </div>
    </section>
  );
}
