// One real call from the page: what is asked, and whom.
import { Button, Group, Modal, SegmentedControl, Select, Stack, Text, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTestCall } from "../api/deployments";
import type { Model, TestCallInput } from "../api/shapes";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { TestCallResult } from "./TestCallResult";

interface TestCallDialogProps {
  model: Model;
  /** "" lets the model's routing choose. */
  deployment: string;
  onClose: () => void;
}

export function TestCallDialog({ model, deployment, onClose }: TestCallDialogProps) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const call = useTestCall(project.id, model.alias);
  const [whom, setWhom] = useState(deployment);
  const [prompt, setPrompt] = useState(() => t("test.prompt"));
  const [operation, setOperation] = useState<TestCallInput["operation"]>(() =>
    model.deployments.some((one) => one.vendor_model.includes("embed")) ? "embeddings" : "chat",
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    call.mutate({ deployment: whom || null, prompt: prompt.trim(), operation });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("test.title", { alias: model.alias })}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={620}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Group gap="sm" align="flex-end" grow>
            <Select
              label={t("test.whom")}
              data={[
                { value: "", label: t("test.routing") },
                ...model.deployments
                  .filter((one) => one.enabled)
                  .map((one) => ({ value: one.name, label: one.name })),
              ]}
              value={whom}
              onChange={(chosen) => setWhom(chosen ?? "")}
              allowDeselect={false}
            />
            <SegmentedControl
              aria-label={t("test.operation")}
              data={[
                { value: "chat", label: t("test.chat") },
                { value: "embeddings", label: t("test.embeddings") },
              ]}
              value={operation ?? "chat"}
              onChange={(chosen) => setOperation(chosen as TestCallInput["operation"])}
            />
          </Group>
          <Textarea
            label={t("test.message")}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={4000}
            value={prompt}
            onChange={(event) => setPrompt(event.currentTarget.value)}
            data-autofocus
          />
          <Group justify="space-between" gap="sm" wrap="nowrap">
            <Text size="xs" c="dimmed">
              {t(model.simulated ? "test.free" : "test.costs")}
            </Text>
            <Button type="submit" loading={call.isPending} disabled={!prompt.trim()} style={{ flex: "none" }}>
              {t("test.call")}
            </Button>
          </Group>
        </Stack>
      </form>
      {call.isError && (
        <Text role="alert" c="var(--md-error)" size="sm" mt="sm">
          {wordsOf(call.error)}
        </Text>
      )}
      {call.data && <TestCallResult result={call.data} />}
    </Modal>
  );
}
