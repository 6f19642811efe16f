// One step of a trace: as a conversation, its attempts, its facts, and raw.
import { Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Span } from "../api/shapes";
import { errorWords } from "../calls/words";
import { JsonView } from "../design/JsonView";
import { Tag } from "../design/Tag";
import { Attempts } from "./Attempts";
import { ConversationTab } from "./ConversationTab";
import { Details } from "./Details";
import classes from "./SpanDetail.module.css";
import { attemptsOf } from "./tree";

const TABS = ["conversation", "attempts", "details", "raw"] as const;
type Tab = (typeof TABS)[number];

interface SpanDetailProps {
  span: Span;
  spans: Span[];
  tab: string | undefined;
  onTab: (tab: Tab) => void;
}

export function SpanDetail({ span, spans, tab, onTab }: SpanDetailProps) {
  const { t } = useTranslation();
  const attempts = span.kind === "attempt" ? [span] : attemptsOf(spans, span);
  const chosen = TABS.find((one) => one === tab) ?? (span.kind === "attempt" ? "attempts" : "conversation");
  return (
    <section className={classes.detail} aria-label={span.name}>
      {span.status === "error" && (
        <div className={classes.error} role="note">
          <strong>{errorWords(t, span.error_type) || t("traces.error")}</strong>
          {span.error_type && <code>{span.error_type}</code>}
          {span.status_message && <span>{span.status_message}</span>}
        </div>
      )}
      <Tabs
        value={chosen}
        onChange={(next) => next && onTab(next as Tab)}
        keepMounted={false}
        classNames={{ root: classes.tabs, list: classes.list, panel: classes.panel }}
      >
        <Tabs.List>
          <Tabs.Tab value="conversation">{t("trace.conversation")}</Tabs.Tab>
          <Tabs.Tab
            value="attempts"
            rightSection={attempts.length > 1 ? <Tag tone="warn">{attempts.length}</Tag> : undefined}
          >
            {t("trace.attempts")}
          </Tabs.Tab>
          <Tabs.Tab value="details">{t("trace.details")}</Tabs.Tab>
          <Tabs.Tab value="raw">{t("trace.raw")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="conversation">
          <ConversationTab span={span} />
        </Tabs.Panel>
        <Tabs.Panel value="attempts">
          <Attempts attempts={attempts} />
        </Tabs.Panel>
        <Tabs.Panel value="details">
          <Details span={span} />
        </Tabs.Panel>
        <Tabs.Panel value="raw">
          {span.input && <JsonView text={span.input} label={t("trace.input")} />}
          {span.output && <JsonView text={span.output} label={t("trace.output")} />}
          <JsonView text={JSON.stringify(withoutBodies(span))} label={t("trace.attributes")} />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}

function withoutBodies(span: Span): Partial<Span> {
  const { input: _input, output: _output, ...rest } = span;
  return rest;
}
