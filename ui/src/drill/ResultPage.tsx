// One drill, while it plays and afterwards: the verdict, its course by minute, and every number.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { RotateCcw, Square } from "lucide-react";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { drillQuery, isUnderWay, useStopDrill } from "../api/drills";
import type { Drill } from "../api/shapes";
import { Course } from "../design/Course";
import { ButtonLink } from "../design/links";
import { exactNumber } from "../design/numbers";
import { Page, Section } from "../design/Page";
import { StaleNotice } from "../design/states";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { Compare } from "./Compare";
import { coursesOf } from "./courses";
import { MinutesTable } from "./MinutesTable";
import classes from "./Result.module.css";
import { Verdict } from "./Verdict";
import { shadesOf, shareText } from "./verdict";
import { disturbanceWords } from "./words";

export default function ResultPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project, canEdit } = usePlace();
  const { drill: id } = useParams({ from: "/shell/p/$project/drill/$drill" });
  const { beside } = useSearch({ from: "/shell/p/$project/drill/$drill" });
  const query = useQuery(drillQuery(project.id, id));
  const stop = useStopDrill(project.id);
  const drill = query.data;
  const retry = () => void query.refetch();
  if (!drill)
    return (
      <Page title={t("drill.title")}>
        {query.isError && <Failure failure={query.error} onRetry={retry} />}
      </Page>
    );
  return (
    <Page
      title={t("drill.of", { model: drill.model })}
      actions={
        <>
          {isUnderWay(drill.state) && canEdit && (
            <Button
              variant="default"
              leftSection={<Square size={13} />}
              loading={stop.isPending}
              onClick={() => stop.mutate(drill.id)}
            >
              {t("drill.stop")}
            </Button>
          )}
          <ButtonLink
            to="/p/$project/drill"
            params={{ project: project.id }}
            search={{ again: drill.id }}
            variant="default"
            leftSection={<RotateCcw size={14} />}
          >
            {t("drill.again")}
          </ButtonLink>
        </>
      }
    >
      {(query.isError || stop.isError) && (
        <StaleNotice reason={wordsOf(query.error ?? stop.error)} onRetry={retry} />
      )}
      <Verdict drill={drill} />
      <Situation drill={drill} />
      {drill.minutes.length > 0 && <Played drill={drill} />}
      {drill.state === "done" && <Compare drill={drill} beside={beside} />}
    </Page>
  );
}

/** What was played, in words. */
function Situation({ drill }: { drill: Drill }) {
  const { t } = useTranslation();
  const { scenario } = drill;
  return (
    <p className={classes.what}>
      {(scenario.disturbances ?? []).map((one) => disturbanceWords(t, one)).join(" · ") ||
        t("drill.nothingWrong")}
      {" · "}
      {t("drill.traffic", {
        rate: scenario.per_second,
        minutes: scenario.minutes,
        streamed: shareText(scenario.stream_share ?? 0),
      })}
      {drill.total &&
        ` · ${t("drill.requests", {
          calls: exactNumber(drill.total.calls),
          attempts: exactNumber(drill.total.attempts),
        })}`}
    </p>
  );
}

function Played({ drill }: { drill: Drill }) {
  const { t } = useTranslation();
  const charts = useMemo(() => coursesOf(t, drill), [t, drill]);
  const shades = useMemo(() => shadesOf(drill), [drill]);
  const stepName = useCallback((minute: number) => t("drill.minuteNumber", { minute }), [t]);
  return (
    <>
      <div className={classes.block}>
        <Course
          charts={charts}
          steps={drill.scenario.minutes ?? drill.minutes.length}
          shades={shades}
          axis={t(shades.length > 0 ? "drill.axisShaded" : "drill.axis")}
          stepName={stepName}
        />
      </div>
      <Section title={t("drill.byMinute")}>
        <MinutesTable drill={drill} />
      </Section>
    </>
  );
}
