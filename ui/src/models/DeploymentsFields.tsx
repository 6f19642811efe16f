// The deployments of a model in its form: each one's fields, adding and removing.
import { Button, Stack } from "@mantine/core";
import { Plus } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Credential, Model } from "../api/shapes";
import { Section } from "../design/Page";
import { DeploymentFields } from "./DeploymentFields";
import { type DeploymentDraft, newDeployment } from "./deploymentDraft";
import { firstOrder, shareOf } from "./draft";
import type { EditorPart } from "./ModelEditor";

interface DeploymentsFieldsProps extends EditorPart {
  model: Model | null;
  credentials: Credential[];
}

export function DeploymentsFields({ draft, set, errorOf, model, credentials }: DeploymentsFieldsProps) {
  const { t } = useTranslation();
  const made = useRef(1);
  const { deployments } = draft;
  const change = (key: string, values: Partial<DeploymentDraft>) =>
    set({ deployments: deployments.map((one) => (one.key === key ? { ...one, ...values } : one)) });
  const add = () => {
    set({ deployments: [...deployments, newDeployment(`new-${made.current}`, 1)] });
    made.current += 1;
  };
  return (
    <Section
      title={t("models.deployments")}
      help={deployments.length > 1 ? t("models.sharedHelp") : t("models.deploymentsHelp")}
      actions={
        <Button variant="default" size="compact-sm" leftSection={<Plus size={14} />} onClick={add}>
          {t("models.addDeployment")}
        </Button>
      }
    >
      <Stack gap={12}>
        {deployments.map((deployment, at) => (
          <DeploymentFields
            key={deployment.key}
            deployment={deployment}
            shown={model?.deployments.find((one) => one.name === deployment.key)}
            credentials={credentials}
            share={shareOf(draft, deployment)}
            firstOrder={firstOrder(draft)}
            isWeighted={draft.strategy === "weighted"}
            errorOf={(name) => errorOf(`deployments.${at}.${name}`)}
            onChange={(values) => change(deployment.key, values)}
            onRemove={
              deployments.length > 1
                ? () => set({ deployments: deployments.filter((one) => one.key !== deployment.key) })
                : undefined
            }
          />
        ))}
      </Stack>
    </Section>
  );
}
