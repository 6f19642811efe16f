// The list of traces: charts, filter, table and totals, all of one filter and one span of time.
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { useHotkeys, useLocalStorage } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChartNoAxesColumn, PanelLeft } from "lucide-react";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TraceRow } from "../api/shapes";
import { chartsOf, timesOf } from "../calls/charts";
import { ChartStrip } from "../design/ChartStrip";
import { DataTable } from "../design/DataTable";
import { Facets } from "../design/Facets";
import { FilterBar } from "../design/FilterBar";
import { type Filter, parseFilter, toggleTerm, writeFilter } from "../design/filter";
import { ButtonLink } from "../design/links";
import { Page } from "../design/Page";
import { StaleNotice } from "../design/states";
import { TableMenu } from "../design/TableMenu";
import { TimeRange } from "../design/TimeRange";
import { useTableMemory } from "../design/table";
import type { Timespan } from "../design/timespan";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { useTraceColumns } from "./columns";
import { useFacetGroups, useFilterFields } from "./fields";
import { NoTraces } from "./NoTraces";
import { Totals } from "./Totals";
import { TracePane } from "./TracePane";
import { useTraces } from "./useTraces";
import { spanOfTime, type TracesSearch, withSpanOfTime } from "./view";

export default function TracesPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const search = useSearch({ from: "/shell/p/$project/traces" });
  const navigate = useNavigate();
  const setSearch = useCallback(
    (change: (search: TracesSearch) => TracesSearch, replace = false) =>
      void navigate({ to: ".", search: (now) => change(now as TracesSearch), replace }),
    [navigate],
  );

  const line = search.q ?? "";
  const fields = useFilterFields();
  const filter = useMemo(() => parseFilter(line, fields), [line, fields]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the span is made of these three and nothing else
  const span = useMemo(() => spanOfTime(search), [search.range, search.from, search.to]);
  const live = search.live !== false && "range" in span;
  const [atTop, setAtTop] = useState(true);
  const { list, rows, summary, chart, facets } = useTraces({
    project: project.id,
    filter,
    span,
    live,
    atTop,
  });

  const columns = useTraceColumns();
  const memory = useTableMemory("traces");
  const groups = useFacetGroups(facets.data);
  const known = useMemo(() => Object.fromEntries(groups.map((group) => [group.key, group.values])), [groups]);
  const [hasFacets, setFacets] = useLocalStorage({
    key: "madang.traces.facets",
    defaultValue: window.innerWidth >= 1800,
  });
  const [hasCharts, setCharts] = useLocalStorage({ key: "madang.traces.charts", defaultValue: true });
  const charts = useMemo(() => chartsOf(t, chart.data, summary.data), [t, chart.data, summary.data]);
  const times = useMemo(() => timesOf(chart.data), [chart.data]);
  const bucketMs = (chart.data?.bucket_s ?? 0) * 1000;

  const box = useRef<HTMLInputElement>(null);
  useHotkeys([["/", () => box.current?.focus()]]);

  const setLine = (q: string) => setSearch((now) => ({ ...now, q: q || undefined }));
  const setFilter = (next: Filter) => setLine(writeFilter(next));
  const setSpan = useCallback((next: Timespan) => setSearch((now) => withSpanOfTime(now, next)), [setSearch]);
  const setLive = (on: boolean) =>
    setSearch((now) => ({
      ...("range" in span ? now : withSpanOfTime(now, { range: "1h" })),
      live: on ? undefined : false,
    }));
  const open = useCallback(
    (trace: string | undefined) =>
      setSearch(
        (now) => ({ ...now, trace, span: undefined, tab: trace ? now.tab : undefined }),
        search.trace !== undefined,
      ),
    [setSearch, search.trace],
  );
  const pick = useCallback(
    (index: number) => {
      const from = times[index];
      if (from !== undefined && bucketMs > 0) setSpan({ from, to: from + bucketMs });
    },
    [times, bucketMs, setSpan],
  );
  const fetchMore = useCallback(() => {
    if (list.hasNextPage && !list.isFetchingNextPage && !list.isError) void list.fetchNextPage();
  }, [list.hasNextPage, list.isFetchingNextPage, list.isError, list.fetchNextPage]);
  const retry = () =>
    void Promise.all([list.refetch(), summary.refetch(), chart.refetch(), facets.refetch()]);

  const at = rows.findIndex((row) => row.trace_id === search.trace);
  const step = (by: 1 | -1) => {
    const row = rows[at + by];
    return row && at >= 0 ? () => open(row.trace_id) : undefined;
  };
  const isFailed = list.isError && rows.length === 0;

  return (
    <Page
      title={t("traces.title")}
      fills
      actions={<TimeRange value={span} onChange={setSpan} live={live} onLive={setLive} />}
    >
      {hasCharts && !isFailed && (
        <ChartStrip charts={charts} times={times} loading={chart.isPending} onPick={pick} />
      )}
      <Group
        gap={8}
        wrap="nowrap"
        px={12}
        py={6}
        bg="var(--md-surface)"
        style={{ borderBottom: "1px solid var(--md-line)" }}
      >
        <Toggle
          label={t(hasFacets ? "filter.hideFacets" : "filter.facets")}
          on={hasFacets}
          onClick={() => setFacets(!hasFacets)}
        >
          <PanelLeft size={16} />
        </Toggle>
        <FilterBar value={line} onChange={setLine} fields={fields} values={known} inputRef={box} />
        <Toggle
          label={t(hasCharts ? "traces.chartHide" : "traces.chartShow")}
          on={hasCharts}
          onClick={() => setCharts(!hasCharts)}
        >
          <ChartNoAxesColumn size={16} />
        </Toggle>
        <TableMenu columns={columns} memory={memory} />
      </Group>
      {list.isError && rows.length > 0 && <StaleNotice reason={wordsOf(list.error)} onRetry={retry} />}
      <div style={{ display: "flex", flex: 1, minHeight: 0 }}>
        {hasFacets && (
          <Facets
            groups={groups}
            filter={filter}
            onToggle={(key, value) => setFilter(toggleTerm(filter, { key, sign: ":", value }, fields))}
          />
        )}
        <DataTable<TraceRow>
          label={t("traces.title")}
          columns={columns}
          rows={rows}
          rowId={(row) => row.trace_id}
          memory={memory}
          loading={list.isPending}
          total={summary.data?.traces}
          selected={search.trace}
          onSelect={(row) => open(row.trace_id)}
          onEnd={fetchMore}
          loadingMore={list.isFetchingNextPage}
          footer={list.hasNextPage ? undefined : t("traces.end")}
          onTop={setAtTop}
          instead={
            isFailed ? (
              <Failure failure={list.error} onRetry={retry} />
            ) : (
              <NoTraces
                isFiltered={line !== ""}
                span={span}
                onClear={() => setLine("")}
                onWiden={() => setSpan({ range: "30d" })}
              >
                <ButtonLink to="/p/$project" params={{ project: project.id }}>
                  {t("traces.emptyAction")}
                </ButtonLink>
              </NoTraces>
            )
          }
        />
      </div>
      <Totals summary={isFailed ? undefined : summary.data} />
      {search.trace && (
        <TracePane
          trace={search.trace}
          onClose={() => open(undefined)}
          onNext={step(1)}
          onPrevious={step(-1)}
        />
      )}
    </Page>
  );
}

function Toggle({
  label,
  on,
  onClick,
  children,
}: {
  label: string;
  on: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={on ? "light" : "default"}
        size={30}
        aria-label={label}
        aria-pressed={on}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
