// The models of a project: the names callers use, and what stands behind each.
import { Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Boxes, Plus } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { modelsQuery } from "../api/models";
import type { Deployment, Model } from "../api/shapes";
import { DataTable } from "../design/DataTable";
import { ButtonLink } from "../design/links";
import { Page } from "../design/Page";
import { EmptyState, StaleNotice } from "../design/states";
import { TableMenu } from "../design/TableMenu";
import { StatusDot, Tag } from "../design/Tag";
import { type Column, useTableMemory } from "../design/table";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { Health } from "./Health";

export default function ModelsPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const navigate = useNavigate();
  const query = useQuery({ ...modelsQuery(project.id), refetchInterval: 10_000 });
  const columns = useColumns();
  const memory = useTableMemory("models");
  const add = () => void navigate({ to: "/p/$project/models/new", params: { project: project.id } });
  const retry = () => void query.refetch();
  const addButton = (
    <AllowedButton may="edit" leftSection={<Plus size={15} />} onClick={add}>
      {t("models.add")}
    </AllowedButton>
  );
  return (
    <Page
      title={t("models.title")}
      fills
      actions={
        <>
          <TableMenu columns={columns} memory={memory} />
          {addButton}
        </>
      }
    >
      <Text c="dimmed" size="sm" px={16} py={8} bg="var(--md-surface)">
        {t("models.intro")}
      </Text>
      {query.isError && query.data && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
      <DataTable<Model>
        label={t("models.title")}
        columns={columns}
        rows={query.data ?? []}
        rowId={(model) => model.alias}
        memory={memory}
        loading={query.isPending}
        onSelect={(model) =>
          void navigate({
            to: "/p/$project/models/edit/$",
            params: { project: project.id, _splat: model.alias },
          })
        }
        instead={
          query.isError ? (
            <Failure failure={query.error} onRetry={retry} />
          ) : (
            <EmptyState
              icon={<Boxes size={28} strokeWidth={1.5} />}
              title={t("models.empty")}
              actions={
                <>
                  {addButton}
                  <ButtonLink
                    to="/p/$project/credentials"
                    params={{ project: project.id }}
                    search={{ add: true }}
                    variant="default"
                  >
                    {t("credentials.add")}
                  </ButtonLink>
                </>
              }
            >
              {t("models.emptyHelp")} {t("models.needCredential")}
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

function useColumns(): Column<Model>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<Model>[] => [
      {
        id: "alias",
        title: t("models.alias"),
        width: 240,
        cell: (model) => (
          <>
            <strong>{model.alias}</strong>{" "}
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
        width: 130,
        cell: (model) => <Worst deployments={model.deployments} />,
      },
      {
        id: "deployments",
        title: t("models.deployments"),
        width: 380,
        cell: (model) => (
          <Group gap={4} wrap="nowrap">
            {model.deployments.map((deployment) => (
              <Tag key={deployment.name} title={deploymentHint(deployment)}>
                <span style={deployment.enabled ? undefined : { textDecoration: "line-through" }}>
                  {deployment.name}
                </span>
              </Tag>
            ))}
          </Group>
        ),
      },
      {
        id: "fallbacks",
        title: t("models.fallbacks"),
        width: 200,
        cell: (model) => model.fallbacks.join(" → "),
      },
      {
        id: "description",
        title: t("models.description"),
        width: 280,
        cell: (model) => <span title={model.description}>{model.description}</span>,
      },
    ],
    [i18n.language],
  );
}

/** The state of a model is that of its deployments: healthy as long as one of them is. */
function Worst({ deployments }: { deployments: Deployment[] }) {
  const { t } = useTranslation();
  const on = deployments.filter((deployment) => deployment.enabled);
  const cooling = on.filter((deployment) => deployment.health?.state === "cooling");
  if (cooling.length === 0)
    return <Health deployment={on.find((deployment) => deployment.health) ?? on[0]} />;
  return (
    <StatusDot
      tone={cooling.length === on.length ? "error" : "warn"}
      title={cooling.map((one) => one.name).join(", ")}
    >
      {t("models.cooling")} {cooling.length}/{on.length}
    </StatusDot>
  );
}

function deploymentHint(deployment: Deployment): string {
  return [deployment.vendor, deployment.vendor_model, deployment.region].filter(Boolean).join(" · ");
}
