// A trace whole: its header, its steps on the time line, and the chosen step in detail.
import { Skeleton, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Maximize2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { TraceRow } from "../api/shapes";
import { traceQuery } from "../api/traces";
import { CopyIcon } from "../design/Copy";
import { Count, Duration, Money } from "../design/Figures";
import { ButtonLink } from "../design/links";
import { Tag } from "../design/Tag";
import { ClockTime } from "../design/Time";
import { Failure } from "../session/Failure";
import { usePlace } from "../session/session";
import { SpanDetail } from "./SpanDetail";
import { SpanTree } from "./SpanTree";
import { Status } from "./Status";
import classes from "./TraceView.module.css";
import { firstSpan } from "./tree";

interface TraceViewProps {
  trace: string;
  span?: string;
  tab?: string;
  onChoose: (chosen: { span?: string; tab?: string }) => void;
  isPane?: boolean;
}

export function TraceView({ trace, span, tab, onChoose, isPane }: TraceViewProps) {
  const { project } = usePlace();
  const query = useQuery(traceQuery(project.id, trace));
  if (query.isError && !query.data)
    return <Failure failure={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Loading />;
  const { spans } = query.data;
  const chosen = spans.find((one) => one.span_id === span) ?? firstSpan(spans);
  return (
    <>
      <Header row={query.data.trace} isPane={isPane} />
      <div className={classes.body}>
        <SpanTree spans={spans} chosen={chosen?.span_id} onChoose={(id) => onChoose({ span: id })} />
        {chosen && (
          <SpanDetail
            key={chosen.span_id}
            span={chosen}
            spans={spans}
            tab={tab}
            onTab={(next) => onChoose({ tab: next })}
          />
        )}
      </div>
    </>
  );
}

function Header({ row, isPane }: { row: TraceRow; isPane?: boolean }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  return (
    <header className={classes.header} data-pane={isPane || undefined}>
      <div className={classes.headline}>
        <Title order={2} className={classes.name}>
          {row.name || t("trace.title")}
        </Title>
        {row.simulated && (
          <Tag tone="sim" title={t("traces.simulatedHelp")}>
            {t("traces.simulated")}
          </Tag>
        )}
        <code className={classes.id}>{row.trace_id}</code>
        <CopyIcon value={row.trace_id} label={t("trace.copyId")} />
        {isPane && (
          <ButtonLink
            to="/p/$project/traces/$trace"
            params={{ project: project.id, trace: row.trace_id }}
            variant="subtle"
            size="compact-xs"
            leftSection={<Maximize2 size={12} />}
          >
            {t("design.openPage")}
          </ButtonLink>
        )}
      </div>
      <dl className={classes.facts}>
        <Fact name={t("traces.status")}>
          <Status status={row.status} errorType={row.error_type} long />
        </Fact>
        <Fact name={t("traces.start")}>
          <ClockTime at={row.start_time} />
        </Fact>
        <Fact name={t("traces.latency")}>
          <Duration ms={row.duration_ms} unknown={t("traces.unknownDuration")} />
        </Fact>
        <Fact name={t("traces.firstToken")}>
          <Duration ms={row.first_token_ms} unknown={t("traces.unknownFirstToken")} />
        </Fact>
        <Fact name={t("traces.tokens")}>
          <Count value={row.total_tokens} unknown={t("traces.unknownTokens")} />
        </Fact>
        <Fact name={t("traces.cost")}>
          <Money usd={row.cost_usd} unknown={t("traces.unknownCost")} />
        </Fact>
        <Fact name={t("traces.model")}>{row.model || "–"}</Fact>
        {row.deployment && <Fact name={t("traces.deployment")}>{row.deployment}</Fact>}
        {row.attempts > 1 && (
          <Fact name={t("traces.attempts")}>
            <Tag tone="warn">{row.attempts}</Tag>
          </Fact>
        )}
        {row.user_id && <Fact name={t("traces.user")}>{row.user_id}</Fact>}
      </dl>
    </header>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Loading() {
  return (
    <Stack p={16} gap={12} aria-busy>
      <Skeleton h={20} w="40%" />
      <Skeleton h={32} />
      <Skeleton h={160} />
      <Skeleton h={240} />
    </Stack>
  );
}
