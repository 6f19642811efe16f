// The drills that were played, newest first, each with what it came to.
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { drillsQuery } from "../api/drills";
import type { DrillSummary } from "../api/shapes";
import { Section } from "../design/Page";
import { StatusDot, type Tone } from "../design/Tag";
import { RelativeTime } from "../design/Time";
import { Failure } from "../session/Failure";
import { usePlace } from "../session/session";
import classes from "./Plan.module.css";
import { shareText } from "./verdict";
import { disturbanceWords } from "./words";

export function EarlierDrills() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const query = useQuery(drillsQuery(project.id));
  const drills = query.data;
  return (
    <Section title={t("drill.earlier")}>
      {!drills && query.isError && <Failure failure={query.error} onRetry={() => void query.refetch()} />}
      {drills?.length === 0 && (
        <Text c="dimmed" size="sm">
          {t("drill.empty")}
        </Text>
      )}
      <ul className={classes.earlier}>
        {drills?.map((drill) => (
          <li key={drill.id}>
            <Link
              to="/p/$project/drill/$drill"
              params={{ project: project.id, drill: drill.id }}
              className={classes.drill}
            >
              <div className={classes.drillHead}>
                <strong>{drill.model}</strong>
                <DrillState drill={drill} />
              </div>
              <div className={classes.drillWhat}>
                {drill.disturbances.map((one) => disturbanceWords(t, one)).join(" · ") ||
                  t("drill.nothingWrong")}
              </div>
              <div className={classes.drillWhat}>
                <RelativeTime at={drill.created_at} />
              </div>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** How far a drill is, or what it came to. */
export function DrillState({ drill }: { drill: Pick<DrillSummary, "state" | "success_rate"> }) {
  const { t } = useTranslation();
  if (drill.state !== "done")
    return <StatusDot tone={TONES[drill.state]}>{t(`drill.states.${drill.state}`)}</StatusDot>;
  const rate = drill.success_rate;
  if (rate === 1) return <StatusDot tone="ok">{t("drill.noError")}</StatusDot>;
  return (
    <StatusDot tone={rate != null && rate >= 0.99 ? "warn" : "error"}>
      {t("drill.answeredShare", { share: shareText(rate) })}
    </StatusDot>
  );
}

const TONES: Record<Exclude<DrillSummary["state"], "done">, Tone> = {
  waiting: "plain",
  running: "plain",
  failed: "error",
  stopped: "warn",
  lost: "error",
};
