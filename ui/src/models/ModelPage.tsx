// One model: where its calls go, and how its deployments do.
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Pencil, Play } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { modelsQuery } from "../api/models";
import type { Model } from "../api/shapes";
import { ButtonLink } from "../design/links";
import { Page } from "../design/Page";
import { NotFoundState, StaleNotice } from "../design/states";
import { Tag } from "../design/Tag";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { DeploymentsSection } from "./DeploymentsSection";
import { ModelHealth } from "./Health";
import { RouteSection } from "./RouteSection";
import { TestCallDialog } from "./TestCallDialog";

export default function ModelPage() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const wordsOf = useWordsOf();
  const alias = useParams({ strict: false })._splat ?? "";
  const models = useQuery({ ...modelsQuery(project.id), refetchInterval: 10_000 });
  const model = models.data?.find((one) => one.alias === alias);
  const retry = () => void models.refetch();
  if (!models.data || !model)
    return (
      <Page title={alias}>
        {models.isPending && <Text c="dimmed">{t("common.loading")}</Text>}
        {models.isError && !models.data && <Failure failure={models.error} onRetry={retry} />}
        {models.data && <NotFoundState />}
      </Page>
    );
  return (
    <ShownModel
      key={alias}
      model={model}
      models={models.data}
      stale={models.isError && <StaleNotice reason={wordsOf(models.error)} onRetry={retry} />}
    />
  );
}

interface ShownModelProps {
  model: Model;
  models: Model[];
  stale: ReactNode;
}

function ShownModel({ model, models, stale }: ShownModelProps) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const navigate = useNavigate();
  // Null is closed; "" lets the routing choose.
  const [tested, setTested] = useState<string | null>(null);
  const toEditor = () =>
    void navigate({ to: "/p/$project/models/edit/$", params: { project: project.id, _splat: model.alias } });
  return (
    <Page
      title={model.alias}
      beside={
        <>
          <ModelHealth deployments={model.deployments} />
          <Tag>{t(`strategies.${model.routing.strategy}`)}</Tag>
          {model.simulated && (
            <Tag tone="sim" title={t("traces.simulatedHelp")}>
              {t("models.simulated")}
            </Tag>
          )}
        </>
      }
      actions={
        <>
          <ButtonLink
            to="/p/$project/traces"
            params={{ project: project.id }}
            search={{ q: `model:${model.alias}` }}
            variant="default"
          >
            {t("models.seeTraces")}
          </ButtonLink>
          <AllowedButton
            may="edit"
            variant="default"
            leftSection={<Play size={14} />}
            onClick={() => setTested("")}
          >
            {t("test.open")}
          </AllowedButton>
          <AllowedButton may="edit" leftSection={<Pencil size={14} />} onClick={toEditor}>
            {t("common.edit")}
          </AllowedButton>
        </>
      }
    >
      {stale}
      {model.description && (
        <Text c="dimmed" mb="md">
          {model.description}
        </Text>
      )}
      <RouteSection model={model} models={models} />
      <DeploymentsSection model={model} onTest={setTested} />
      {tested !== null && (
        <TestCallDialog model={model} deployment={tested} onClose={() => setTested(null)} />
      )}
    </Page>
  );
}
