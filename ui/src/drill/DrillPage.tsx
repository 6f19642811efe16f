// Planning a drill, beside those that were played.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Siren } from "lucide-react";
import { useTranslation } from "react-i18next";
import { drillQuery } from "../api/drills";
import { modelsQuery } from "../api/models";
import type { Model } from "../api/shapes";
import { ButtonLink } from "../design/links";
import { Page, Section } from "../design/Page";
import { EmptyState } from "../design/states";
import { Failure } from "../session/Failure";
import { usePlace } from "../session/session";
import { EarlierDrills } from "./EarlierDrills";
import classes from "./Plan.module.css";
import { PlanForm } from "./PlanForm";
import { emptyPlan, planOf } from "./plan";
import { reachable } from "./situations";

export default function DrillPage() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const { again, model } = useSearch({ from: "/shell/p/$project/drill" });
  const navigate = useNavigate();
  // The form must not change under the fingers of whoever fills it in.
  const models = useQuery({ ...modelsQuery(project.id), refetchOnWindowFocus: false });
  const before = useQuery({ ...drillQuery(project.id, again ?? ""), enabled: again !== undefined });
  const failed = [models, before].find((query) => query.isError);
  if (failed)
    return (
      <Page title={t("drill.title")}>
        <Failure failure={failed.error} onRetry={() => void failed.refetch()} />
      </Page>
    );
  if (!models.data || (again !== undefined && !before.data))
    return <Page title={t("drill.title")}>{null}</Page>;
  const first = models.data.find((one) => one.alias === model) ?? mostBehind(models.data);
  if (!first)
    return (
      <Page title={t("drill.title")}>
        <EmptyState
          icon={<Siren size={28} strokeWidth={1.5} />}
          title={t("drill.noModels")}
          actions={
            <ButtonLink to="/p/$project/models" params={{ project: project.id }}>
              {t("models.add")}
            </ButtonLink>
          }
        >
          {t("drill.intro")}
        </EmptyState>
      </Page>
    );
  return (
    <Page title={t("drill.title")}>
      <div className={classes.columns}>
        <Section help={t("drill.intro")}>
          <PlanForm
            key={before.data?.id}
            models={models.data}
            start={before.data ? planOf(before.data.scenario) : emptyPlan(first.alias)}
            onStarted={({ id }) =>
              void navigate({ to: "/p/$project/drill/$drill", params: { project: project.id, drill: id } })
            }
          />
        </Section>
        <EarlierDrills />
      </div>
    </Page>
  );
}

/** The model that has the most deployments to go to: there a drill has the most to show. */
function mostBehind(models: Model[]): Model | undefined {
  const count = (model: Model) => reachable(models, model.alias).length;
  return models.toSorted((a, b) => count(b) - count(a))[0];
}
