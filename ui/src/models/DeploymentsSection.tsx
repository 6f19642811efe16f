// The deployments of a model at work: how they are now and how they did in the last 24 hours, with what one can do.
import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Play, Power } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { activityQuery } from "../api/deployments";
import type { Activity, Deployment, DeploymentActivity, Model } from "../api/shapes";
import { VendorMark } from "../calls/VendorMark";
import { causeWords, errorWords } from "../calls/words";
import { Count, Duration } from "../design/Figures";
import { exactNumber, formatShare } from "../design/numbers";
import { Section } from "../design/Page";
import { Sparkline } from "../design/Sparkline";
import { StaleNotice } from "../design/states";
import { Tag } from "../design/Tag";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import classes from "./Deployments.module.css";
import { Draining } from "./Draining";
import { Health } from "./Health";

interface DeploymentsSectionProps {
  model: Model;
  onTest: (deployment: string) => void;
}

export function DeploymentsSection({ model, onTest }: DeploymentsSectionProps) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project, canEdit } = usePlace();
  const activity = useQuery(activityQuery(project.id, model.alias));
  const [draining, setDraining] = useState<Deployment | null>(null);
  const ofName = useMemo(() => byName(activity.data), [activity.data]);
  return (
    <Section title={t("models.deployments")} help={t("activity.help")}>
      {activity.isError && (
        <StaleNotice reason={wordsOf(activity.error)} onRetry={() => void activity.refetch()} />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.scroll} aria-label={t("models.deployments")} tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th>{t("activity.deployment")}</th>
              <th>{t("activity.now")}</th>
              <th data-right>{t("activity.requests")}</th>
              <th data-right>{t("activity.failed")}</th>
              <th data-right title={t("activity.latencyHelp")}>
                p50
              </th>
              <th data-right>p95</th>
              <th data-right>p99</th>
              <th data-right title={t("activity.firstTokenHelp")}>
                {t("activity.firstToken")}
              </th>
              <th>{t("activity.hours")}</th>
              <th>
                <span className="md-unseen">{t("common.more")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {model.deployments.map((one) => {
              const seen = ofName.get(one.name);
              return (
                <tr key={one.name} data-off={!one.enabled || undefined}>
                  <td>
                    <Who deployment={one} />
                  </td>
                  <td>
                    <Health deployment={{ enabled: one.enabled, health: seen?.health ?? one.health }} />
                    <UnderWay calls={(seen?.health ?? one.health)?.in_flight ?? 0} />
                  </td>
                  <Figures seen={seen} isLoading={activity.isPending} />
                  <td>
                    <Group gap={4} wrap="nowrap" justify="flex-end">
                      <Button
                        variant="default"
                        size="compact-xs"
                        leftSection={<Play size={12} />}
                        disabled={!canEdit || !one.enabled}
                        onClick={() => onTest(one.name)}
                      >
                        {t("test.short")}
                      </Button>
                      <Button
                        variant="default"
                        size="compact-xs"
                        leftSection={<Power size={12} />}
                        disabled={!canEdit}
                        onClick={() => setDraining(one)}
                      >
                        {t(one.enabled ? "drain.out" : "drain.in")}
                      </Button>
                    </Group>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {draining && <Draining model={model} deployment={draining} onClose={() => setDraining(null)} />}
    </Section>
  );
}

function Who({ deployment }: { deployment: Deployment }) {
  return (
    <div className={classes.who}>
      <VendorMark vendor={deployment.vendor} />
      <div className={classes.names}>
        <strong>{deployment.name}</strong>
        <Text span c="dimmed" size="xs">
          {[deployment.region, deployment.vendor_model].filter(Boolean).join(" · ")}
        </Text>
      </div>
    </div>
  );
}

function UnderWay({ calls }: { calls: number }) {
  const { t } = useTranslation();
  if (calls === 0) return null;
  return (
    <Text size="xs" c="dimmed">
      {t("route.inFlight", { calls })}
    </Text>
  );
}

function Figures({ seen, isLoading }: { seen: DeploymentActivity | undefined; isLoading: boolean }) {
  const { t } = useTranslation();
  const unknown = t(isLoading ? "common.loading" : "activity.unknown");
  const none = t("activity.noAnswers");
  return (
    <>
      <td data-right>
        <Count value={seen?.calls} unknown={unknown} />
      </td>
      <td data-right>{seen ? <Failures seen={seen} /> : <Count value={null} unknown={unknown} />}</td>
      <td data-right>
        <Duration ms={seen?.p50_ms} unknown={none} />
      </td>
      <td data-right>
        <Duration ms={seen?.p95_ms} unknown={none} />
      </td>
      <td data-right>
        <Duration ms={seen?.p99_ms} unknown={none} />
      </td>
      <td data-right>
        <span className={classes.pair}>
          <Duration ms={seen?.first_token_p50_ms} unknown={t("activity.noStreams")} />
          {seen?.first_token_p95_ms != null && (
            <>
              {" / "}
              <Duration ms={seen.first_token_p95_ms} />
            </>
          )}
        </span>
      </td>
      <td>
        {seen && (
          <Sparkline
            label={t("activity.sparkline", { calls: seen.calls, failures: seen.failures })}
            values={seen.hours.map((hour) => ({ all: hour.calls, failed: hour.failures }))}
          />
        )}
      </td>
    </>
  );
}

function Failures({ seen }: { seen: DeploymentActivity }) {
  const { t } = useTranslation();
  if (seen.failures === 0) return <span className={classes.none}>{seen.calls > 0 ? "0" : "–"}</span>;
  const exact = seen.errors.map((one) => `${errorWords(t, one.error_type)}: ${exactNumber(one.count)}`);
  return (
    <span className={classes.failures} title={exact.join("\n")}>
      <span>{formatShare(seen.failures, seen.calls)}</span>
      {seen.errors.slice(0, 2).map((one) => (
        <Tag key={one.error_type} tone="error">
          {causeWords(t, one.error_type)} {exactNumber(one.count)}
        </Tag>
      ))}
      {seen.errors.length > 2 && <Tag>+{seen.errors.length - 2}</Tag>}
    </span>
  );
}

function byName(activity: Activity | undefined): Map<string, DeploymentActivity> {
  return new Map(activity?.deployments.map((one) => [one.deployment, one]));
}
