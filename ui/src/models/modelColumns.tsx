// The columns of the list of models.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Deployment, Model } from "../api/shapes";
import { VendorMark } from "../calls/VendorMark";
import { Tag } from "../design/Tag";
import type { Column } from "../design/table";
import { DayCalls, DayCourse, DayErrors, DayLatency } from "./day";
import { ModelHealth } from "./Health";
import classes from "./ModelsPage.module.css";

const MOST_SHOWN = 2;

export function useModelColumns(): Column<Model>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<Model>[] => [
      {
        id: "alias",
        title: t("models.alias"),
        width: 206,
        cell: (model) => (
          <>
            <strong title={model.description}>{model.alias}</strong>{" "}
            {model.simulated && (
              <Tag tone="sim" title={t("traces.simulatedHelp")}>
                {t("models.simulated")}
              </Tag>
            )}
          </>
        ),
      },
      {
        id: "health",
        title: t("models.health"),
        width: 112,
        cell: (model) => <ModelHealth deployments={model.deployments} />,
      },
      {
        id: "calls",
        title: t("traces.chartCalls"),
        width: 70,
        right: true,
        cell: (model) => <DayCalls alias={model.alias} />,
      },
      {
        id: "errors",
        title: t("traces.chartErrors"),
        width: 70,
        right: true,
        cell: (model) => <DayErrors alias={model.alias} />,
      },
      {
        id: "p50",
        title: "p50",
        width: 70,
        right: true,
        cell: (model) => <DayLatency alias={model.alias} of="p50_ms" />,
      },
      {
        id: "p95",
        title: "p95",
        width: 70,
        right: true,
        cell: (model) => <DayLatency alias={model.alias} of="p95_ms" />,
      },
      {
        id: "day",
        title: t("activity.hours"),
        width: 142,
        cell: (model) => <DayCourse alias={model.alias} />,
      },
      {
        id: "behind",
        title: t("models.behind"),
        width: 272,
        cell: (model) => <Behind deployments={model.deployments} />,
      },
      {
        id: "fallbacks",
        title: t("models.fallbacks"),
        width: 150,
        cell: (model) => model.fallbacks.join(" → "),
      },
      {
        id: "strategy",
        title: t("routing.strategy"),
        width: 130,
        hidden: true,
        cell: (model) => t(`strategies.${model.routing.strategy}`),
      },
      {
        id: "description",
        title: t("models.description"),
        width: 280,
        hidden: true,
        cell: (model) => <span title={model.description}>{model.description}</span>,
      },
    ],
    [i18n.language],
  );
}

/** The deployments as marks of their vendors with their regions, or names where there is no region. */
function Behind({ deployments }: { deployments: Deployment[] }) {
  const { t } = useTranslation();
  const shown = deployments.slice(0, MOST_SHOWN);
  const rest = deployments.slice(MOST_SHOWN);
  return (
    <span className={classes.behind}>
      {shown.map((one) => (
        <span
          key={one.name}
          title={[one.name, t(`vendors.${one.vendor}`), one.vendor_model, one.region]
            .filter(Boolean)
            .join(" · ")}
        >
          <VendorMark vendor={one.vendor} />
          <span className={one.enabled ? undefined : classes.off}>{one.region || one.name}</span>
        </span>
      ))}
      {rest.length > 0 && <Tag title={rest.map((one) => one.name).join(", ")}>+{rest.length}</Tag>}
    </span>
  );
}
