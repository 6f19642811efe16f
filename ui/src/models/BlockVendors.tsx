// The project's own choice: which vendors may be asked after another one's content filter refused.
import { Checkbox, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { routingQuery, useAllowVendors } from "../api/routing";
import type { Vendor } from "../api/shapes";
import { VendorMark } from "../calls/VendorMark";
import { FormFoot } from "../design/FormFoot";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { VENDORS } from "./deploymentDraft";

export function BlockVendors({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const routing = useQuery({ ...routingQuery(project.id), refetchOnWindowFocus: false });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("blocks.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={480}
    >
      {routing.isError && <Failure failure={routing.error} onRetry={() => void routing.refetch()} />}
      {routing.data && (
        <VendorsForm allowed={routing.data.policy_block_vendors as Vendor[]} onClose={onClose} />
      )}
    </Modal>
  );
}

function VendorsForm({ allowed, onClose }: { allowed: Vendor[]; onClose: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project, canEdit } = usePlace();
  const [chosen, setChosen] = useState<string[]>(allowed);
  const save = useAllowVendors(project.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(chosen as Vendor[], { onSuccess: onClose });
  };
  return (
    <form onSubmit={submit}>
      <Text c="dimmed" size="sm" mb="md">
        {t("blocks.help")}
      </Text>
      <Checkbox.Group
        value={chosen}
        onChange={setChosen}
        label={t("blocks.label")}
        description={chosen.length === 0 ? t("blocks.none") : t("blocks.some")}
      >
        <Stack gap={8} mt="sm" mb="md">
          {VENDORS.map((vendor) => (
            <Checkbox
              key={vendor}
              value={vendor}
              disabled={!canEdit}
              label={<VendorMark vendor={vendor} named />}
            />
          ))}
        </Stack>
      </Checkbox.Group>
      <FormFoot
        action={t("common.save")}
        busy={save.isPending}
        disabled={!canEdit}
        failed={save.isError ? wordsOf(save.error) : undefined}
        onCancel={onClose}
      />
    </form>
  );
}
