// The question before a deployment is taken out of service or put back, saying what will happen to calls.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSetEnabled } from "../api/deployments";
import type { Deployment, Model } from "../api/shapes";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";

interface DrainingProps {
  model: Model;
  deployment: Deployment;
  onClose: () => void;
}

export function Draining({ model, deployment, onClose }: DrainingProps) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const change = useSetEnabled(project.id, model.alias);
  const others = model.deployments.filter((one) => one.enabled && one.name !== deployment.name);
  const what = deployment.enabled ? "out" : "in";
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`drain.${what}Title`, { name: deployment.name })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack gap="md">
        <Text>
          {deployment.enabled
            ? t("drain.outHelp", { others: others.map((one) => one.name).join(", ") || t("common.none") })
            : t("drain.inHelp")}
        </Text>
        {change.isError && (
          <Text role="alert" c="var(--md-error)" size="sm">
            {wordsOf(change.error)}
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            loading={change.isPending}
            data-autofocus
            onClick={() =>
              change.mutate({ name: deployment.name, enabled: !deployment.enabled }, { onSuccess: onClose })
            }
          >
            {t(`drain.${what}`)}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
