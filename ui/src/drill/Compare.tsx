// Two drills of one model side by side.
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { drillQuery, drillsQuery } from "../api/drills";
import type { Drill, Played } from "../api/shapes";
import { Duration, Money } from "../design/Figures";
import { exactNumber } from "../design/numbers";
import { Section } from "../design/Page";
import { exactTime } from "../design/times";
import { usePlace } from "../session/session";
import { isUnpriced } from "./courses";
import classes from "./Result.module.css";
import { shareText } from "./verdict";
import { disturbanceWords } from "./words";

export function Compare({ drill, beside }: { drill: Drill; beside: string | undefined }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const navigate = useNavigate();
  const list = useQuery(drillsQuery(project.id));
  const other = useQuery({ ...drillQuery(project.id, beside ?? ""), enabled: beside !== undefined });
  const others = (list.data ?? []).filter(
    (one) => one.model === drill.model && one.state === "done" && one.id !== drill.id,
  );
  if (others.length === 0 || !drill.total) return null;
  const choose = (id: string | null) =>
    void navigate({ to: ".", search: id ? { beside: id } : {}, replace: true });
  return (
    <Section
      title={t("drill.compare")}
      actions={
        <Select
          size="xs"
          w={420}
          aria-label={t("drill.compareWith")}
          placeholder={t("drill.compareWith")}
          data={others.map((one) => ({
            value: one.id,
            label: `${exactTime(new Date(one.created_at)).slice(0, 16)} · ${
              one.disturbances.map((each) => disturbanceWords(t, each)).join(" · ") || t("drill.nothingWrong")
            }`,
          }))}
          value={beside ?? null}
          onChange={choose}
          clearable
        />
      }
    >
      {other.data?.total && <SideBySide one={drill.total} other={other.data.total} />}
    </Section>
  );
}

function SideBySide({ one, other }: { one: Played; other: Played }) {
  const { t } = useTranslation();
  const rows: [string, (played: Played) => ReactNode][] = [
    [t("drill.success"), (played) => shareText(played.success_rate)],
    [t("drill.callsTitle"), (played) => exactNumber(played.calls)],
    [t("drill.attempts"), (played) => exactNumber(played.attempts)],
    ["p50", (played) => <Duration ms={played.p50_ms} />],
    ["p95", (played) => <Duration ms={played.p95_ms} />],
    ["p99", (played) => <Duration ms={played.p99_ms} />],
    [
      t("drill.cost"),
      (played) => (
        <Money usd={isUnpriced(played) ? null : played.cost_usd} unknown={t("traces.unknownCost")} />
      ),
    ],
  ];
  return (
    <table className={classes.compare}>
      <thead>
        <tr>
          <th scope="col">{t("drill.measure")}</th>
          <th scope="col">{t("drill.thisDrill")}</th>
          <th scope="col">{t("drill.otherDrill")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, of]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{of(one)}</td>
            <td>{of(other)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
